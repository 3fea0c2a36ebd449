"""The mean of a layer's outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dlbench.measures.base import Outputs, measure

if TYPE_CHECKING:
    from torch import Tensor


@measure(of="outputs", title="activation mean", symbol="mean", heads=("mean", "mean"), scale="linear", reduce="mean")
def activation_mean(outputs: Outputs) -> Tensor:
    """The mean of a layer's outputs over batch and units.

    Far from zero, all units of the next layer are pushed the same way; batch and layer normalization bring it back.
    """
    return outputs.mean
