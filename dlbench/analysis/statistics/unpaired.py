"""Differences of two means over independent trials, which no seed pairs: Welch's interval.

docs/statistics.md says how often it holds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

from dlbench.analysis.statistics.intervals import (
    NOTHING,
    Intervals,
    Summary,
    are_equal,
    mean_interval,
    mean_of,
    std,
    t_quantile,
)
from dlbench.metrics.quantity import ALPHA, NUMBER, Interval, Quantity, gap


def unpaired_difference(
    ours: Sequence[float], theirs: Sequence[float], quantity: Quantity = NUMBER, alpha: float = ALPHA
) -> Summary:
    """The mean of ours minus that of theirs, of ratios ours over theirs; n is that of the smaller side.

    There are no pairs, so there is no deviation of their differences.
    """
    if quantity.is_ratio:
        found = unpaired_difference(_logs(ours), _logs(theirs), alpha=alpha)
        interval = found.interval and Interval(_power(found.interval.low), _power(found.interval.high))
        return Summary(found.n, None if found.mean is None else _power(found.mean), None, interval)
    if not (ours and theirs):
        return NOTHING
    mean = gap(mean_of(ours), mean_of(theirs))
    return Summary(min(len(ours), len(theirs)), mean, None, unpaired_intervals(ours, theirs, quantity)(alpha))


def unpaired_intervals(ours: Sequence[float], theirs: Sequence[float], quantity: Quantity = NUMBER) -> Intervals:
    """The intervals of the difference of two means, wider the less they may miss.

    Welch's (1938, with Satterthwaite's degrees of freedom, 1946): d +- t(f, 1 - alpha / 2) sqrt(s1^2 / n1 + s2^2 / n2), f = (s1^2 /
    n1 + s2^2 / n2)^2 / (s1^4 / (n1^2 (n1 - 1)) + s2^4 / (n2^2 (n2 - 1))), within what differences can be. Of shares, and where all
    numbers of a side are equal, it is made of the intervals of both means that miss with alpha / 2 each. A ratio's logarithms are
    to be given.
    """
    if quantity.is_share or _are_still(ours) or _are_still(theirs):
        return partial(_of_both, ours, theirs, quantity)
    if min(len(ours), len(theirs)) < 2:
        return _none
    return partial(_welch, ours, theirs, quantity)


def _are_still(values: Sequence[float]) -> bool:
    return len(values) > 1 and are_equal(values)


def _none(alpha: float) -> None:
    del alpha


def _welch(ours: Sequence[float], theirs: Sequence[float], quantity: Quantity, alpha: float) -> Interval:
    errors = [(std(side) or 0.0) ** 2 / len(side) for side in (ours, theirs)]
    # Their shares of the sum keep tiny and huge numbers from vanishing or overflowing where they are squared.
    total = sum(errors)
    shares = [error / total for error in errors]
    freedom = 1 / sum(share**2 / (len(side) - 1) for share, side in zip(shares, (ours, theirs), strict=True))
    middle, half = mean_of(ours) - mean_of(theirs), t_quantile(freedom, alpha) * math.sqrt(total)
    return Interval(middle - half, middle + half).clipped(quantity.of_differences.bounds)


def _of_both(ours: Sequence[float], theirs: Sequence[float], quantity: Quantity, alpha: float) -> Interval | None:
    first, second = (mean_interval(side, quantity, alpha / 2) for side in (ours, theirs))
    return first and second and Interval(first.low - second.high, first.high - second.low)


def _logs(ratios: Sequence[float]) -> list[float]:
    return [math.log(ratio) for ratio in ratios if ratio > 0]


def _power(exponent: float) -> float:
    try:
        return math.exp(exponent)
    except OverflowError:
        return math.inf
