"""A non-linearity as a layer of its own, for nets that put something between product and activation."""

from __future__ import annotations

from collections.abc import Mapping

from dlbench.parts.activations import bind
from dlbench.parts.arguments import Activation as ActivationSettings
from dlbench.parts.layers.base import LAYERS, Place, Stateless
from dlbench.parts.lazy import torch


@LAYERS.add()
class Activation(Stateless):
    """Apply an activation elementwise; the model's own unless one is named."""

    def __init__(self, *, activation: ActivationSettings | None = None) -> None:
        self.activate = bind(activation or {"kind": "identity"})

    def forward(self, x: torch.Tensor, weights: Mapping[str, torch.Tensor], place: Place) -> torch.Tensor:
        """Any `[trials, batch, ...]` to the same shape."""
        del weights, place
        return self.activate(x)
