"""The norm of a layer's weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dlbench.measures.base import StepWeights, measure

if TYPE_CHECKING:
    from torch import Tensor


@measure(of="weights", title="weight norm", symbol="|w|", heads=("weight norm", "weights"), scale="log")
def weight_norm(weights: StepWeights) -> Tensor:
    """The length of a layer's weights, all of them as one vector. It should change slowly.

    Where it grows without end, the learning rate is too large or nothing holds the weights back; weight decay makes it shrink.
    """
    return weights.before.norms
