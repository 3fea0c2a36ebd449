"""One series over the steps, over the seeds of a candidate: their mean, and how far they lie apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from dlbench.analysis.aligned import Aligned, Floats
from dlbench.analysis.statistics.intervals import Method
from dlbench.metrics.metric import LOGGED
from dlbench.metrics.names import evaluated
from dlbench.metrics.quantity import ALPHA

if TYPE_CHECKING:
    from dlbench.state.trial_state import TrialState

Ends: TypeAlias = tuple[Floats, Floats]
"""The lower and the upper, `[steps]` each."""


def seed_curves(trials: Sequence[TrialState], series: str) -> Aligned:
    """The finite values of a series at the evaluations that any of the trials has, a row a trial."""
    points = []
    for trial in trials:
        values = trial.curve(series)
        known = np.isfinite(values)
        points.append((np.array(trial.steps, np.int64)[known], values[known]))
    return Aligned.of(points)


def interval_ends(found: Aligned, series: str, method: Method) -> Ends:
    """The ends of the 95 % interval of the mean at each step, by the table's method; NaN where there is none."""
    quantity, ends = (
        LOGGED[series].quantity if series in LOGGED else evaluated(series).quantity,
        np.full((2, len(found.steps)), np.nan),
    )
    for index, values in enumerate(found.values.T):
        interval = method.mean(values[np.isfinite(values)].tolist(), quantity)(ALPHA)
        if interval is not None:
            ends[:, index] = interval.low, interval.high
    return ends[0], ends[1]
