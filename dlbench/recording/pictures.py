"""Pictures of what the layers of a recorded loop look for: the filters of a module, or images that the loop gives."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import prod
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn

from dlbench.engine.filter_snapshots import FILTERS, FilterSnapshots, LayerPictures, shown
from dlbench.errors import UsageError
from dlbench.recording.journal import STACK, Journal
from dlbench.recording.layers import RecordedLayer

PHASE = "train"

CHANNELS = frozenset({1, 3})
"""Of an image; filters that see more channels are shown as an image a channel."""

AXES = (3, 4)
"""Of images: `[count, height, width]` or `[count, channels, height, width]`."""

Pictured: TypeAlias = nn.Module | str | None


class LoopPictures:
    """Writes pictures into a recording's folder, as runs of dlbench's own have them."""

    def __init__(self, journal: Journal, layers: Sequence[RecordedLayer]) -> None:
        self._layers = layers
        self._snapshots = FilterSnapshots(journal.folder, journal.write_of_layer)

    @torch.no_grad()
    def write(self, step: int, layer: Pictured, images: Any, shape: Sequence[int] | None) -> None:
        """Write the filters of a layer, or `images` as those of it; raises UsageError where these are none."""
        pictured = self._first(shape) if layer is None else self._named(layer)
        filters = _filters(pictured, shape) if images is None else _given(images)
        few = filters[: shown(1, filters.shape[1:], FILTERS)]
        self._snapshots.write(STACK, step, PHASE, LayerPictures(pictured.name, {"filters": few.unsqueeze(0)}))

    def _named(self, layer: nn.Module | str) -> RecordedLayer:
        found = next((one for one in self._layers if layer is one.module or layer == one.name), None)
        if found is None:
            named = f"'{layer}'" if isinstance(layer, str) else f"this {type(layer).__name__}"
            raise UsageError(f"pictures: {named} is no layer of the recording; there are {_names(self._layers)}")
        return found

    def _first(self, shape: Sequence[int] | None) -> RecordedLayer:
        """The first layer that can be pictured."""
        for layer in self._layers:
            if _weight(layer).dim() == len("oihw") or (
                shape is not None and _weight(layer).shape[1:] == (prod(shape),)
            ):
                return layer
        raise UsageError(
            "pictures: no layer has filters of two dimensions; name a layer of dense units and the shape of its input, "
            "as in run.pictures('0', shape=(1, 28, 28)), or give images"
        )


def _weight(layer: RecordedLayer) -> Tensor:
    return layer.weights[0].detach()


def _filters(layer: RecordedLayer, shape: Sequence[int] | None) -> Tensor:
    """`[count, channels, height, width]`: of a convolution its kernels, of dense units their weights in the input's shape."""
    weight = _weight(layer)
    if weight.dim() == len("oihw"):
        is_image = weight.shape[1] in CHANNELS
        return weight if is_image else weight.reshape(-1, 1, *weight.shape[2:])
    if shape is not None and weight.dim() == len("oi") and weight.shape[1] == prod(shape):
        return _given(weight.reshape(-1, *shape))
    raise UsageError(
        f"pictures: the weights of '{layer.name}' are {list(weight.shape)}, no images; give the shape of its input, "
        "as in shape=(1, 28, 28), or images"
    )


def _given(images: Any) -> Tensor:
    found = torch.as_tensor(images).detach()
    if found.dim() not in AXES or not found.numel() or found.is_complex():
        raise UsageError(
            "pictures: images are [count, height, width] or [count, channels, height, width], "
            f"not of shape {list(found.shape)}"
        )
    whole: Tensor = found if found.dim() == max(AXES) else found.unsqueeze(1)
    if whole.shape[1] not in CHANNELS:
        raise UsageError(f"pictures: images have one channel or three, not {whole.shape[1]}")
    return whole


def _names(layers: Iterable[RecordedLayer]) -> str:
    return ", ".join(f"'{layer.name}'" for layer in layers)
