"""The norm of the gradient of a layer's weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dlbench.measures.base import StepWeights, measure

if TYPE_CHECKING:
    from torch import Tensor


@measure(
    of="weights",
    title="gradient norm",
    symbol="|g|",
    heads=("gradient norm", "gradient"),
    scale="log",
    witness="gradient_norm",
)
def gradient_norm(weights: StepWeights) -> Tensor:
    """The length of the gradient of a layer's weights, all of them as one vector. Alike in all layers is healthy.

    Smaller by powers of ten towards the input is a vanishing gradient: those layers hardly learn. Larger by powers of ten is
    an exploding one. Exactly zero learns nothing at all. At a step of time: the gradient of a layer's state.
    """
    return weights.gradient.norms
