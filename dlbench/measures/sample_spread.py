"""How different samples look to a layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dlbench.measures.base import Outputs, measure

if TYPE_CHECKING:
    from torch import Tensor


@measure(
    of="outputs",
    title="sample spread",
    symbol="samples",
    heads=("sample spread", "samples"),
    scale="log",
    reduce="mean",
    is_tabled=False,
)
def sample_spread(outputs: Outputs) -> Tensor:
    """How far samples differ in one and the same unit: their standard deviation over the outputs' root mean square.

    Where it shrinks from layer to layer, the signal is lost on its way forward; at zero the net answers the same to everything.
    """
    return outputs.spread(2)
