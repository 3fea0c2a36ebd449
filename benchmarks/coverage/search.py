"""A search among candidates that are all the same: how often the winner's interval misses its expectation."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from benchmarks.coverage.row import Effort, Row, per_seeds
from dlbench.analysis.statistics.intervals import mean_interval
from dlbench.metrics.quantity import ALPHA, Interval

Floats = NDArray[np.float64]
Judge = Callable[[Floats], Interval | None]


def simulate(effort: Effort) -> Iterator[Row]:
    """By the seeds that picked it; with the candidate that the other seeds pick; and by an interval for all candidates."""
    for candidates in (4, 10):
        before = per_seeds(_misses(candidates, _winner, effort))
        for setting, judge in (
            ("each seed by the others' pick (not used)", _others),
            ("every candidate counted", _counted),
        ):
            yield Row(
                f"best of {candidates} equal candidates: its mean is taken for another", setting, "≤ 5 %",
                before, per_seeds(_misses(candidates, judge, effort)),
            )  # fmt: skip


def _misses(candidates: int, judge: Judge, effort: Effort) -> Callable[[int], float]:
    def rate(n: int) -> float:
        random = effort.random()
        made = (judge(random.standard_normal((candidates, n))) for _ in range(effort.draws))
        return sum(one is not None and 0.0 not in one for one in made) / effort.draws

    return rate


def _winner(losses: Floats) -> Interval | None:
    return mean_interval(losses[losses.mean(axis=1).argmin()].tolist())


def _counted(losses: Floats) -> Interval | None:
    return mean_interval(losses[losses.mean(axis=1).argmin()].tolist(), alpha=ALPHA / len(losses))


def _others(losses: Floats) -> Interval | None:
    """Leave one seed out, pick by the rest, judge by the one."""
    picked = (losses.sum(axis=1, keepdims=True) - losses).argmin(axis=0)
    return mean_interval(losses[picked, np.arange(losses.shape[1])].tolist())
