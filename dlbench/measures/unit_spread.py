"""How different the units of a layer are from each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dlbench.measures.base import Outputs, measure

if TYPE_CHECKING:
    from torch import Tensor


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
    """How far a layer's units differ for one and the same sample: their standard deviation over the outputs' root mean square.

    Zero means that all units do the same, as after a start from equal weights: they get the same gradient, and stay alike.
    """
    return outputs.spread(3)
