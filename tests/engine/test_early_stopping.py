"""A trial that stops early ends where an independent loop over torch.nn says, and nobody beside it notices."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import torch
from cases import Events, dense, never, plan_of, settings, trained, trainer_of
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from test_trainer import torch_net
from torch import nn

from dlbench.engine import checkpoint as checkpoints
from dlbench.engine.batches import DataSplit
from dlbench.engine.trainer import Trainer
from dlbench.plan import Plan

pytestmark = pytest.mark.usefixtures("either_way")

DATA = {"kind": "digits", "limit": 60, "validation": 200}
NORMAL = [{"kind": "flatten"}, {**dense(20, "identity"), "bias": False}, {"kind": "batch_norm"}, dense(12, "relu")]
PLAIN = [{"kind": "flatten"}, dense(20, "relu")]
EVERY, STEPS = 5, 150
RULE = {"metric": "validation_loss", "patience": 3, "min_delta": 0.0}


def own_settings(rule: dict[str, Any] | None = RULE, *, lr: float = 0.03, **options: Any) -> dict[str, Any]:
    """Sixty digits, learned by heart within a hundred steps."""
    chosen = {"layers": PLAIN, "steps": STEPS, "every": EVERY, "batch_size": 20, "points": 10} | options
    found = settings(data=DATA, optimizer={"kind": "adam", "lr": lr}, **chosen)
    found["train"]["early_stopping"] = rule
    return found


def stops(events: Events) -> dict[int, tuple[int, int]]:
    """Position of a stopped trial -> the step at which it was stopped, and its best one."""
    return {event["trial"]: (event["step"], event["best_step"]) for event in events.of("early_stop")}


def curve(events: Events, name: str, trial: int) -> dict[int, float]:
    """One metric of one trial by step."""
    return {event["step"]: float(event[name][trial]) for event in events.of("metrics")}


# --- against an independent loop --------------------------------------------------------------------------------------


def measured(net: nn.Module, split: DataSplit) -> tuple[float, float]:
    """Loss and accuracy with running statistics."""
    net.eval()
    with torch.no_grad():
        logits = net(split.x)
    net.train()
    accuracy = (logits.argmax(dim=1) == split.labels).float().mean()
    return float(nn.functional.cross_entropy(logits, split.labels)), float(accuracy)


def stopped_by_hand(trainer: Trainer, trial: int, rule: dict[str, Any]) -> tuple[int, int, nn.Module]:
    """Goodfellow et al. 2016, algorithm 7.1, on one net of torch.nn: the step it stops at, its best step, and what is kept."""
    net, split = torch_net(trainer, trial), trainer.data.validation
    assert split is not None
    optimizer = torch.optim.Adam(net.parameters(), lr=0.03)
    by_loss = rule["metric"] == "validation_loss"
    best, best_step, kept, waited = float("inf"), 0, deepcopy(net), -1
    for step in range(STEPS + 1):
        if step % EVERY == 0:
            loss, accuracy = measured(net, split)
            score = loss if by_loss else -accuracy
            waited += 1
            if score < best - rule["min_delta"]:
                best, best_step, kept, waited = score, step, deepcopy(net), 0
            if waited == rule["patience"]:
                return step, best_step, kept
        if step < STEPS:
            x, labels = trainer._batches.take(step)
            optimizer.zero_grad()
            nn.functional.cross_entropy(net(x[trial]), labels[trial]).backward()
            optimizer.step()
    return STEPS, best_step, kept


@pytest.mark.parametrize("layers", [PLAIN, NORMAL], ids=["plain", "batch-norm"])
@pytest.mark.parametrize(
    "rule",
    [
        RULE,
        {"metric": "validation_loss", "patience": 2, "min_delta": 0.05},
        {"metric": "validation_accuracy", "patience": 5, "min_delta": 0.0},
        {"metric": "validation_loss", "patience": 1000, "min_delta": 0.0},
    ],
    ids=["loss", "min-delta", "accuracy", "patient"],
)
def test_as_a_loop_over_torch(layers: list[dict[str, Any]], rule: dict[str, Any]) -> None:
    """Every trial of a stack stops at the step, and ends with the test loss, of a plain loop over torch.nn, to 2e-3."""
    plan = plan_of({"a": own_settings(rule, layers=layers)}, seeds=[0, 1, 5])
    trainer, events = trainer_of(plan)
    expected = [stopped_by_hand(trainer, trial, rule) for trial in range(3)]
    trainer.train(never)

    assert [stops(events)[trial] for trial in range(3)] == [(step, best) for step, best, _ in expected]
    last = events.of("metrics")[-1]
    for trial, (_, _, kept) in enumerate(expected):
        assert last["test_loss"][trial] == pytest.approx(measured(kept, trainer.data.test)[0], abs=2e-3)


def test_weights_and_metrics_are_those_of_the_best_evaluation() -> None:
    """A stopped trial repeats its best evaluation bit for bit from the stop on, weights too, while others train on."""
    plan = plan_of({"a": own_settings(layers=NORMAL), "b": own_settings(None, layers=NORMAL)}, seeds=[0, 1, 2])
    stack = [(plan.trials[i].variant, plan.trials[i].seed) for i in plan.stacks[0].trials]
    rows: dict[int, torch.Tensor] = {}
    trainer, events = trainer_of(plan)

    def watching(now: Trainer) -> bool:
        rows.setdefault(now.step, now.tensors.weights.clone())
        now.pausing.until = now.step + 1
        return False

    trainer.train(watching)
    assert len(plan.stacks) == 1
    found = stops(events)
    assert {stack[trial][0] for trial in found} == {"a"}
    assert len({step for step, _ in found.values()}) > 1
    for trial, (step, best) in found.items():
        assert step < STEPS
        assert torch.equal(trainer.tensors.weights[trial], rows[best][trial])
        for name in ("train_loss", "validation_loss", "test_loss", "test_accuracy", "batch_loss"):
            values = curve(events, name, trial)
            assert {value for at, value in values.items() if at >= step} == {values[best]}


def test_a_trial_stops_alone_as_in_company() -> None:
    """Alone and among others, with its own patience, a trial stops at the same steps and with the same numbers, to 1e-5."""
    variants = {str(patience): own_settings({**RULE, "patience": patience}) for patience in (2, 4)}
    plan = plan_of(variants, seeds=[0, 3])
    _, together = trained(plan)

    assert len(plan.stacks) == 1
    for position, index in enumerate(plan.stacks[0].trials):
        trial = plan.trials[index]
        _, alone = trained(plan_of({"a": variants[trial.variant]}, seeds=[trial.seed]))
        assert stops(alone)[0] == stops(together)[position]
        for name in ("test_loss", "batch_loss"):
            last = [events.of("metrics")[-1][name] for events in (alone, together)]
            assert last[0][0] == pytest.approx(last[1][position], abs=1e-5)


def test_neighbours_do_not_notice() -> None:
    """A trial without a rule ends with the same bits, whether others of its stack are stopped or not."""
    finals = []
    for rule in (RULE, None):
        plan = plan_of({"a": own_settings(rule), "b": own_settings(None, lr=0.01)}, seeds=[0, 1])
        trainer, events = trained(plan)
        rows = [row for row, index in enumerate(plan.stacks[0].trials) if plan.trials[index].variant == "b"]
        finals.append(trainer.tensors.weights[rows])
        assert bool(stops(events)) == (rule is not None)

    assert torch.equal(*finals)


# --- ends -------------------------------------------------------------------------------------------------------------


def test_the_stack_ends_with_the_last_that_trains() -> None:
    """When all are stopped, have diverged or were dropped, nobody trains on, and the end counts as reached."""
    plan = plan_of({"a": own_settings(), "wild": own_settings(None, lr=1e30)}, seeds=[0, 1])
    order = [plan.trials[index].variant for index in plan.stacks[0].trials]
    trainer, events = trainer_of(plan)
    finished = trainer.train(lambda now: bool(now.end_trials([order.index("wild")])))
    found = stops(events)

    assert finished
    assert {order[event["trial"]] for event in events.of("diverged")} == {"wild"}
    assert sorted(order[trial] for trial in found) == ["a", "a"]
    assert trainer.step == max(step for step, _ in found.values()) < STEPS


def test_patience_that_outlasts_the_training_ends_at_its_best_too() -> None:
    """At the last step every trial with a rule is put back to its best evaluation, and told of."""
    trainer, events = trained(plan_of({"a": own_settings({**RULE, "patience": 1000})}))
    (stop,) = events.of("early_stop")
    losses = curve(events, "validation_loss", 0)

    assert (trainer.step, stop["step"]) == (STEPS, STEPS)
    assert losses[STEPS] == losses[stop["best_step"]] == min(losses.values())


def test_a_stopped_trial_is_measured_no_more() -> None:
    """From the step on at which a trial is stopped, probes have no numbers of it; those of its neighbour go on."""
    plan = plan_of({"a": own_settings(points=50), "b": own_settings(None, points=50)})
    _, events = trained(plan)
    ((trial, (step, _)),) = stops(events).items()
    for event in events.of("probe"):
        assert (event["gradient_norm"][trial] > 0).all() == (event["step"] < step)
        assert (event["gradient_norm"][1 - trial] > 0).all()


def test_dropping_a_stopped_trial_changes_nothing() -> None:
    """What has stopped has its numbers: to drop it afterwards takes none of them away."""
    plan = plan_of({"a": own_settings(), "b": own_settings(None)})
    trainer, events = trainer_of(plan)

    def dropping(now: Trainer) -> bool:
        now.end_trials(now.stopped.nonzero()[0].tolist())
        return False

    trainer.train(dropping)
    (trial,) = stops(events)
    assert not trainer.dropped.any()
    assert curve(events, "test_loss", trial)[STEPS] > 0


# --- broken off -------------------------------------------------------------------------------------------------------

PLAN: Plan = plan_of(
    {"a": own_settings(layers=[*NORMAL, {"kind": "dropout", "keep": 0.8, "rate": None}], steps=90)}, seeds=[0, 1, 2]
)


@pytest.fixture(scope="module")
def undisturbed(either_way: str) -> tuple[Trainer, Events]:
    """A training that nobody broke off."""
    return trained(PLAN)


@hypothesis_settings(max_examples=10)
@given(breaks=st.lists(st.integers(0, 89), min_size=1, max_size=3))
def test_broken_off_anywhere_it_ends_the_same(
    breaks: list[int], undisturbed: tuple[Trainer, Events], tmp_path: Path
) -> None:
    """Saved and resumed at any steps, the same trials stop at the same steps, with the same weights and metrics, bit for bit."""
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

    assert stops(together) == stops(told)
    assert trainer.step == expected.step
    assert torch.equal(trainer.tensors.weights, expected.tensors.weights)
    for trial in range(3):
        assert curve(together, "test_loss", trial) == curve(told, "test_loss", trial)
