"""How often clipping binds is counted exactly, whoever trains beside it, and costs no bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from cases import Events, dense, in_way, plan_of, settings, trained, trainer_of

from dlbench.engine import checkpoint as checkpoints
from dlbench.engine.trainer import Trainer

pytestmark = pytest.mark.usefixtures("either_way")

STEPS, EVERY = 60, 7
NORM, VALUE = {"kind": "clip_norm", "norm": 1.0}, {"kind": "clip_value", "value": 0.25}
L2 = {"kind": "l2", "strength": 0.01}


def own_settings(*regularizers: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Digits whose gradients come down through the bounds, so that clipping binds in some steps only."""
    chosen = {"batch_size": 20, "steps": STEPS, "every": EVERY, "points": 4} | changes
    data = {"kind": "digits", "limit": 100}
    return settings([{"kind": "flatten"}, dense(9, "relu")], data=data, regularizers=regularizers, **chosen)


def counted(plan: Any, beyond: Any) -> tuple[np.ndarray, Events]:
    """For each evaluation the share of steps whose gradient, as it came out of the net, is beyond a bound; and the events."""
    trainer, _ = trainer_of(in_way(plan, "torch"))
    marks: list[np.ndarray] = []
    inner = trainer.ways.steps._gradients

    def noting(step: int, *taps: Any) -> torch.Tensor:
        losses = inner(step, *taps)
        marks.append(beyond(trainer.tensors.gradient.double().numpy()))
        return losses

    trainer.ways.steps._gradients = noting  # type: ignore[method-assign]
    trainer.train(lambda _: False)
    _, events = trained(plan)
    steps = [event["step"] for event in events.of("metrics")]
    return np.array([np.mean(marks[:step], axis=0) if step else np.nan * marks[0] for step in steps]), events


def told(events: Events) -> np.ndarray:
    """What the events say, `[evaluations, trials]`."""
    return np.array([event["clipped_fraction"] for event in events.of("metrics")])


@pytest.mark.parametrize(
    ("regularizer", "beyond"),
    [
        (NORM, lambda rows: np.sqrt((rows**2).sum(axis=1)) > NORM["norm"]),
        (VALUE, lambda rows: np.abs(rows).max(axis=1) > VALUE["value"]),
    ],
    ids=["norm", "value"],
)
def test_the_share_is_that_of_the_gradients_beyond_the_bound(regularizer: dict[str, Any], beyond: Any) -> None:
    """At every evaluation, of every trial: the steps so far whose gradient was beyond the bound, over the steps so far."""
    shares, events = counted(plan_of({"a": own_settings(regularizer)}, seeds=[0, 1, 2]), beyond)

    np.testing.assert_allclose(told(events), shares, rtol=1e-6)
    assert shares[-1].min() > 0.05
    assert shares[-1].max() < 0.95
    assert len(set(shares[-1].tolist())) > 1


def test_two_that_clip_count_a_step_once() -> None:
    """Where both cut in one step it is one step; what one of them has left alone, the other may still cut."""

    def beyond(rows: np.ndarray) -> np.ndarray:
        clipped = np.clip(rows, -VALUE["value"], VALUE["value"])
        return (np.abs(rows).max(axis=1) > VALUE["value"]) | (np.sqrt((clipped**2).sum(axis=1)) > 0.9)

    shares, events = counted(plan_of({"a": own_settings(VALUE, {"kind": "clip_norm", "norm": 0.9})}), beyond)
    np.testing.assert_allclose(told(events), shares, rtol=1e-6)
    assert shares[-1] < 1


@pytest.mark.parametrize(
    "regularizers", [[], [L2], [{"kind": "max_norm", "norm": 0.5}]], ids=["none", "l2", "max_norm"]
)
def test_where_nothing_clips_there_is_no_share(regularizers: list[dict[str, Any]]) -> None:
    """Without a clipping of the gradient nothing is told, not even zeros."""
    _, events = trained(plan_of({"a": own_settings(*regularizers)}))
    assert {event["clipped_fraction"] for event in events.of("metrics")} == {None}


def test_the_count_survives_a_break(tmp_path: Path) -> None:
    """Saved in the middle and resumed, the shares are what they are without a break."""
    plan = plan_of({"a": own_settings(NORM)}, seeds=[0, 1])
    _, whole = trained(plan)
    path, together = tmp_path / "stack-0.pt", Events()
    for until in (STEPS // 3, 2 * STEPS // 3, STEPS):
        trainer, events = trainer_of(plan)
        trainer.restore(path)
        trainer.train(lambda now, until=until: now.step >= until)
        checkpoints.save(trainer.checkpoint(), path)
        together += events
    steps = {event["step"]: event["clipped_fraction"].tolist() for event in together.of("metrics")}

    assert steps[STEPS] == told(whole)[-1].tolist()


def test_counting_waits_for_the_device_at_evaluations_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two evaluations nothing of the count is copied to the host."""
    trainer, events = trainer_of(plan_of({"a": own_settings(NORM)}))
    asked: list[int] = []
    inner = trainer._update.facts

    def noting(steps: int) -> Any:
        asked.append(steps)
        return inner(steps)

    monkeypatch.setattr(trainer._update, "facts", noting)
    monkeypatch.setattr(torch.Tensor, "item", _forbidden)
    monkeypatch.setattr(torch.Tensor, "__bool__", _forbidden)
    _steps_alone(trainer, 5)
    assert asked == []
    assert not events


def _steps_alone(trainer: Trainer, steps: int) -> None:
    for step in range(steps):
        trainer.ways.steps.take(step, 1)[0]


def _forbidden(tensor: torch.Tensor) -> Any:
    raise AssertionError(f"a step reads {tensor.shape} on the host")
