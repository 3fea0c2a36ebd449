"""What is pictured of a stack: what its first layer looks for, and what comes back of images through a chain of coders."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from dlbench.engine.filter_snapshots import FILTERS, SAMPLES, LayerPictures, shown
from dlbench.parts.outline import Block, slots_of
from dlbench.parts.pretraining.coder import Coder, decoded, encoded

IMAGE = 3
"""Axes of an image: channels, height, width."""

TRANSPARENT = ("flatten", "dropout")
"""Layers through which one sees the image: they own nothing and mix nothing."""


def first_filters(blocks: Sequence[Block], rows: Tensor, shape: Sequence[int]) -> LayerPictures | None:
    """What the first layer of a net that has weights looks for in images of a `shape`; `None` where these are no images.

    `rows` are the weights of the stack, `[trials, parameters]`. Only a dense or convolutional layer that sees the image itself
    can be pictured.
    """
    first = next((block for block in blocks if block.settings["kind"] not in TRANSPARENT), None)
    if first is None or len(shape) != IMAGE or first.settings["kind"] not in {"dense", "conv"}:
        return None
    weight = next(slot for slot in slots_of(blocks) if slot.name == f"{first.name}.weight").of(rows)
    if first.settings["kind"] == "dense":
        return LayerPictures(first.name, {"filters": dense_filters(weight, shape)})
    return LayerPictures(first.name, {"filters": weight[:, : shown(len(weight), weight.shape[2:], FILTERS)]})


def dense_filters(weight: Tensor, shape: Sequence[int]) -> Tensor:
    """What the first units of a dense layer, `[trials, fan_in, units]`, look for in images of a shape."""
    images = weight[:, :, : shown(len(weight), shape, FILTERS)].mT
    return images.reshape(*images.shape[:2], *shape)


def through(coders: Sequence[Coder], samples: Tensor, trials: int) -> dict[str, Tensor]:
    """Images `[samples, channels, height, width]`, and what comes back of them through a chain of coders, up and down."""
    inputs = samples[: shown(trials, samples.shape[1:], SAMPLES)]
    flat = inputs.flatten(1).expand(trials, -1, -1)
    back = decoded(coders, encoded(coders, flat))
    return {"inputs": inputs.expand(trials, *inputs.shape), "reconstructions": back.view(trials, *inputs.shape)}
