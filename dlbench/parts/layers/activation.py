"""A non-linearity as a layer of its own, for nets that put something between product and activation."""

from __future__ import annotations

from collections.abc import Mapping

from dlbench.parts.activations import backward, bind, torch_code
from dlbench.parts.arguments import Activation as ActivationSettings
from dlbench.parts.layers.base import LAYERS, LayerContext, SavedForBackward, Shape, Stateless
from dlbench.parts.lazy import torch
from dlbench.parts.torch_code import TorchCode


@LAYERS.add()
class Activation(Stateless):
    """Apply an activation elementwise; the model's own unless one is named.

    activation: what is applied; the model's unless given.
    """

    def __init__(self, *, activation: ActivationSettings | None = None) -> None:
        self.activation = activation or {"kind": "identity"}
        self.activate = bind(self.activation)
        self.deactivate = backward(self.activation)

    def forward(self, x: torch.Tensor, weights: Mapping[str, torch.Tensor], place: LayerContext) -> torch.Tensor:
        """Any `[trials, batch, ...]` to the same shape."""
        del weights, place
        return self.activate(x)

    def as_torch(self, shape: Shape) -> TorchCode:
        """The activation alone."""
        del shape
        return TorchCode(call="{x}", activation=torch_code(self.activation))

    def can_go_backward(self) -> bool:
        """Where the function can."""
        return self.deactivate is not None

    def backward(
        self, gradient: torch.Tensor, passed: SavedForBackward, *, wants_input: bool
    ) -> tuple[torch.Tensor | None, list[torch.Tensor]]:
        """dx = dL/dy f'(x)."""
        assert self.deactivate is not None
        return self.deactivate(gradient, passed.y) if wants_input else None, []
