"""How far steps go, and whether there is a gradient to follow: what is asked before a rate is blamed, or acquitted."""

from __future__ import annotations

import numpy as np

from dlbench.analysis.diagnosis.columns import median
from dlbench.analysis.diagnosis.evidence import Marks, Values
from dlbench.analysis.diagnosis.training import TrainingEvidence

SLOW = 6e-4
"""Of their norm weights should move by about 10^-3 a step (Karpathy, CS231n); half of that is slow."""
STILL = SLOW / 100
"""The pace of weights that stand still: a thousand such steps move them by less than a hundredth."""
ALIVE = 3e-3
"""The gradient over the weights below which no rate is to blame for small steps: a tenth is usual at the beginning."""


def gradient_over_weights(training: TrainingEvidence) -> Values:
    """The median over layers and probes of the gradient over the weights, `[trials]`."""
    with np.errstate(divide="ignore", invalid="ignore"):
        sizes = training.of_weights("gradient_norm") / training.of_weights("weight_norm")
    return median(median(sizes, axis=2), axis=0)


def has_gradient(training: TrainingEvidence) -> Marks:
    """Where there is a gradient to follow, so that it is the rate, a schedule or a clip that makes steps small, or none."""
    has: Marks = training.of(gradient_over_weights) > ALIVE
    return has


def stands_still(training: TrainingEvidence) -> Marks:
    """Where weights hardly move though there is a gradient: such a net is as its start made it, whatever it suffers from."""
    stands: Marks = training.of(has_gradient) & (training.usual_pace < STILL)
    return stands
