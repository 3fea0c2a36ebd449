"""How different the units of a layer are from each other."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from dlbench.measures.base import Outputs, measure

if TYPE_CHECKING:
    from torch import Tensor


FEW = 8
"""Samples that are enough to see whether units are alike; all of a large batch would take as long as all other measures."""


@measure(
    of="outputs",
    title="unit spread",
    symbol="units",
    heads=("unit spread", "units"),
    scale="log",
    reduce="mean",
    is_tabled=False,
)
def unit_spread(outputs: Outputs) -> Tensor:
    """How far a layer's units differ for one sample: their standard deviation over the outputs' root mean square, of eight samples.

    Zero means that all units do the same, as after a start from equal weights: they get the same gradient, and stay alike.
    """
    return relative_spread(outputs.by_unit[:, :, :FEW])


def relative_spread(values: Tensor) -> Tensor:
    """Of `[..., samples, units, places]` the units' deviation over the root mean square; NaN of one unit, and where all are 0."""
    if values.shape[-2] == 1:
        return values.new_full(values.shape[:-3], math.nan)
    # From the first unit on: of units that are all alike the differences are exactly zero, and of those nearly alike exact.
    apart = values - values[..., :1, :]
    apart = apart - apart.mean(dim=-2, keepdim=True)
    return (apart.square().mean(dim=(-3, -2, -1)) / values.square().mean(dim=(-3, -2, -1))).sqrt()
