"""The measures of layers as people see them: their titles, how they are scaled, what they mean."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class MeasureView:
    """One measure on the screen; everything in it is ASCII, for any terminal."""

    title: str
    symbol: str
    """A few letters, for the scale of colours and for tables."""
    logarithmic: bool
    bounds: tuple[float, float] | None
    """Between what its values can lie, where that is known."""
    explain: str
    """Two or three sentences for the help: what it is, what is healthy, what is not."""


MEASURE_VIEWS = {
    "gradient_norm": MeasureView(
        "gradient norm",
        "|g|",
        logarithmic=True,
        bounds=None,
        explain=(
            "The length of the gradient of a layer's weights, all of them as one vector. Alike in all layers is healthy. "
            "Smaller by powers of ten towards the input is a vanishing gradient: those layers hardly learn. Larger by powers "
            "of ten is an exploding one. Exactly zero learns nothing at all. At a step of time: the gradient of a layer's state."
        ),
    ),
    "weight_norm": MeasureView(
        "weight norm",
        "|w|",
        logarithmic=True,
        bounds=None,
        explain=(
            "The length of a layer's weights, all of them as one vector. It should change slowly. Where it grows without end, "
            "the learning rate is too large or nothing holds the weights back; weight decay makes it shrink."
        ),
    ),
    "update_ratio": MeasureView(
        "update/weight",
        "|dw|/|w|",
        logarithmic=True,
        bounds=None,
        explain=(
            "How far one step moves a layer's weights, as a share of their length. About a thousandth is a good pace. "
            "A hundred times less is standing still, a hundred times more forgets in a few steps what was learnt."
        ),
    ),
    "activation_mean": MeasureView(
        "activation mean",
        "mean",
        logarithmic=False,
        bounds=None,
        explain=(
            "The mean of a layer's outputs over batch and units. Far from zero, all units of the next layer are pushed "
            "the same way; batch and layer normalization bring it back."
        ),
    ),
    "activation_deviation": MeasureView(
        "activation deviation",
        "std",
        logarithmic=True,
        bounds=None,
        explain=(
            "How far a layer's outputs are spread, over batch and units. Alike in all layers is healthy, and what a good "
            "init is for. Where it shrinks from layer to layer, all samples look the same to the last one."
        ),
    ),
    "zero_share": MeasureView(
        "exact zeros",
        "zero",
        logarithmic=False,
        bounds=(0.0, 1.0),
        explain=(
            "The share of a layer's outputs that are exactly zero. About half is usual with ReLU. Nearly all means dead units: "
            "they pass no gradient back, so they stay dead."
        ),
    ),
    "saturated_share": MeasureView(
        "saturated",
        "sat",
        logarithmic=False,
        bounds=(0.0, 1.0),
        explain=(
            "The share of a layer's outputs within a hundredth of the ends of their activation's range, where its slope is "
            "nearly zero and the gradient does not get through. Sigmoid and tanh saturate, ReLU has no such end."
        ),
    ),
}
"""By the names of `dlbench.measures.names.MEASURES`, in their order."""
