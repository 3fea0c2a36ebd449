"""How many of a layer's outputs are at the ends of their activation's range."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from dlbench.measures.base import Outputs, measure

if TYPE_CHECKING:
    from torch import Tensor

NEAR = 0.01
"""Of the range: within so much of one of its ends a unit is saturated."""


@measure(of="outputs", title="saturated", symbol="sat", heads=("saturated", "satur."), scale="fraction")
def saturated_fraction(outputs: Outputs) -> Tensor:
    """The share of a layer's outputs within a hundredth of the ends of their activation's range.

    There its slope is nearly zero and the gradient does not get through. Sigmoid and tanh saturate, ReLU has no such end.
    """
    values, low, high = outputs.values, outputs.low, outputs.high
    if low is None or (high is None and isinstance(low, int | float) and low == 0):
        # The zero of a dead unit is no end to be near to.
        return values.new_full(values.shape[:2], math.nan)
    margin = NEAR * (high - low if high is not None else -low)
    near = values < low + margin
    if high is not None:
        near |= values > high - margin
    return near.sum(dim=2) / values.shape[2]
