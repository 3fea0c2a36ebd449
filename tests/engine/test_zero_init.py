"""The exact statements about weights that all start alike."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from cases import dense, plan_of, settings, trained

ZEROS = {"kind": "zeros"}
OPTIMIZERS = [
    {"kind": "sgd", "lr": 0.5},
    {"kind": "momentum", "lr": 0.1, "momentum": 0.9},
    {"kind": "adam", "lr": 0.01},
]


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda own: own["kind"])
@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_zeros_never_move_where_the_activation_of_zero_is_zero(activation: str, optimizer: dict[str, Any]) -> None:
    """From zero weights, tanh and ReLU nets keep every weight and hidden bias at exactly 0: only the output's bias learns."""
    own = settings(
        [dense(5, activation, init=ZEROS), dense(4, activation, init=ZEROS)], init=ZEROS, optimizer=optimizer
    )
    own["data"] = {"kind": "blobs", "centers": 3, "samples": 31}
    trainer, _ = trained(plan_of({"a": own}, seeds=[0, 1]))
    slots = {slot.name: slot for slot in trainer._update._groups[0][0].slots}
    moved = {name for name, slot in slots.items() if slot.of(trainer.tensors.weights).abs().max() > 0}

    assert moved == {"output.bias"}
    assert len(slots) == 6


def test_zeros_on_xor_stay_at_guessing() -> None:
    """On balanced classes not even the output's bias has a gradient: the loss is ln 2 at every evaluation."""
    _, events = trained(plan_of({"a": settings([dense(5, init=ZEROS)], init=ZEROS, steps=200)}))
    losses = [event["train_loss"][0] for event in events.of("metrics")]

    assert losses == pytest.approx([math.log(2)] * len(losses), abs=1e-7)


def test_zeros_under_sigmoids_move_but_stay_alike() -> None:
    """A sigmoid of 0 is 1/2, so the output learns, but all units of a layer stay equal (to 1e-6): the net is one unit wide."""
    own = settings([dense(5, "sigmoid", init=ZEROS)], init=ZEROS, steps=200)
    own["data"] = {"kind": "blobs", "centers": 2, "samples": 30}
    trainer, _ = trained(plan_of({"a": own}))
    weights = {slot.name: slot.of(trainer.tensors.weights)[0] for slot in trainer._update._groups[0][0].slots}
    columns = weights["dense1.weight"]

    assert columns.abs().max() > 1e-3
    torch.testing.assert_close(columns, columns[:, :1].expand_as(columns), rtol=0, atol=1e-6)
    torch.testing.assert_close(weights["output.weight"], weights["output.weight"][:1].expand(5, 1), rtol=0, atol=1e-6)
