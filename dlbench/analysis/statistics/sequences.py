"""Confidence sequences: intervals that hold for all numbers of seeds together, however often one looks and whenever one stops.

Each inverts a test martingale E_n, which starts at 1 and keeps that mean where the truth is the number that is tested. The chance
that it ever gets to 1 / alpha is alpha at most (Ville 1939), so the numbers with E_n < 1 / alpha hold the truth for every n at once
with 1 - alpha. `python -m benchmarks.coverage --only looks` measures it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache, partial

import numpy as np

from dlbench.analysis.statistics.intervals import (
    Intervals,
    Method,
    are_equal,
    equal_interval,
    mean_of,
    no_interval,
    of_logarithms,
    paired_differences,
    paired_quotients,
    std,
)
from dlbench.analysis.statistics.proportions import Score
from dlbench.metrics.quantity import Interval, Quantity

PRECISION = 0.25
"""c^2 of the mixture N(0, 1 / c^2) over the effect mu / sigma, by which the 95 % interval of five seeds, the first look, is about
as narrow as it can be."""

OF_SKEWNESS = 2.0
"""How often Johnson's correction is added: few seeds show less skewness than there is."""

HALF = 0.5
"""Both parameters of the beta mixture over a share, Jeffreys' prior, which favours no share and is good near 0 and 1."""

NODES = np.cos((np.arange(64) + 0.5) * math.pi / 64)
"""Gauss and Chebyshev's nodes: means over them are the integrals with the arcsine density of polynomials of up to degree 127."""

HALVINGS = 40
KEPT = 4096
"""Intervals of counts that a process remembers: a table asks for the same again after every seed."""


def mean_sequences(values: Sequence[float], quantity: Quantity) -> Intervals:
    """The confidence sequence of a mean at these values, which are the first n of all.

    Of numbers the t sequence, wider on the side of a long tail, of ratios the same of their logarithms, of zeros and ones the
    beta-binomial. Equal numbers have no spread: theirs is `equal_interval`, which holds for every n together, as ((v - a) / (mu -
    a))^n is a martingale's largest value.
    """
    n = len(values)
    if quantity.is_share:
        return partial(share_sequence, round(sum(values)), n)
    if quantity.is_ratio:
        return of_logarithms(values, partial(mean_sequences, quantity=Quantity()))
    spread = std(values)
    if spread is None:
        return no_interval
    if are_equal(values):
        return partial(equal_interval, mean_of(values), n, quantity)
    return partial(_wider_t_sequence, mean_of(values), spread, n, skewness(values), quantity.bounds)


def difference_sequences(ours: Sequence[float], theirs: Sequence[float], quantity: Quantity) -> Intervals:
    """The confidence sequence of the mean of ours - theirs, pair by pair; of ratios that of ours over theirs."""
    if quantity.is_share:
        won = sum(a > b for a, b in zip(ours, theirs, strict=True))
        lost = sum(a < b for a, b in zip(ours, theirs, strict=True))
        return partial(share_difference_sequence, won, len(ours) - won - lost, lost)
    if quantity.is_ratio:
        return mean_sequences(paired_quotients(ours, theirs), quantity)
    return mean_sequences(paired_differences(ours, theirs), quantity.of_differences)


SEQUENCES = Method(mean_sequences, difference_sequences, is_sequential=True)
"""The method of a run whose seeds were added until its claims were decided."""


def log_t_martingale(t: float, n: int) -> float:
    """log E_n of Student's t over n numbers: the mixture of the t martingales over effects drawn of N(0, 1 / c^2).

    E_n = sqrt(c^2 / (n + c^2)) ((1 + y) / (1 + y c^2 / (n + c^2)))^(n / 2) with y = t^2 / (n - 1), the ratio of the densities of t
    with such effects and with none (Lai 1976 with a Gaussian for his flat mixture; Wang & Ramdas 2024, section 4).
    """
    shrunk, y = PRECISION / (n + PRECISION), t * t / (n - 1)
    return 0.5 * math.log(shrunk) + n / 2 * (math.log1p(y) - math.log1p(shrunk * y))


def t_sequence(mean: float, spread: float, n: int, alpha: float) -> Interval | None:
    """The t sequence: the means whose t has E_n < 1 / alpha; `None` where these are all numbers.

    In closed form mean +- s sqrt(y (n - 1) / n), y = (A - 1) / (1 - A c^2 / (n + c^2)), A = ((n + c^2) / (c^2 alpha^2))^(1 / n).
    Exact for normal numbers of any deviation.
    """
    shrunk = PRECISION / (n + PRECISION)
    growth = math.exp(-(math.log(shrunk) + 2 * math.log(alpha)) / n)
    if growth * shrunk >= 1:
        return None
    half = spread * math.sqrt((growth - 1) / (1 - growth * shrunk) * (n - 1) / n)
    return Interval(mean - half, mean + half)


def skewness(values: Sequence[float]) -> float:
    """The third moment about the mean over the deviation's third power, both with n in the denominator."""
    mean, spread, n = mean_of(values), std(values) or 1.0, len(values)
    return math.fsum(((value - mean) / spread) ** 3 for value in values) / n * math.pow(n / (n - 1), 1.5)


def skew_margin(t: float, skewness: float, n: int) -> float:
    """By how much more a t has to exceed on the side of the long tail, where mean and deviation err together.

    Twice |g| (1 + 2 t^2) / (6 sqrt(n)), by which Johnson (1978) corrects t for the skewness g. The sequence is only made wider by
    it, and so stays valid for normal numbers.
    """
    return OF_SKEWNESS * abs(skewness) * (1 + 2 * t * t) / (6 * math.sqrt(n))


def _wider_t_sequence(
    mean: float, spread: float, n: int, skewness: float, bounds: Interval, alpha: float
) -> Interval | None:
    found = t_sequence(mean, spread, n, alpha)
    if found is None:
        return None
    error = spread / math.sqrt(n)
    margin = error * skew_margin((found.high - mean) / error, skewness, n)
    low, high = (found.low - margin, found.high) if skewness < 0 else (found.low, found.high + margin)
    return Interval(low, high).clipped(bounds)


def log_share_martingale(share: float, successes: int, n: int) -> float:
    """log E_n of a share p after k of n successes, B(k + 1/2, n - k + 1/2) / (B(1/2, 1/2) p^k (1 - p)^(n - k)) (Robbins 1970)."""
    failures = n - successes
    if (share <= 0 and successes) or (share >= 1 and failures):
        return math.inf
    mixture = math.lgamma(successes + HALF) + math.lgamma(failures + HALF) - math.lgamma(n + 1) - math.log(math.pi)
    return (
        mixture
        - (successes * math.log(share) if successes else 0.0)
        - (failures * math.log1p(-share) if failures else 0.0)
    )


@lru_cache(maxsize=KEPT)
def share_sequence(successes: int, n: int, alpha: float) -> Interval | None:
    """The beta-binomial sequence of a share (Robbins 1970; Howard et al. 2021); `None` for n = 0."""
    if n == 0:
        return None
    return _kept(lambda share: log_share_martingale(share, successes, n), successes / n, Interval(0.0, 1.0), alpha)


def log_difference_martingale(difference: float, won: int, tied: int, lost: int) -> float:
    """log E_n of the mean m of numbers that are 1, 0 and -1 so often: the mean over bets b of the product of 1 + b (x - m).

    The bets follow the arcsine law on all that leave no factor below 0 (Waudby-Smith & Ramdas 2024). For m = 0 it is the
    martingale of a share of 1/2 over the pairs that differ.
    """
    if abs(difference) >= 1:
        return 0.0 if difference * (won + tied + lost) == won - lost else math.inf
    low, high = -1 / (1 - difference), 1 / (1 + difference)
    bets = (low + high) / 2 + (high - low) / 2 * NODES
    logs = np.zeros_like(bets)
    for count, outcome in ((won, 1), (tied, 0), (lost, -1)):
        if count:
            logs += count * np.log1p(bets * (outcome - difference))
    highest = float(logs.max())
    return highest + math.log(float(np.exp(logs - highest).mean()))


@lru_cache(maxsize=KEPT)
def share_difference_sequence(won: int, tied: int, lost: int, alpha: float) -> Interval | None:
    """The sequence of our share less theirs, by how many pairs only we have, both or neither, and only they; `None` without pairs.

    Holds whatever the two variants have to do with each other.
    """
    n = won + tied + lost
    if n == 0:
        return None
    return _kept(
        lambda one: log_difference_martingale(one, won, tied, lost), (won - lost) / n, Interval(-1.0, 1.0), alpha
    )


def log_sign_martingale(score: Score) -> float:
    """log E_n of fair coins after so many pairs that were won and lost, ties dropped: that of a share of 1/2."""
    return log_share_martingale(0.5, score.won, score.won + score.lost)


def _kept(log_martingale: Callable[[float], float], inside: float, bounds: Interval, alpha: float) -> Interval:
    """The numbers about `inside`, which is one of them, at which a martingale is below 1 / alpha; it grows away from there."""
    threshold = -math.log(alpha)

    def end(bound: float) -> float:
        if log_martingale(bound) < threshold:
            return bound
        near, far = inside, bound
        for _ in range(HALVINGS):
            middle = (near + far) / 2
            near, far = (middle, far) if log_martingale(middle) < threshold else (near, middle)
        return far

    return Interval(end(bounds.low), end(bounds.high))
