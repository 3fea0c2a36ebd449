"""From images to features."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

from dlbench.parts.layers.base import LAYERS, LayerContext, SavedForBackward, Shape, Stateless
from dlbench.parts.lazy import torch
from dlbench.parts.torch_code import TorchCode


@LAYERS.add()
class Flatten(Stateless):
    """Flatten all numbers of a sample into one row, channels first."""

    def output(self, shape: Shape) -> Shape:
        """`(product of shape,)`."""
        return (prod(shape),)

    def forward(self, x: torch.Tensor, weights: Mapping[str, torch.Tensor], place: LayerContext) -> torch.Tensor:
        """`[trials, batch, ...]` to `[trials, batch, features]`."""
        del weights, place
        return x.flatten(2)

    def as_torch(self, shape: Shape) -> TorchCode:
        """`nn.Flatten`."""
        del shape
        return TorchCode("nn.Flatten()")

    def can_go_backward(self) -> bool:
        """Always."""
        return True

    def backward(
        self, gradient: torch.Tensor, passed: SavedForBackward, *, wants_input: bool
    ) -> tuple[torch.Tensor | None, list[torch.Tensor]]:
        """The same numbers in the shape they came in."""
        return gradient.view(passed.x.shape) if wants_input else None, []
