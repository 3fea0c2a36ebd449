"""Pictures of what layers look for and what they give back, in files beside the events, with an event each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from dlbench.engine.stack_metrics import Sink
from dlbench.parts.outline import Block, slots_of
from dlbench.parts.pretraining.coder import Coder, decoded, encoded
from dlbench.run.atomic import replacing, writing
from dlbench.run.folder import RunFolder

FILTERS, SAMPLES = 64, 16
"""Units, and samples, that are shown of a layer at most."""

LARGEST = 1 << 22
"""Numbers of one kind in one file (8 MiB): of a wide stack fewer units and samples are shown."""

IMAGE = 3
"""Axes of an image: channels, height, width."""

TRANSPARENT = ("flatten", "dropout")
"""Layers through which one sees the image: they own nothing and mix nothing."""


class FilterSnapshots:
    """Writes the pictures of a run's stacks into its folder; `write` tells of each once it is there.

    A file `.npz` has float16 arrays with a row a trial, in the order of the stack: `filters` `[trials, units, (channels,) height,
    width]`, `inputs` and `reconstructions` `[trials, samples, (channels,) height, width]`. Images of one channel lack that axis.
    """

    def __init__(self, folder: RunFolder, write: Sink) -> None:
        self._folder, self._write = folder, write

    def write(self, stack: int, step: int, phase: str, pictured: LayerPictures | None) -> None:
        """Write the pictures of a layer, if there are any; `step` counts the steps of the `phase`."""
        if pictured is None:
            return
        path = self._folder.pictures(stack) / f"{phase}-{pictured.layer.replace('/', '_')}-{step}.npz"
        arrays: dict[str, Any] = {name: _kept(tensor) for name, tensor in pictured.images.items()}
        with writing(path):
            # Not with all its parents: where the run's folder has gone, there is to be no other in its place.
            for folder in (path.parent.parent, path.parent):
                folder.mkdir(exist_ok=True)
            with replacing(path) as file:
                np.savez_compressed(file, **arrays)
        place = path.relative_to(self._folder.path).as_posix()
        self._write("pictures", stack=stack, layer=pictured.layer, step=step, phase=phase, file=place)


@dataclass(frozen=True)
class LayerPictures:
    """Pictures of a layer by their names, `[trials, count, channels, height, width]` each."""

    layer: str
    images: Mapping[str, Tensor]


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


def shown(trials: int, shape: Sequence[int], most: int) -> int:
    """How many images of a `shape` are shown of each of so many trials, `most` at most."""
    return max(1, min(most, LARGEST // (trials * prod(shape))))


def _kept(images: Tensor) -> NDArray[np.float16]:
    if images.shape[2] == 1:
        images = images.squeeze(2)
    return images.half().cpu().numpy()  # sync
