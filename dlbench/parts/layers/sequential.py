"""Layers in a row as one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dlbench.parts.arguments import Layers
from dlbench.parts.layers.base import LAYERS, Branch, Shape
from dlbench.parts.lazy import torch
from dlbench.parts.torch_code import TorchCode


@LAYERS.add()
class Sequential:
    """Treat some `layers` in a row as one, so that `repeat` repeats them together: dense, norm, activation, and again.

    The name is torch.nn's. It owns nothing and changes nothing: names, and so the random streams, count on through it.

    layers: the layers, in their order.
    """

    def __init__(self, *, layers: Layers) -> None:
        if not layers:
            raise ValueError("'sequential' needs at least one layer in 'layers'")
        self.inside = layers

    def branches(self, shape: Shape, after: Callable[[Branch], Shape]) -> Sequence[Branch]:
        """The one chain."""
        del shape, after
        return [Branch(("layers",), self.inside)]

    def merged(self, shapes: Sequence[Shape]) -> Shape:
        """The shape in which the chain ends."""
        (shape,) = shapes
        return shape

    def merge(self, outputs: Sequence[torch.Tensor]) -> torch.Tensor:
        """What the chain puts out."""
        (output,) = outputs
        return output

    def merged_as_torch(self, outputs: Sequence[str], shape: Shape) -> TorchCode:
        """The same."""
        del shape
        return TorchCode(call=outputs[0])
