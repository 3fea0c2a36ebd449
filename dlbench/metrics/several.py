"""Metrics of several trials of one stack at once: the numbers that one after the other would have, to the last bit.

A table of ten thousand trials would else spend most of its time in calls of functions. What is 0 of one trial and 1e-17 of it in
company would be another table, so `tests/metrics/test_several.py` holds each against the function of one trial.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from dlbench.measures.gradient_ratio import factor_per_layer, first_over_last
from dlbench.metrics.names import evaluated
from dlbench.metrics.quantity import RESOLUTION
from dlbench.metrics.solving import limits_of
from dlbench.metrics.trial_view import TrialsView, TrialView

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy import bool_, float64, int64
    from numpy.typing import NDArray

    Value = Callable[[TrialView, int | None], float | None]


def like_one(function: Value, trials: TrialsView, at_step: int | None) -> NDArray[float64]:
    """A metric that trials of one stack have in common, but for those that ended otherwise than their stack."""
    import numpy as np

    found, marked = _nothing(trials), trials.marked
    plain = next((place for place in range(len(found)) if place not in marked), None)
    for place in sorted(marked if plain is None else {plain, *marked}):
        value = function(trials.trials[place], at_step)
        found[place] = np.nan if value is None else value
        if place == plain:
            found[[other for other in range(len(found)) if other not in marked]] = found[place]
    return found


def _nothing(trials: TrialsView) -> NDArray[float64]:
    import numpy as np

    return np.full(len(trials.trials), np.nan)


def _at_ends(trials: TrialsView, values: NDArray[float64], at_step: int | None) -> NDArray[float64]:
    """Of values `[evaluations, trials]` those at each trial's end, NaN where it has none or no finite one."""
    import numpy as np

    ends = trials.ends(at_step)
    if not len(values):
        return _nothing(trials)
    found = values[np.maximum(ends, 0), np.arange(len(ends))]
    return np.where((ends >= 0) & np.isfinite(found), found, np.nan)


def _until_ends(trials: TrialsView, at_step: int | None) -> NDArray[bool_]:
    """Which evaluations are at or before each trial's end, `[evaluations, trials]`."""
    import numpy as np

    found: NDArray[bool_] = np.arange(len(trials.steps))[:, np.newaxis] <= trials.ends(at_step)
    return found


def last_of(name: str, trials: TrialsView, at_step: int | None) -> NDArray[float64]:
    """A curve's value at each trial's end."""
    curve = trials.curve(name)
    return _nothing(trials) if curve is None else _at_ends(trials, curve, at_step)


def best_of(name: str, trials: TrialsView, at_step: int | None) -> NDArray[float64]:
    """A curve's best value up to each trial's end."""
    import numpy as np

    curve = trials.curve(name)
    if curve is None or not len(curve):
        return _nothing(trials)
    counts = np.isfinite(curve) & _until_ends(trials, at_step)
    if evaluated(name).better == "lower":
        found = np.where(counts, curve, np.inf).min(axis=0)
    else:
        found = np.where(counts, curve, -np.inf).max(axis=0)
    return np.where(counts.any(axis=0), found, np.nan)


def best_rise_of(name: str, trials: TrialsView, at_step: int | None) -> NDArray[float64]:
    """How far a curve lies above its best at each trial's end."""
    return last_of(name, trials, at_step) - best_of(name, trials, at_step)


def gap_of(first: str, second: str, trials: TrialsView, at_step: int | None) -> NDArray[float64]:
    """One curve less another at each trial's end."""
    return last_of(first, trials, at_step) - last_of(second, trials, at_step)


# --- what counts as learned ---------------------------------------------------------------------------------------


def _meets(values: NDArray[float64], low: float | None, high: float | None) -> NDArray[bool_]:
    """`at_least` and `at_most` of `dlbench.metrics.quantity`, rounding aside; what is no number meets nothing."""
    import numpy as np

    holds = np.isfinite(values)
    for bound, sign in ((low, 1), (high, -1)):
        if bound is not None:
            with np.errstate(invalid="ignore"):
                is_equal = np.abs(values - bound) < RESOLUTION * np.maximum(np.abs(values), abs(bound))
                holds = holds & ((sign * values >= sign * bound) | is_equal | (values == bound))
    return holds


def _learned(trials: TrialsView) -> tuple[NDArray[bool_], NDArray[bool_]] | None:
    """Where a verdict is known, and where it is that the data are learned, `[evaluations, trials]`; `None` without a rule."""
    import numpy as np

    limits = limits_of(trials.trials[0])
    shape = len(trials.steps), len(trials.trials)
    known, holds = np.ones(shape, np.bool_), np.ones(shape, np.bool_)
    for name, low, high in limits:
        curve = trials.curve(name)
        if curve is None:
            return None
        known &= np.isfinite(curve)
        holds &= _meets(curve, low, high)
    return (known, known & holds) if limits else None


def steps_to_solve(trials: TrialsView, at_step: int | None) -> NDArray[float64]:
    """The step of each trial's first evaluation at which it has learned its data."""
    import numpy as np

    found = _learned(trials)
    if found is None or not len(trials.steps):
        return _nothing(trials)
    holds = found[1] & _until_ends(trials, at_step)
    steps = np.array(trials.steps, np.float64)[np.argmax(holds, axis=0)]
    return np.where(holds.any(axis=0), steps, np.nan)


def solved(trials: TrialsView, at_step: int | None) -> NDArray[float64]:
    """1 where a trial has learned its data at its end, 0 where it has not, or diverged before."""
    import numpy as np

    learned, found = _learned(trials), _nothing(trials)
    if learned is not None and len(trials.steps):
        known, holds = (own.astype(np.float64) for own in learned)
        found = np.where(_at_ends(trials, known, at_step) == 1, _at_ends(trials, holds, at_step), np.nan)
    for place in trials.marked:
        trial = trials.trials[place]
        diverged = trial.diverged_at
        if diverged is not None and trial.dropped_at is None and (at_step is None or at_step >= diverged):
            found[place] = 0.0
    return found


# --- where a curve has turned -------------------------------------------------------------------------------------


def overfitting_step(trials: TrialsView, at_step: int | None) -> NDArray[float64]:
    """The step of each trial's lowest test loss, from which on it rose."""
    import numpy as np

    from dlbench.metrics.overfitting_onset import onset_of, onsets_of

    curve, found = trials.curve("test_loss"), _nothing(trials)
    if curve is None:
        return found
    trained, steps = _trained(trials, at_step), np.array(trials.steps, np.float64)
    for many in np.unique(trained[trained > 0]).tolist():
        places = np.flatnonzero(trained == many)
        values = curve[:many, places]
        whole = np.isfinite(values).all(axis=0)
        turns = np.full(len(places), -1)
        turns[whole] = onsets_of(values[:, whole])
        for place in np.flatnonzero(~whole).tolist():
            turn = onset_of(values[:, place])
            turns[place] = -1 if turn is None else turn
        found[places] = np.where(turns < 0, np.nan, steps[turns])
    return found


def _trained(trials: TrialsView, at_step: int | None) -> NDArray[int64]:
    """How many evaluations each trial has up to its end that are of its training: early stopping has put back the others."""
    found = trials.ends(at_step) + 1
    for place in trials.marked:
        if (stopped := trials.trials[place].stopped_at) is not None:
            found[place] = min(int(found[place]), bisect_left(trials.steps, stopped))
    return found


def overfitting_epoch(trials: TrialsView, at_step: int | None) -> NDArray[float64]:
    """The same in epochs."""
    epoch = trials.trials[0].steps_per_epoch
    return overfitting_step(trials, at_step) / epoch if epoch else _nothing(trials)


# --- gradients ----------------------------------------------------------------------------------------------------


def first_last_gradient_ratio(trials: TrialsView, at_step: int | None) -> NDArray[float64]:
    """The gradient norm of the first layer over that of the last, at each trial's last probe."""
    norms = trials.gradient_norms(at_step)
    return _nothing(trials) if norms is None else _finite(first_over_last(norms))


def time_gradient_ratio(trials: TrialsView, at_step: int | None) -> NDArray[float64]:
    """The same of the steps of time of the first recurrent layer."""
    norms = trials.time_gradient_norms(at_step)
    return _nothing(trials) if norms is None else _finite(first_over_last(norms))


def gradient_factor_per_layer(trials: TrialsView, at_step: int | None) -> NDArray[float64]:
    """By what the gradient norm is multiplied from layer to layer, at each trial's last probe.

    One after the other: numpy's logarithm of many has other last bits than that of one.
    """
    norms, found = trials.gradient_norms(at_step), _nothing(trials)
    if norms is not None and norms.shape[-1]:
        for place, own in enumerate(norms):
            found[place] = factor_per_layer(own)
    return _finite(found)


def _finite(values: NDArray[float64]) -> NDArray[float64]:
    import numpy as np

    return np.where(np.isfinite(values), values, np.nan)
