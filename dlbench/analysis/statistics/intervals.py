"""What a handful of seeds can say: means, deviations, and intervals that miss the truth no more often than they say.

docs/statistics.md tells what is computed, why, and how often it holds. Where there are too few numbers for a statistic it is
`None`, never 0. scipy, which takes a quarter of a second to import, is imported where it is called.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from statistics import median
from typing import TypeAlias

import numpy as np

from dlbench.analysis.statistics.proportions import share_difference_interval, share_interval
from dlbench.metrics.quantity import ALPHA, NUMBER, RESOLUTION, Interval, Quantity, gap

Intervals: TypeAlias = Callable[[float], Interval | None]
"""The interval that misses with a probability alpha, `None` where there is none."""

FAR = 10.0
"""From how many robust deviations on a number lies far from the others."""

FEW = 1 / 5
FAR_FROM_TIES = 1 / 4
"""Where most are equal: the share of the others, and how far from the median these are, in medians."""
ROBUST = 1.4826
"""The standard deviation of normal numbers over the median of their distances from their median."""


@dataclass(frozen=True)
class Summary:
    """n numbers, or n pairs of numbers, in short: their mean, their deviation and the mean's interval.

    Of ratios the mean is geometric, and the deviation is the factor by which they spread. `median` is there where some
    number lies far from the others: then seeds like it may be missing among few, and the interval holds less often.
    """

    n: int
    mean: float | None
    std: float | None
    interval: Interval | None
    median: float | None = None


NOTHING = Summary(0, None, None, None)


@dataclass(frozen=True)
class Method:
    """How intervals are made of a mean, and of the mean difference of two over the same seeds."""

    mean: Callable[[Sequence[float], Quantity], Intervals]
    difference: Callable[[Sequence[float], Sequence[float], Quantity], Intervals]
    is_sequential: bool = False
    """Whether they hold however often one looks, and not only at a number of seeds that was set before."""


def summarize(
    values: Sequence[float], quantity: Quantity = NUMBER, alpha: float = ALPHA, method: Method | None = None
) -> Summary:
    """Summary of finite numbers. Of ratios only those above 0 count, since a factor takes no other number anywhere."""
    interval = (method or FIXED).mean(values, quantity)(alpha)
    if quantity.is_ratio:
        return _summary_of_ratios([ratio for ratio in values if ratio > 0], interval)
    if not values:
        return NOTHING
    far = not quantity.is_share and has_far(values)
    return Summary(len(values), mean_of(values), std(values), interval, median(values) if far else None)


def _summary_of_ratios(ratios: Sequence[float], interval: Interval | None) -> Summary:
    found = summarize([math.log(ratio) for ratio in ratios])
    if found.mean is None:
        return NOTHING
    spread = None if found.std is None else _power(found.std)
    middle = None if found.median is None else _power(found.median)
    return Summary(found.n, _power(found.mean), spread, interval, middle)


def _power(exponent: float) -> float:
    try:
        return math.exp(exponent)
    except OverflowError:
        return math.inf


def mean_of(values: Sequence[float]) -> float:
    """The arithmetic mean; of equal numbers exactly that number."""
    n = len(values)
    mean = math.fsum([value / n for value in values])
    return min(max(mean, min(values)), max(values))


def std(values: Sequence[float]) -> float | None:
    """Sample deviation with n - 1 in the denominator; `None` for fewer than two values, exactly 0 for equal ones."""
    if len(values) < 2:
        return None
    mean = mean_of(values)
    away = [value - mean for value in values]
    scale = max(map(abs, away))
    if scale == 0:
        return 0.0
    return scale * math.sqrt(math.fsum([(one / scale) ** 2 for one in away]) / (len(values) - 1))


def are_equal(values: Sequence[float]) -> bool:
    """Whether they differ by no more than the rounding of float32."""
    return gap(max(values), min(values)) == 0


def has_far(values: Sequence[float]) -> bool:
    """Whether some number lies more than ten robust deviations from the median.

    The robust deviation is 1.4826 times the median distance from the median (Hampel 1974): one lost seed does not widen it.
    Of normal numbers 11 % of samples of three, 3 % of five and 0.2 % of ten have such a number. Where most numbers are equal,
    as counts of few test samples are, it is 0 and says nothing: then at most a fifth may differ, and must by a quarter of the
    median.
    """
    if len(values) < 3 or are_equal(values):
        return False
    middle, own = median(values), np.asarray(values, np.float64)
    differences = own - middle
    is_rounding = np.abs(differences) < RESOLUTION * np.maximum(np.abs(own), abs(middle))  # as `gap` has it
    distances = np.sort(np.where(is_rounding, 0.0, np.abs(differences)))
    highest, half = float(distances[-1]), len(distances) // 2
    if scale := float(distances[half] + distances[~half]) / 2:
        return highest > FAR * ROBUST * scale
    return 0 < int(np.count_nonzero(distances)) <= FEW * len(values) and highest > FAR_FROM_TIES * abs(middle)


def mean_interval(values: Sequence[float], quantity: Quantity = NUMBER, alpha: float = ALPHA) -> Interval | None:
    """The interval that misses the mean with probability `alpha`; `None` where the numbers give none."""
    return mean_intervals(values, quantity)(alpha)


def mean_intervals(values: Sequence[float], quantity: Quantity = NUMBER) -> Intervals:
    """The intervals of a mean, wider the less they may miss.

    Student's, mean +- t(n - 1, 1 - alpha / 2) s / sqrt(n), within what the numbers can be; of ratios on the scale of their
    logarithm; of zeros and ones Clopper and Pearson's. Equal numbers have no spread to go by: see `equal_interval`.
    """
    n = len(values)
    if quantity.is_share:
        return partial(share_interval, round(sum(values)), n)
    if quantity.is_ratio:
        return of_logarithms(values, mean_intervals)
    spread = std(values)
    if spread is None:
        return no_interval
    if are_equal(values):
        return partial(equal_interval, mean_of(values), n, quantity)
    return partial(_students, mean_of(values), spread / math.sqrt(n), n - 1, quantity.bounds)


def no_interval(alpha: float) -> None:
    """The intervals where numbers give none."""
    del alpha


def _students(mean: float, error: float, freedom: float, bounds: Interval, alpha: float) -> Interval:
    half = t_quantile(freedom, alpha) * error
    return Interval(mean - half, mean + half).clipped(bounds)


def of_logarithms(ratios: Sequence[float], mean: Callable[[Sequence[float]], Intervals]) -> Intervals:
    """The intervals of a geometric mean, of those ratios that are above 0: those of the mean of their logarithms."""
    positive = [ratio for ratio in ratios if ratio > 0]
    if len(positive) < 2 or are_equal(positive):
        return no_interval
    of_logs = mean([math.log(ratio) for ratio in positive])

    def interval(alpha: float) -> Interval | None:
        found = of_logs(alpha)
        return found and Interval(_power(found.low), _power(found.high))

    return interval


def equal_interval(value: float, n: int, quantity: Quantity, alpha: float) -> Interval | None:
    """The interval of a mean of which n draws were all `value`, v: [v - (v - a) u, v + (b - v) u], u = 1 - (alpha / 2)^(1/n).

    A share u of other draws, which lie anywhere in the bounds [a, b], would have stayed unseen with probability alpha / 2;
    without bounds it can move the mean anywhere. What no seed can change is that value.
    """
    low, high = quantity.bounds.low, quantity.bounds.high
    if quantity.is_fixed:
        return Interval(value, value)
    if math.isinf(low) or math.isinf(high):
        return None
    unseen = 1 - (alpha / 2) ** (1 / n)
    return Interval(value - (value - low) * unseen, value + (high - value) * unseen)


def t_quantile(freedom: float, alpha: float = ALPHA) -> float:
    """The quantile of Student's t beyond which, on both sides together, lies `alpha`."""
    from scipy.special import stdtrit

    return -float(stdtrit(freedom, alpha / 2))


def difference_interval(
    ours: Sequence[float], theirs: Sequence[float], quantity: Quantity = NUMBER, alpha: float = ALPHA
) -> Interval | None:
    """The interval that misses the mean of ours - theirs, pair by pair, with probability `alpha`."""
    return difference_intervals(ours, theirs, quantity)(alpha)


def difference_intervals(ours: Sequence[float], theirs: Sequence[float], quantity: Quantity = NUMBER) -> Intervals:
    """The intervals of the mean of ours - theirs, pair by pair; of ratios that of ours over theirs."""
    if quantity.is_share:
        return partial(share_difference_interval, round(sum(ours)), round(sum(theirs)), len(ours))
    if quantity.is_ratio:
        return mean_intervals(paired_quotients(ours, theirs), quantity)
    return mean_intervals(paired_differences(ours, theirs), quantity.of_differences)


FIXED = Method(mean_intervals, difference_intervals)
"""The method of a run that has all its seeds from the start."""


def paired_difference(
    ours: Sequence[float],
    theirs: Sequence[float],
    quantity: Quantity = NUMBER,
    alpha: float = ALPHA,
    method: Method | None = None,
) -> Summary:
    """Summary of ours - theirs, pair by pair, with the interval of the method; of ratios of ours over theirs.

    The two run parallel: the same seed at the same place.
    """
    method = method or FIXED
    if quantity.is_ratio:
        return summarize(paired_quotients(ours, theirs), quantity, alpha, method)
    summary = summarize(paired_differences(ours, theirs), quantity.of_differences, alpha, method)
    if summary.mean is not None and abs(summary.mean) < RESOLUTION * max(map(abs, (*ours, *theirs))):
        summary = replace(summary, mean=0.0)  # gains and losses that cancel leave their rounding behind
    return replace(
        summary,
        interval=method.difference(ours, theirs, quantity)(alpha),
        median=None if quantity.is_share else summary.median,
    )


def paired_differences(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """Ours - theirs, pair by pair."""
    return [gap(a, b) for a, b in zip(ours, theirs, strict=True)]


def paired_quotients(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """Quotients of those pairs that have one; what may be rounding is none."""
    pairs = [(a, b) for a, b in zip(ours, theirs, strict=True) if a > 0 and b > 0]
    return [1.0 if gap(a, b) == 0 else a / b for a, b in pairs]
