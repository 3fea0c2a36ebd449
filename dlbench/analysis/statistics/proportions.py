"""Shares of seeds, and how two of them differ: intervals that hold for any share and any number of seeds.

Clopper and Pearson's and not Wilson's: at five seeds the one that is "closest on average" misses up to three times as often
as it says, and the more so the more claims or variants share a chance to err (docs/statistics.md has the numbers).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dlbench.metrics.quantity import ALPHA, Interval

Floats = NDArray[np.float64]

SPLITS = np.linspace(0.0, 1.0, 65)
"""How the chance to err is split between two shares: the exponents of a product's first factor."""


def share_interval(successes: float, n: float, alpha: float = ALPHA) -> Interval | None:
    """Clopper and Pearson's interval of a share, which holds it with at least 1 - `alpha`; `None` for n = 0.

    Its ends are quantiles of beta distributions (Clopper & Pearson 1934), which take fractions of a success as well.
    """
    if n == 0:
        return None
    tail = np.array([alpha / 2])
    return Interval(float(_lowest(successes, n, tail)[0]), float(_highest(successes, n, tail)[0]))


def share_difference_interval(ours: float, theirs: float, n: float, alpha: float = ALPHA) -> Interval | None:
    """Interval of our share less theirs, of `n` seeds each with so many successes; `None` for n = 0.

    Each pair of shares has two exact tail probabilities, of as many successes as ours or more and of as few as theirs or fewer.
    Those pairs are in doubt whose product is not too small for two independent ones: Fisher's combined test (1932). The lower end
    is the smallest difference among them, the upper end likewise. Holds for any two shares where seeds make the two variants alike
    or have nothing to do with each other.
    """
    if n == 0:
        return None
    from scipy.special import chdtri

    product = np.exp(-chdtri(4, alpha / 2) / 2)
    first, second = product**SPLITS, product ** (1 - SPLITS)
    low = (_lowest(ours, n, first) - _highest(theirs, n, second)).min()
    high = (_highest(ours, n, first) - _lowest(theirs, n, second)).max()
    return Interval(float(low), float(high))


def highest_failure_rate(n: int) -> float:
    """The failure rate above which `n` seeds without a failure are less likely than 5 %: 1 - 0.05^(1/n)."""
    return float(_highest(0, n, np.array([ALPHA]))[0])


def _lowest(successes: float, n: float, tail: Floats) -> Floats:
    """The share at which so many successes or more have the probability `tail`."""
    from scipy.special import betaincinv

    return np.zeros_like(tail) if successes <= 0 else np.asarray(betaincinv(successes, n - successes + 1, tail))


def _highest(successes: float, n: float, tail: Floats) -> Floats:
    """The share at which so few successes or fewer have the probability `tail`."""
    return 1 - _lowest(n - successes, n, tail)


@dataclass(frozen=True)
class Score:
    """How many seeds one of two variants won, tied and lost."""

    won: int
    tied: int
    lost: int

    @property
    def n(self) -> int:
        """All pairs."""
        return self.won + self.tied + self.lost

    @property
    def p(self) -> float:
        """The exact two-sided sign test's p, ties dropped: twice the chance of so few wins, or losses, among fair coins.

        2 sum_(i <= k) C(n, i) / 2^n with k the smaller of both counts and n their sum, 1 at most (Arbuthnott 1710; Conover 1999,
        3.4).
        """
        n, fewer = self.won + self.lost, min(self.won, self.lost)
        return min(1.0, sum(math.comb(n, i) for i in range(fewer + 1)) / 2 ** (n - 1)) if n else 1.0

    @property
    def share(self) -> float:
        """(wins + ties / 2) / n: the chance to be better with a seed, ties tossed."""
        return (self.won + self.tied / 2) / self.n

    @property
    def interval(self) -> Interval | None:
        """Clopper and Pearson's 95 % interval of the share."""
        return share_interval(self.won + self.tied / 2, self.n)
