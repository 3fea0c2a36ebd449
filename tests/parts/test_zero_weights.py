"""Weights that are all zero: what never learns, exactly."""

from __future__ import annotations

import pytest
import torch
from cases import ZEROS, dense, plan_of, settings, trained

from dlbench.parts.outline import slots_of

UNEVEN = {"kind": "xor", "copies": 2, "noise": 0.3, "label_noise": 0.125, "seed": 1}
"""XOR with more of one class than of the other, so that zero weights do move."""


@pytest.mark.parametrize("activation", ["sigmoid", "relu", "tanh"])
def test_zero_weights_on_a_balanced_batch_never_learn(activation: str) -> None:
    """With all weights zero, every gradient on XOR is exactly 0 and the loss is ln 2 for ever."""
    layers = [dense(4, activation, init=ZEROS), dense(3, activation, init=ZEROS)]
    trainer, events = trained(plan_of({"a": settings(layers, init=ZEROS, steps=20)}))

    assert torch.count_nonzero(trainer.tensors.gradient) == 0
    assert torch.count_nonzero(trainer.tensors.weights) == 0
    losses = [float(event["train_loss"][0]) for event in events.of("metrics")]
    assert losses == pytest.approx([0.6931471805599453] * len(losses), abs=1e-7)


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_zero_weights_train_the_output_bias_only(activation: str) -> None:
    """With ReLU or tanh and zero weights, on an unbalanced batch nothing but the output's bias ever moves."""
    layers = [{"kind": "flatten"}, dense(6, activation, init=ZEROS), dense(5, activation, init=ZEROS)]
    own = settings(layers, data="digits", init=ZEROS, steps=30, batch_size=64)
    trainer, _ = trained(plan_of({"a": own}))
    moved = {slot.name for slot in slots_of(trainer.blocks) if torch.count_nonzero(slot.of(trainer.tensors.weights))}

    assert moved == {"output.bias"}


def test_zero_weights_keep_sigmoid_units_identical() -> None:
    """With sigmoid and zero weights the units of a layer stay bit-identical, however long they train.

    Exactly so for whole vector registers in small products, as here. Otherwise a matrix library or a vectorized sum may take
    the terms of one unit in another order than its neighbour's, so that they part in the last digit.
    """
    layers = [dense(16, "sigmoid", init=ZEROS)]
    trainer, _ = trained(plan_of({"a": settings(layers, data=UNEVEN, init=ZEROS, steps=500)}))
    for slot in slots_of(trainer.blocks):
        weight = slot.of(trainer.tensors.weights)[0]
        if slot.name.startswith("dense"):
            assert torch.count_nonzero(weight), slot.name
            assert torch.equal(weight, weight[..., :1].expand_as(weight)), slot.name
