"""The net on paper: names, paths to what does not fit, and which nets of a seed start from the same draw."""

from __future__ import annotations

import pytest
import torch
from cases import dense, plan_of, settings, trainer_of

from dlbench.parts import make
from dlbench.parts.layers.base import ShapeError
from dlbench.parts.outline import LayerError, outline


def test_dense_on_images_says_what_to_do() -> None:
    """A dense layer on images is an error that names the layer, the shape and the remedy, with its index."""
    with pytest.raises(LayerError, match=r"'dense' takes features, but gets \(1, 8, 8\); put .*flatten") as caught:
        outline(settings([dense(4)])["model"], (1, 8, 8), 10)
    assert caught.value.path == ("layers", 0)
    with pytest.raises(ShapeError):
        make("layers", {"kind": "dense", "units": 2}).output((1, 2, 2))


def test_names_count_layers_of_a_kind() -> None:
    """Dropout between dense layers does not change their names, and so not their random streams."""
    drop = {"kind": "dropout", "keep": 0.5, "rate": None}
    model = settings([dense(4), drop, dense(3), drop, dense(2, repeat=2)])["model"]

    assert [block.name for block in outline(model, (2,), 1)] == [
        "dense1", "dropout1", "dense2", "dropout2", "dense3", "dense4", "output",
    ]  # fmt: skip


def test_variants_with_a_seed_are_paired() -> None:
    """Xavier and He of one seed start from one draw, and see the same batches: they differ by a factor, exactly."""
    normal = {"kind": "xavier", "distribution": "normal", "fan": "in"}
    he = {"kind": "he", "distribution": "normal"}
    drop = {"kind": "dropout", "keep": 0.5, "rate": None}
    plain = settings([{"kind": "flatten"}, dense(6, init=normal)], data="digits", batch_size=50, init=normal)
    other = settings([{"kind": "flatten"}, dense(6, init=he), drop], data="digits", batch_size=50, init=he)
    first, second = (trainer_of(plan_of({"a": own}, seeds=[3]))[0] for own in (plain, other))

    torch.testing.assert_close(second.tensors.weights, first.tensors.weights * 2**0.5, rtol=1e-6, atol=0)
    assert torch.equal(first._batches.take(17)[0], second._batches.take(17)[0])
