"""Pictures of layers in files beside the events, with an event each; recorded loops write them too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from dlbench.run.atomic import replacing, writing
from dlbench.run.folder import RunFolder

if TYPE_CHECKING:
    from dlbench.engine.stack_metrics import Sink

FILTERS, SAMPLES = 64, 16
"""Units, and samples, that are shown of a layer at most."""

LARGEST = 1 << 22
"""Numbers of one kind in one file (8 MiB): of a wide stack fewer units and samples are shown."""


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


def shown(trials: int, shape: Sequence[int], most: int) -> int:
    """How many images of a `shape` are shown of each of so many trials, `most` at most."""
    return max(1, min(most, LARGEST // (trials * prod(shape))))


def _kept(images: Tensor) -> NDArray[np.float16]:
    if images.shape[2] == 1:
        images = images.squeeze(2)
    return images.half().cpu().numpy()  # sync
