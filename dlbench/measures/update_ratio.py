"""How far a step moves a layer's weights, over how large they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dlbench.measures.base import StepWeights, measure

if TYPE_CHECKING:
    from torch import Tensor


@measure(of="weights", title="update/weight", symbol="|dw|/|w|", heads=("update/weight", "update"), scale="log")
def update_ratio(weights: StepWeights) -> Tensor:
    """How far one step moves a layer's weights, as a share of their length. About a thousandth is a good pace.

    A hundred times less is standing still, a hundred times more forgets in a few steps what was learnt.
    """
    return weights.change.norms / weights.before.norms
