"""Two variants of which seeds diverge or never get there: how often a claim of being better is decided."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from benchmarks.coverage.row import Effort, Row, per_seeds
from dlbench.analysis.statistics.intervals import difference_interval
from dlbench.analysis.statistics.proportions import Score
from dlbench.metrics.quantity import ALPHA


def simulate(effort: Effort) -> Iterator[Row]:
    """Verdicts on the same variant twice, of which seeds fail, and on a rival that fails far more often."""
    for share in (0.1, 0.3, 0.6):
        yield Row(
            "better than a variant that is the same: a verdict", f"{share:.0%} of the seeds fail", "≤ 5 %",
            None, per_seeds(_decided(share, share, effort)),
        )  # fmt: skip
    yield Row(
        "better than a rival that fails with 9 seeds in 10: a verdict", "before: undecided", "",
        (0.0, 0.0, 0.0), per_seeds(_decided(0.0, 0.9, effort)),
    )  # fmt: skip


def _decided(ours_fail: float, theirs_fail: float, effort: Effort) -> Callable[[int], float]:
    def rate(n: int) -> float:
        random = effort.random()
        return sum(_is_decided(n, ours_fail, theirs_fail, random) for _ in range(effort.draws)) / effort.draws

    return rate


def _is_decided(n: int, ours_fail: float, theirs_fail: float, random: np.random.Generator) -> bool:
    """By the sign test where a seed of either side has failed, else by the paired interval."""
    ours, theirs = random.standard_normal((2, n))
    failed = [random.random(n) < share for share in (ours_fail, theirs_fail)]
    if not np.any(failed):
        interval = difference_interval(ours.tolist(), theirs.tolist())
        return interval is not None and 0.0 not in interval
    ours, theirs = (np.where(lost, -np.inf, side) for lost, side in zip(failed, (ours, theirs), strict=True))
    won, lost = int((ours > theirs).sum()), int((ours < theirs).sum())
    return Score(won, n - won - lost, lost).p <= ALPHA
