"""What a handful of seeds can say: means, deviations, and intervals that cover the truth 95 times in 100.

Where there are too few numbers for a statistic it is `None`, never 0. scipy, which takes a quarter of a second to import,
is imported where it is called.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dlbench.report.rounding import RESOLUTION, gap

CONFIDENCE = 0.95
MOST_SEEDS = 10_000


@dataclass(frozen=True)
class Interval:
    """A closed interval of numbers."""

    low: float
    high: float

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high


@dataclass(frozen=True)
class Summary:
    """n numbers, or n pairs of numbers, in short: their mean, their deviation and the mean's 95 % interval."""

    n: int
    mean: float | None
    deviation: float | None
    interval: Interval | None


NOTHING = Summary(0, None, None, None)


def summarize(values: Sequence[float], *, is_share: bool = False) -> Summary:
    """Summary of finite numbers; with `is_share` they are 0 or 1 and the interval is that of a share."""
    if not values:
        return NOTHING
    mean = mean_of(values)
    interval = share_interval(round(sum(values)), len(values)) if is_share else mean_interval(values)
    return Summary(len(values), mean, deviation(values), interval)


def mean_of(values: Sequence[float]) -> float:
    """The arithmetic mean; of equal numbers exactly that number."""
    mean = math.fsum(value / len(values) for value in values)
    return min(max(mean, min(values)), max(values))


def deviation(values: Sequence[float]) -> float | None:
    """Sample deviation with n - 1 in the denominator; `None` for fewer than two values, exactly 0 for equal ones."""
    if len(values) < 2:
        return None
    mean = mean_of(values)
    scale = max(abs(value - mean) for value in values)
    if scale == 0:
        return 0.0
    return scale * math.sqrt(math.fsum(((value - mean) / scale) ** 2 for value in values) / (len(values) - 1))


def mean_interval(values: Sequence[float]) -> Interval | None:
    """Student's interval of a mean, mean +- t(n - 1) s / sqrt(n); `None` for fewer than two values."""
    spread = deviation(values)
    if spread is None:
        return None
    mean, half = mean_of(values), t_quantile(len(values) - 1) * spread / math.sqrt(len(values))
    return Interval(mean - half, mean + half)


def t_quantile(freedom: float) -> float:
    """The two-sided 95 % quantile of Student's t."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, (1 + CONFIDENCE) / 2))


def share_interval(successes: int, n: int) -> Interval | None:
    """Wilson's score interval of a share; `None` for n = 0.

    Wilson's and not Clopper and Pearson's: for the few seeds that people run, its coverage is closest to the 95 % it
    promises, where the "exact" interval is too wide, and like it stays within 0..1 and never shrinks to a point when
    all seeds agree (Wilson 1927; Brown, Cai & DasGupta 2001).
    """
    if n == 0:
        return None
    return _share_interval(successes / n, n)


def _share_interval(share: float, n: float) -> Interval:
    wilson = _wilson(share, n)
    return Interval(0.0 if share == 0 else wilson.low, 1.0 if share == 1 else wilson.high)


def _wilson(share: float, n: float) -> Interval:
    from scipy.special import ndtri

    z = float(ndtri((1 + CONFIDENCE) / 2))
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return Interval(centre - half, centre + half)


def paired_difference(ours: Sequence[float], theirs: Sequence[float], *, is_share: bool = False) -> Summary:
    """Summary of ours - theirs, pair by pair: Student's interval of the differences, for shares Newcombe's.

    The two run parallel: the same seed at the same place.
    """
    differences = [gap(a, b) for a, b in zip(ours, theirs, strict=True)]
    summary = summarize(differences)
    if summary.mean is not None and abs(summary.mean) < RESOLUTION * max(map(abs, (*ours, *theirs))):
        summary = replace(summary, mean=0.0)  # gains and losses that cancel leave their rounding behind
    if not is_share or summary.mean is None:
        return summary
    return Summary(summary.n, summary.mean, summary.deviation, share_difference_interval(ours, theirs))


def share_difference_interval(ours: Sequence[float], theirs: Sequence[float]) -> Interval | None:
    """Interval of the difference of two shares over the same seeds (Newcombe 1998, method 10); `None` for n = 0.

    It joins both Wilson intervals, counting how the two go together, and so does not shrink to a point when all pairs agree,
    as Student's interval of the differences would.
    """
    return _fourfold(ours, theirs).difference_interval() if ours else None


@dataclass(frozen=True)
class Fourfold:
    """Pairs of 0 and 1, counted by what both say; counts may be fractions of pairs."""

    both: float
    only_ours: float
    only_theirs: float
    neither: float

    @property
    def n(self) -> float:
        """All pairs."""
        return self.both + self.only_ours + self.only_theirs + self.neither

    def scaled(self, n: float) -> Fourfold:
        """The same shares over `n` pairs."""
        factor = n / self.n
        return Fourfold(self.both * factor, self.only_ours * factor, self.only_theirs * factor, self.neither * factor)

    def difference_interval(self) -> Interval:
        """Newcombe's interval of our share less theirs."""
        n = self.n
        a, b = (self.both + self.only_ours) / n, (self.both + self.only_theirs) / n
        p, q, phi = _share_interval(a, n), _share_interval(b, n), self._phi()
        down, up = _joined(a - p.low, q.high - b, phi), _joined(p.high - a, b - q.low, phi)
        return Interval(max(a - b - down, -1.0), min(a - b + up, 1.0))

    def _phi(self) -> float:
        """Correlation of the two series; Newcombe's continuity correction where positive."""
        ours, theirs = self.both + self.only_ours, self.both + self.only_theirs
        margins = ours * theirs * (self.n - ours) * (self.n - theirs)
        if margins <= 0:
            return 0.0
        excess = self.both * self.neither - self.only_ours * self.only_theirs
        return (max(excess - self.n / 2, 0.0) if excess > 0 else excess) / math.sqrt(margins)


def _fourfold(ours: Sequence[float], theirs: Sequence[float]) -> Fourfold:
    both = sum(a * b for a, b in zip(ours, theirs, strict=True))
    only_ours, only_theirs = sum(ours) - both, sum(theirs) - both
    return Fourfold(both, only_ours, only_theirs, len(ours) - both - only_ours - only_theirs)


def _joined(first: float, second: float, phi: float) -> float:
    return math.sqrt(max(first * first - 2 * phi * first * second + second * second, 0.0))


def seeds_to_resolve(spread: float, gap: float) -> int | None:
    """About how many seeds make a mean's interval end `gap` away from the mean: where it is held against something.

    The smallest n with t(n - 1) s / sqrt(n) < gap, supposing that mean and deviation stay what they are; `None` if that
    is beyond ten thousand.
    """
    from scipy.special import stdtrit

    n = np.arange(2, MOST_SEEDS + 1)
    enough = stdtrit(n - 1, (1 + CONFIDENCE) / 2) * spread < gap * np.sqrt(n)
    return int(n[np.argmax(enough)]) if enough.any() else None


def seeds_to_resolve_share(share: float, limit: float) -> int | None:
    """About how many seeds take `limit` out of a share's Wilson interval, if the share stays what it is, or `None`.

    A share of 0 can never be told from a limit of 0, nor a share of 1 from 1.
    """
    return None if share == limit else _first(lambda n: limit not in _wilson(share, n))


def seeds_to_resolve_share_difference(ours: Sequence[float], theirs: Sequence[float], limit: float) -> int | None:
    """About how many pairs take `limit` out of Newcombe's interval, if the pairs go on as they are, or `None`."""
    pairs = _fourfold(ours, theirs)
    return _first(lambda n: limit not in pairs.scaled(n).difference_interval())


def _first(resolves: Callable[[int], bool]) -> int | None:
    """The smallest number of seeds that resolves something, which more of them resolve as well; `None` beyond ten thousand."""
    n = bisect_left(range(1, MOST_SEEDS + 1), True, key=resolves) + 1
    return n if n <= MOST_SEEDS else None
