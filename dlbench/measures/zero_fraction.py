"""How many of a layer's outputs are exactly zero."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dlbench.measures.base import Outputs, measure

if TYPE_CHECKING:
    from torch import Tensor


@measure(of="outputs", title="exact zeros", symbol="zero", heads=("zeros", "zeros"), scale="fraction")
def zero_fraction(outputs: Outputs) -> Tensor:
    """The share of a layer's outputs that are exactly zero. About half is usual with ReLU.

    Nearly all means dead units: they pass no gradient back, so they stay dead.
    """
    return (outputs.values == 0).sum(dim=2) / outputs.values.shape[2]
