"""Where a curve that fell has turned up again: the turn of overfitting, told from noise."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

LATEST = 3
"""Values whose median stands for where a curve is now; so many must have come since the lowest."""
DEVIATIONS = 5.0
"""Of the noise: the lowest of a hundred values without a trend lies about 2.5 of them below the others, of a thousand 3.2."""
FALLS = 2.0
"""Times the largest fall since the lowest: a curve that wanders falls as far as it has risen."""
SHARE = 0.02
"""Of the lowest value: less is nothing that anyone would call a turn."""
NORMAL = 1.4826
"""A normal deviation over the median of absolute values."""


def onset_of(values: NDArray[np.float64]) -> int | None:
    """The index of the lowest value of a curve that has turned up since; `None` where it has not, or one cannot tell yet.

    It has turned if the median of its last three values lies above the lowest by more than noise explains: more than five
    deviations of the noise from one value to the next, twice the largest fall since, and 2 % of the lowest value. The noise
    is told from each value's distance to the mean of its two neighbours (Gasser, Sroka & Jennen-Steinmetz 1986), by the
    median, so that the steep beginning does not count. Missing values are passed over.
    """
    known = np.flatnonzero(np.isfinite(values))
    curve = values[known]
    lowest = int(np.argmin(curve)) if len(curve) else 0
    since = curve[lowest:]
    if len(since) <= LATEST:
        return None
    rise = float(np.median(since[-LATEST:])) - since[0]
    fall = float(np.max(np.maximum.accumulate(since) - since))
    is_turned = rise > max(DEVIATIONS * _noise(curve), FALLS * fall, SHARE * abs(since[0]))
    return int(known[lowest]) if is_turned else None


def onsets_of(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """`onset_of` of each curve `[values, curves]` of finite values, -1 where it has not turned."""
    count = len(values)
    if count <= LATEST or not values.shape[1]:
        return np.full(values.shape[1], -1)
    lowest = np.argmin(values, axis=0)
    least = np.take_along_axis(values, lowest[np.newaxis], axis=0)[0]
    rise = np.median(values[-LATEST:], axis=0) - least
    may_have = (count - lowest > LATEST) & (rise > SHARE * np.abs(least))
    found = np.full(values.shape[1], -1)
    places = np.flatnonzero(may_have)
    if not len(places):
        return found
    curves, begin = values[:, places], lowest[places]
    since = np.where(np.arange(count)[:, np.newaxis] < begin, least[places], curves)
    fall = np.max(np.maximum.accumulate(since, axis=0) - since, axis=0)
    distances = curves[1:-1] - (curves[:-2] + curves[2:]) / 2
    noise = NORMAL * np.median(np.abs(distances), axis=0) * math.sqrt(2 / 3)
    turned = (rise[places] > DEVIATIONS * noise) & (rise[places] > FALLS * fall)
    found[places[turned]] = begin[turned]
    return found


def _noise(curve: NDArray[np.float64]) -> float:
    """The deviation of independent noise around a smooth curve: a distance to the neighbours' mean has 3/2 of its variance."""
    distances = curve[1:-1] - (curve[:-2] + curve[2:]) / 2
    return NORMAL * float(np.median(np.abs(distances))) * math.sqrt(2 / 3)
