"""The textbook's intervals of shares, to be held against: dlbench itself no longer uses them."""

from __future__ import annotations

import math

from scipy import stats

from dlbench.metrics.quantity import ALPHA, Interval


def wilson(successes: int, n: int, alpha: float = ALPHA) -> Interval:
    """Wilson's score interval of a share (1927)."""
    found = stats.binomtest(successes, n).proportion_ci(1 - alpha, method="wilson")
    return Interval(found.low, found.high)


def newcombe(ours: int, theirs: int, n: int, alpha: float = ALPHA) -> Interval:
    """Newcombe's interval of the difference of two shares (1998, method 10), for pairs that have nothing to do with each other."""
    p, q = ours / n, theirs / n
    first, second = wilson(ours, n, alpha), wilson(theirs, n, alpha)
    down, up = math.hypot(p - first.low, second.high - q), math.hypot(first.high - p, q - second.low)
    return Interval(p - q - down, p - q + up)
