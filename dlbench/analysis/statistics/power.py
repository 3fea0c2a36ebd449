"""How many fresh seeds would decide a claim in four of five cases, if the truth were what the run's seeds suggest.

Fresh means judged alone: seeds added to a run because its result was open, and judged with it, find a difference where there is
none in more than 5 % of cases. scipy is imported where it is called.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Collection, Sequence
from functools import lru_cache
from typing import TypeAlias

from dlbench.analysis.statistics.intervals import Summary, are_equal, equal_interval, t_quantile
from dlbench.analysis.statistics.proportions import Score, share_difference_interval
from dlbench.metrics.quantity import Quantity

POWER = 0.8
"""The chance to decide that is asked for (Cohen 1988)."""
MOST_SEEDS = 10_000
CERTAIN = 30
"""Standard errors beyond the critical value from which on the noncentral t need not be asked."""
KEPT = 256
"""Powers and numbers of seeds that a process remembers: a dashboard asks for them again and again."""

Power: TypeAlias = Callable[[float, int, float], float]
"""The chance that the interval of `n` seeds, which misses with probability alpha, leaves a limit out: `power(limit, n, alpha)`."""


@lru_cache(maxsize=KEPT)
def seeds_needed(limits: tuple[float, ...], power: Power, alpha: float) -> int | None:
    """The number of seeds from which on all limits are out of the interval with a chance of 0.8; `None` beyond ten thousand.

    Of two limits the chances to miss are added (Bonferroni): a little too many seeds rather than too few.
    """

    def decides(n: int) -> bool:
        return 1 - sum(1 - power(limit, n, alpha) for limit in limits) >= POWER

    n = bisect_left(range(2, MOST_SEEDS + 1), True, key=decides) + 2
    return n if n <= MOST_SEEDS else None


def fresh_seeds(n: int, used: Collection[int]) -> str:
    """So many seeds beyond those that were used, as `--seeds` takes them: `10-43`."""
    first = max(used, default=-1) + 1
    return f"{first}-{first + n - 1}"


def advice_text(n: int | None, used: Collection[int]) -> str:
    """Which seeds to run: `--seeds 10-43 would decide 4 in 5 such cases`."""
    if n is None:
        return f"more than {MOST_SEEDS:,} seeds would be needed to decide it"
    return f"--seeds {fresh_seeds(n, used)} would decide 4 in 5 such cases"


def power_of_seeds(values: Sequence[float], found: Summary, quantity: Quantity) -> Power | None:
    """Of the interval of a mean, or of a mean paired difference, over seeds like these; `None` where they have no spread."""
    if found.mean is None or found.std is None:
        return None
    if quantity.is_share:
        return power_of_share(round(sum(values)), len(values))
    if not quantity.is_ratio and are_equal(values):
        return _power_of_equals(found.mean, quantity)
    if quantity.is_ratio:
        return _on_logarithms(found.mean, found.std)
    return power_of_mean(found.mean, found.std)


@lru_cache(maxsize=KEPT)
def power_of_mean(mean: float, std: float) -> Power:
    """Of Student's interval of a mean, where mean and deviation are what they were: the noncentral t."""

    def power(limit: float, n: int, alpha: float) -> float:
        from scipy.special import nctdtr

        distance, critical = abs(mean - limit) * math.sqrt(n) / std, t_quantile(n - 1, alpha)
        return 1.0 if distance > CERTAIN + critical else 1 - float(nctdtr(n - 1, distance, critical))

    return power


def _on_logarithms(mean: float, factor: float) -> Power | None:
    if factor <= 1 or math.isinf(factor) or not 0 < mean < math.inf:
        return None
    power = power_of_mean(math.log(mean), math.log(factor))
    return lambda limit, n, alpha: power(math.log(limit), n, alpha) if limit > 0 else 1.0


def _power_of_equals(value: float, quantity: Quantity) -> Power:
    """Of seeds that all have one value: so they stay."""

    def power(limit: float, n: int, alpha: float) -> float:
        interval = equal_interval(value, n, quantity, alpha)
        return 0.0 if interval is None or limit in interval else 1.0

    return power


@lru_cache(maxsize=KEPT)
def power_of_share(successes: int, seeds: int) -> Power:
    """Of Clopper and Pearson's interval of a share, exactly: it leaves a limit out where the binomial test rejects it."""

    def power(limit: float, n: int, alpha: float) -> float:
        from scipy.special import bdtr, bdtrik

        assumed = _cautious(successes / seeds, (successes + 0.5) / (seeds + 1), limit)
        if assumed < limit:
            assumed, limit = 1 - assumed, 1 - limit
        if limit <= 0:
            return 1.0
        most = math.ceil(float(bdtrik(1 - alpha / 2, n, limit)) - 1e-9)
        return 0.0 if most >= n else 1 - float(bdtr(most, n, assumed))

    return power


def _cautious(observed: float, shrunk: float, limit: float) -> float:
    """Five of five is no proof of always: the value a little nearer to the middle, at most half way to the limit."""
    half = (observed + limit) / 2
    return max(shrunk, half) if observed > limit else min(shrunk, half)


def power_of_share_difference(ours: Sequence[float], theirs: Sequence[float]) -> Power:
    """Of the interval of the difference of two shares over the same seeds.

    The difference that is found is about normal, with the variance (p10 + p01 - (p10 - p01)^2) / n, p10 and p01 being the shares of
    pairs that only one side has: how far may it fall short of what is assumed until the interval takes the limit in?
    """
    return _of_counts(sum(ours), sum(theirs), sum(a != b for a, b in zip(ours, theirs, strict=True)), len(ours))


@lru_cache(maxsize=KEPT)
def _of_counts(first: float, second: float, different: int, pairs: int) -> Power:
    apart = (different + 1) / (pairs + 2)
    centre = (first + second + 1) / (2 * pairs + 2)

    def power(limit: float, n: int, alpha: float) -> float:
        from scipy.special import ndtr

        observed = (first - second) / pairs
        assumed = _cautious(observed, (first - second) / (pairs + 2), limit)
        error = math.sqrt((max(apart, abs(assumed)) - assumed**2) / n) + 0.25 / n
        away = -1 if assumed > limit else 1

        def takes_in(short: float) -> bool:
            half = (assumed + away * short * error) / 2
            more, fewer = (n * min(max(share, 0.0), 1.0) for share in (centre + half, centre - half))
            interval = share_difference_interval(more, fewer, n, alpha)
            return interval is None or (interval.low <= limit if away < 0 else interval.high >= limit)

        return float(ndtr(SHORTFALLS[bisect_left(SHORTFALLS, True, key=takes_in) - 1])) if not takes_in(-3.0) else 0.0

    return power


SHORTFALLS = [step / 16 for step in range(-48, 49)]
"""Standard errors by which a difference may fall short."""


@lru_cache(maxsize=KEPT)
def power_of_sign_test(score: Score) -> Power:
    """Of the exact sign test, where wins, ties and losses go on in these proportions; the limit is the fair coin's half."""
    decided = score.won + score.lost

    def power(limit: float, n: int, alpha: float) -> float:
        from scipy.special import bdtr, bdtrik

        tosses = math.floor(n * decided / score.n)
        if tosses < 1 or 0.5**tosses > alpha / 2:
            return 0.0
        assumed = _cautious(score.won / decided, (score.won + 0.5) / (decided + 1), limit)
        fewest = math.floor(float(bdtrik(alpha / 2, tosses, 0.5)) + 1e-9)
        return float(bdtr(fewest, tosses, min(assumed, 1 - assumed)))

    return power
