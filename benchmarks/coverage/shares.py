"""Shares of seeds, and their differences: how often the intervals miss, summed over all outcomes, at the worst share."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from benchmarks.coverage.row import Effort, Row, per_seeds
from benchmarks.coverage.textbook import newcombe, wilson
from dlbench.analysis.statistics.proportions import highest_failure_rate, share_difference_interval, share_interval
from dlbench.metrics.quantity import Interval

Floats = NDArray[np.float64]

GRID = np.linspace(0, 1, 101)
PROMISE = "≤ 5 %"


def simulate(effort: Effort) -> Iterator[Row]:
    """Exact chances, no draws: Wilson's and Newcombe's intervals before, exact ones after."""
    del effort
    yield Row(
        "a share's 95 % interval misses it", "worst share", PROMISE,
        per_seeds(lambda n: _worst_share(wilson, n)), per_seeds(lambda n: _worst_share(share_interval, n)),
    )  # fmt: skip
    yield Row(
        "the interval of two shares' difference misses it", "worst pair", PROMISE,
        per_seeds(lambda n: _worst_pair(newcombe, n)), per_seeds(lambda n: _worst_pair(share_difference_interval, n)),
    )  # fmt: skip
    yield Row(
        "n of n seeds, though the failure rate is the one that is excluded", "every_seed", PROMISE,
        per_seeds(lambda n: wilson(n, n).low ** n), per_seeds(lambda n: (1 - highest_failure_rate(n)) ** n),
    )  # fmt: skip
    yield Row("the failure rate that n of n seeds exclude", "every_seed", "", None, per_seeds(highest_failure_rate))


def _ends(intervals: list[Interval | None], shape: tuple[int, ...]) -> tuple[Floats, Floats]:
    found = [one for one in intervals if one is not None]
    return np.reshape([one.low for one in found], shape), np.reshape([one.high for one in found], shape)


def _worst_share(make: Callable[[int, int], Interval | None], n: int) -> float:
    low, high = _ends([make(k, n) for k in range(n + 1)], (n + 1, 1))
    missed = (low > GRID + 1e-9) | (high < GRID - 1e-9)
    chance: Floats = np.asarray(stats.binom.pmf(np.arange(n + 1)[:, None], n, GRID))
    return float((chance * missed).sum(axis=0).max())


def _worst_pair(make: Callable[[int, int, int], Interval | None], n: int) -> float:
    pairs = itertools.product(range(n + 1), repeat=2)
    low, high = _ends([make(a, b, n) for a, b in pairs], (n + 1, n + 1))
    chance: Floats = np.asarray(stats.binom.pmf(np.arange(n + 1)[:, None], n, GRID))

    def missed(p: int, q: int) -> float:
        gap = GRID[p] - GRID[q]
        return float(chance[:, p] @ ((low > gap + 1e-9) | (high < gap - 1e-9)) @ chance[:, q])

    return max(missed(p, q) for p, q in itertools.product(range(0, len(GRID), 2), repeat=2))
