"""A training that is broken off goes on as if nothing had happened."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from cases import Events, dense, plan_of, settings, trained, trainer_of
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from dlbench.engine import checkpoint as checkpoints

pytestmark = pytest.mark.usefixtures("either_way")

LAYERS = [
    {"kind": "flatten"},
    dense(10, "relu"),
    {"kind": "batch_norm"},
    {"kind": "dropout", "keep": 0.7, "rate": None},
]
PLAN = plan_of(
    {"a": settings(LAYERS, data="digits", batch_size=100, steps=40, optimizer={"kind": "adam", "lr": 0.01}, every=7)},
    seeds=[0, 1, 2],
)


def curves(events: Events) -> dict[int, list[float]]:
    """Losses of every evaluation by step; a later record of the same step stands."""
    return {e["step"]: [*e["train_loss"].tolist(), *e["batch_loss"].tolist()] for e in events.of("metrics")}


@pytest.fixture(scope="module")
def undisturbed(either_way: str) -> tuple[torch.Tensor, dict[int, list[float]]]:
    """The final weights and curves of a training nobody broke off."""
    trainer, events = trained(PLAN)
    return trainer.tensors.weights, curves(events)


@hypothesis_settings(max_examples=12)
@given(stops=st.lists(st.integers(1, 39), min_size=1, max_size=3))
def test_resumed_from_checkpoints_with_the_same_bits(
    stops: list[int], undisturbed: tuple[torch.Tensor, dict[int, list[float]]], tmp_path: Path
) -> None:
    """Stopped and resumed from a file at any steps, with dropout, batch norm and Adam, the weights end bit-identical."""
    weights, expected = undisturbed
    path = tmp_path / "stack-0.pt"
    path.unlink(missing_ok=True)
    told: dict[int, list[float]] = {}
    for stop in [*sorted(stops), 10**9]:
        trainer, events = trainer_of(PLAN)
        trainer.restore(path)
        trainer.train(lambda now, stop=stop: now.step >= stop)
        checkpoints.save(trainer.checkpoint(), path)
        told |= {step: values for step, values in curves(events).items() if step not in told}

    assert torch.equal(trainer.tensors.weights, weights)
    assert torch.equal(torch.tensor(list(told.values())[1:]), torch.tensor(list(expected.values())[1:]))
    assert list(told) == list(expected)


def test_no_checkpoint_is_a_start_from_the_beginning(tmp_path: Path) -> None:
    """Restoring from a file that is not there leaves the trainer at step 0."""
    trainer, _ = trainer_of(PLAN)
    trainer.restore(tmp_path / "none.pt")

    assert trainer.step == 0


def test_checkpoints_load_without_pickles_powers(tmp_path: Path) -> None:
    """A checkpoint holds tensors and plain data only: torch reads it with `weights_only`."""
    trainer, _ = trained(PLAN)
    checkpoints.save(trainer.checkpoint(), tmp_path / "stack-0.pt")

    assert torch.load(tmp_path / "stack-0.pt", weights_only=True)["step"] == 40
    assert [path.name for path in tmp_path.iterdir()] == ["stack-0.pt"]
