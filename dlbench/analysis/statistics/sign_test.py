"""Wins, ties and losses over paired seeds, where a mean would leave out the seeds that have no number."""

from __future__ import annotations

import math
from dataclasses import dataclass

from dlbench.analysis.statistics.proportions import share_interval
from dlbench.metrics.quantity import Interval


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

        2 sum_(i <= k) C(n, i) / 2^n with k the smaller of both counts and n their sum, 1 at most (Arbuthnott 1710; Conover 1999, 3.4).
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
