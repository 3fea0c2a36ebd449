"""Which layers can be pictured, and how much of them."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from cases import dense, plan_of, settings, trainer_of

from dlbench.engine.filter_snapshots import FILTERS, LARGEST, shown
from dlbench.engine.stack_pictures import first_filters

FLAT = {"kind": "flatten"}
CONV = {
    "kind": "conv",
    "channels": 6,
    "kernel": 3,
    "stride": 1,
    "padding": "same",
    "repeat": 1,
    "activation": {"kind": "relu"},
    "init": {"kind": "he", "distribution": "normal"},
    "bias": True,
    "bias_init": {"kind": "zeros"},
}


def pictured(layers: list[dict[str, Any]], data: str = "digits") -> tuple[str, tuple[int, ...]] | None:
    """The first layer of a net of two seeds and the shape of its pictures."""
    trainer, _ = trainer_of(plan_of({"a": settings(layers, data=data, batch_size=100, steps=1)}, seeds=[0, 1]))
    found = first_filters(trainer.blocks, trainer.tensors.weights, trainer.data.test.x.shape[1:])
    return None if found is None else (found.layer, tuple(found.images["filters"].shape))


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ([FLAT, dense(9)], ("dense1", (2, 9, 1, 8, 8))),
        ([FLAT, {"kind": "dropout", "keep": 0.5, "rate": None}, dense(100)], ("dense1", (2, FILTERS, 1, 8, 8))),
        ([FLAT], ("output", (2, 10, 1, 8, 8))),
        ([CONV, FLAT, dense(5)], ("conv1", (2, 6, 1, 3, 3))),
        ([FLAT, {"kind": "batch_norm"}, dense(9)], None),
    ],
    ids=["dense", "dropout", "softmax", "conv", "norm"],
)
def test_the_first_layer_that_sees_the_image(layers: list[dict[str, Any]], expected: object) -> None:
    """A dense layer on the image itself has its weights as images; behind what mixes or scales pixels there are none."""
    assert pictured(layers) == expected


def test_points_are_no_images() -> None:
    """Weights of points of a plane are no pictures."""
    assert pictured([dense(4)], data="xor") is None


def test_filters_are_columns_of_the_weight() -> None:
    """The picture of a unit is the column of the weights that lead to it, pixel by pixel."""
    trainer, _ = trainer_of(plan_of({"a": settings([FLAT, dense(9)], data="digits", steps=1)}))
    found = first_filters(trainer.blocks, trainer.tensors.weights, (1, 8, 8))
    weight = trainer.tensors.weights[0, : 64 * 9].view(64, 9)

    assert torch.equal(found.images["filters"][0, 4].flatten(), weight[:, 4])


@pytest.mark.parametrize(("trials", "count"), [(1, 64), (50, 64), (1000, LARGEST // (1000 * 784)), (10**6, 1)])
def test_of_many_trials_less_is_shown(trials: int, count: int) -> None:
    """However many trials a stack has, the file stays of a size, and each has one picture at least."""
    assert shown(trials, (1, 28, 28), 64) == count
