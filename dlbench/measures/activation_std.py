"""How far a layer's outputs are spread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dlbench.measures.base import Outputs, measure

if TYPE_CHECKING:
    from torch import Tensor


@measure(of="outputs", title="activation std", symbol="std", heads=("std", "std"), scale="log", reduce="mean")
def activation_std(outputs: Outputs) -> Tensor:
    """How far a layer's outputs are spread, over batch and units. Alike in all layers is healthy, and what a good init is for.

    Where it shrinks from layer to layer, all samples look the same to the last one.
    """
    return outputs.std
