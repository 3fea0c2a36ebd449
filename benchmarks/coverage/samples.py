"""Two nets that are equally good over all samples, tested on a few: how often it is said that one is better."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from benchmarks.coverage.row import Effort, Row, per_seeds
from dlbench.analysis.statistics.intervals import mean_interval
from dlbench.analysis.statistics.item_noise import item_noise
from dlbench.metrics.quantity import ALPHA, Interval

DIGITS = 359
"""Test samples of the digits dataset."""

Judge = Callable[[NDArray[np.int8]], Interval | None]


def simulate(effort: Effort) -> Iterator[Row]:
    """Nets of about 94 % accuracy that find different samples hard: by the seeds alone, and by seeds and samples."""
    for taste in (0.0, 0.5, 1.0, 2.0):
        yield Row(
            f"equal nets on {DIGITS} test samples: one is better", f"their tastes differ by {taste} on the logit", "≤ 5 %",
            per_seeds(_misses(taste, _by_seeds, effort)), per_seeds(_misses(taste, _by_both, effort)),
        )  # fmt: skip


def _misses(taste: float, judge: Judge, effort: Effort) -> Callable[[int], float]:
    def rate(n: int) -> float:
        random, draws = effort.random(), max(effort.draws // 2, 1)
        made = (judge(_differences(n, taste, random)) for _ in range(draws))
        return sum(one is not None and 0.0 not in one for one in made) / draws

    return rate


def _differences(n: int, taste: float, random: np.random.Generator) -> NDArray[np.int8]:
    """Right less right, `[seeds, samples]`: by how easy a sample is for all nets, for this one, and by the seed."""
    common = 5 + 3 * random.standard_normal(DIGITS)
    own = taste * random.standard_normal((2, 1, DIGITS)) + 0.1 * random.standard_normal((2, n, 1))
    ours, theirs = random.random((2, n, DIGITS)) < 1 / (1 + np.exp(-(common + own)))
    found: NDArray[np.int8] = ours.astype(np.int8) - theirs.astype(np.int8)
    return found


def _by_seeds(table: NDArray[np.int8]) -> Interval | None:
    return mean_interval(table.mean(axis=1).tolist())


def _by_both(table: NDArray[np.int8]) -> Interval | None:
    seeds, noise = _by_seeds(table), item_noise(table)
    return None if seeds is None or noise is None else noise.interval_at(ALPHA, seeds)
