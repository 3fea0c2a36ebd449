"""A rate that falls on plateaus is, in every trial, what torch's own class makes of that trial's evaluations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from cases import Events, dense, plan_of, settings, trained, trainer_of
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from part_examples import example
from torch.optim.lr_scheduler import ReduceLROnPlateau

from dlbench.engine import checkpoint as checkpoints
from dlbench.engine.commands import Command
from dlbench.engine.trainer import Trainer

pytestmark = pytest.mark.usefixtures("either_way")

STEPS, EVERY, LR = 90, 3, 0.03
LAYERS = [{"kind": "flatten"}, dense(12, "relu"), {"kind": "dropout", "keep": 0.8, "rate": None}]


def own_settings(stopping: dict[str, Any] | None = None, **arguments: Any) -> dict[str, Any]:
    """Sixty digits, learned by heart, so that the validation loss turns up: seeds reach their plateaus at other times."""
    data = {"kind": "digits", "limit": 60, "validation": 100}
    found = settings(
        LAYERS, data=data, optimizer={"kind": "adam", "lr": LR}, steps=STEPS, every=EVERY, batch_size=20, points=5
    )
    chosen = {"patience": 1, "factor": 0.5, "cooldown": 1, "threshold": 0.1, "min_lr": 0.002} | arguments
    found["train"]["schedule"] = example("schedules", "reduce_on_plateau", **chosen)
    found["train"]["early_stopping"] = stopping
    return found


def curve(events: Events, name: str, trial: int) -> dict[int, float]:
    """One metric of one trial by step; a later record of the same step stands."""
    return {event["step"]: float(event[name][trial]) for event in events.of("metrics")}


def by_torch(losses: dict[int, float], lr: float = LR) -> list[float]:
    """The learning rate of the last step before each evaluation, by torch's class."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=lr)
    scheduler = ReduceLROnPlateau(optimizer, factor=0.5, patience=1, cooldown=1, threshold=0.1, min_lr=0.002)
    rates = []
    for loss in losses.values():
        rates.append(optimizer.param_groups[0]["lr"])
        scheduler.step(loss)
    return rates


@pytest.fixture(scope="module")
def undisturbed(either_way: str) -> tuple[Trainer, Events]:
    """Three seeds that nobody disturbed."""
    return trained(PLAN)


PLAN = plan_of({"a": own_settings()}, seeds=[0, 1, 2])


def test_every_trial_has_the_rates_of_torch(undisturbed: tuple[Trainer, Events]) -> None:
    """What is told of the learning rate is torch's, trial by trial, and the trials of a stack do not agree."""
    _, events = undisturbed
    rates = [list(curve(events, "learning_rate", trial).values()) for trial in range(3)]
    for trial in range(3):
        assert rates[trial] == pytest.approx(by_torch(curve(events, "validation_loss", trial)), rel=1e-6)
        assert rates[trial][-1] < LR / 4
    assert len({tuple(own) for own in rates}) == 3


def test_the_step_is_taken_with_the_rate_that_is_told() -> None:
    """Plain descent moves the weights by the told rate times the gradient, before a reduction and after it."""
    own = own_settings(threshold=0.5, patience=0, cooldown=0)  # every evaluation but the first reduces
    own["train"]["optimizer"] = {"kind": "sgd", "lr": LR}
    trainer, events = trainer_of(plan_of({"a": own}))
    moved = []

    def watching(now: Trainer) -> bool:
        now.pausing.until = now.step + 1
        before = now.tensors.weights.clone()
        gradient = now.ways.steps.probed(now.step).gradient
        rate = (before - now.tensors.weights).norm() / gradient.norm()
        moved.append(float(rate))
        now.tensors.weights.copy_(before)
        return False

    trainer.train(watching)
    told = curve(events, "learning_rate", 0)
    assert moved == pytest.approx([told[step + EVERY - step % EVERY] for step in range(STEPS)], rel=1e-3)
    assert len(set(told.values())) > 3


@hypothesis_settings(max_examples=5)
@given(breaks=st.lists(st.integers(0, STEPS - 1), min_size=1, max_size=3))
def test_broken_off_anywhere_it_ends_the_same(
    breaks: list[int], undisturbed: tuple[Trainer, Events], tmp_path: Path
) -> None:
    """Saved and resumed at any steps, every rate, loss and weight is the same, bit for bit."""
    path = tmp_path / "stack-0.pt"
    path.unlink(missing_ok=True)
    together = Events()
    for step in [*sorted(breaks), 10**9]:
        trainer, events = trainer_of(PLAN)
        trainer.restore(path)
        trainer.train(lambda now, step=step: now.step >= step)
        checkpoints.save(trainer.checkpoint(), path)
        together += events
    expected, told = undisturbed

    assert torch.equal(trainer.tensors.weights, expected.tensors.weights)
    for trial in range(3):
        for name in ("learning_rate", "test_loss"):
            assert curve(together, name, trial) == curve(told, name, trial)


def test_a_rate_set_by_hand_goes_on_being_scaled() -> None:
    """What evaluations have made of the rate stays a factor on the one that is set by hand."""
    trainer, events = trainer_of(PLAN)
    trainer.train(lambda now: now.step >= STEPS // 2)
    before = {trial: rate for trial in range(3) for rate in [list(curve(events, "learning_rate", trial).values())[-1]]}
    trainer.apply(Command("x", "set_lr", {"trials": [1], "lr": 10 * LR}))
    facts = trainer._update.facts(trainer.step)["learning_rate"]

    assert before[1] < LR
    assert facts is not None
    np.testing.assert_allclose(facts, [before[0], 10 * before[1], before[2]], rtol=1e-6)


def test_who_has_stopped_early_keeps_its_rate() -> None:
    """Beside early stopping: the rate of a stopped trial is that of its best evaluation, the others' go on falling."""
    rule = {"metric": "validation_loss", "patience": 3, "min_delta": 0.05}
    plan = plan_of({"a": own_settings(rule, min_lr=0.0), "b": own_settings(min_lr=0.0)})
    _, events = trained(plan)
    (stop,) = events.of("early_stop")
    stopped, other = (curve(events, "learning_rate", trial) for trial in (stop["trial"], 1 - stop["trial"]))

    assert {rate for step, rate in stopped.items() if step >= stop["step"]} == {stopped[stop["best_step"]]}
    assert other[STEPS] < other[stop["step"]]
