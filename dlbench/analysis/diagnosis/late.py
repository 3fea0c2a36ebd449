"""How much a loss still fell at the end of a training."""

from __future__ import annotations

import math

import numpy as np

from dlbench.analysis.diagnosis.columns import last_known
from dlbench.analysis.diagnosis.evidence import Values
from dlbench.analysis.diagnosis.training import TrainingEvidence

LAST_PART = 0.2
"""The share of the evaluations by whose fall it is told whether a net still learns."""


def late_fall(training: TrainingEvidence) -> Values:
    """By what share of itself the loss has fallen over the last fifth of the evaluations, `[trials]`."""
    with np.errstate(invalid="ignore", divide="ignore"):  # a loss of exactly 0 cannot fall: NaN
        return 1 - training.last / _before(training)


def late_share(training: TrainingEvidence) -> Values:
    """What share of its whole fall a fifth of the training at its end has brought, `[trials]`.

    A fifth where it falls evenly, none where it has settled. A few evaluations have no fifth: what their last part has brought
    counts by its length.
    """
    count = len(training.steps)
    length = max(count - 1 - _begin(count), 1) / max(count - 1, 1)
    with np.errstate(invalid="ignore"):  # a loss that was infinite has no fall: NaN
        brought: Values = (_before(training) - training.last) / np.maximum(training.first - training.last, 1e-12)
    return brought * LAST_PART / length


def _begin(count: int) -> int:
    """The place of the last of so many evaluations before the last part, which has one at least."""
    return max(min(math.ceil((1 - LAST_PART) * count) - 1, count - 2), 0)


def _before(training: TrainingEvidence) -> Values:
    """The last loss before the last part."""
    return last_known(training.loss[: _begin(len(training.steps)) + 1])
