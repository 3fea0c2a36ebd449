"""Identical variants: how often a table says that some differ."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from benchmarks.coverage.row import SEEDS, Effort, Row, per_seeds
from benchmarks.coverage.textbook import newcombe
from dlbench.analysis.comparison import best, pairwise_alpha
from dlbench.analysis.statistics.intervals import difference_intervals
from dlbench.analysis.statistics.proportions import share_difference_interval
from dlbench.metrics.catalog import METRICS
from dlbench.metrics.quantity import ALPHA, Interval

Floats = NDArray[np.float64]
Draw = Callable[[np.random.Generator, int, int], Floats]

VARIANTS = (5, 11, 19)
SHARES = (0.1, 0.3, 0.5, 0.7, 0.9)


def simulate(effort: Effort) -> Iterator[Row]:
    """Some difference to the baseline excludes 0, some variant is set apart from the best, though all have one expectation."""
    for variants in VARIANTS:
        for kind, draw in KINDS.items():
            rates = [_some_excludes(draw, variants, n, effort) for n in SEEDS]
            before, after = zip(*rates, strict=True)
            yield Row(MATTER, f"{variants} variants, {kind}", PROMISE, before, after)
        before, after = (
            per_seeds(_some_share_excludes(variants, make, effort, alpha))
            for make, alpha in zip((newcombe, _exact), _levels(variants), strict=True)
        )
        yield Row(MATTER, f"{variants} variants, shares (worst of {len(SHARES)})", PROMISE, before, after)
    for variants in VARIANTS:
        before, after = (
            per_seeds(_some_is_set_apart(variants, effort, alpha)) for alpha in (ALPHA, pairwise_alpha(variants))
        )
        yield Row(MARK, f"{variants} variants, normal", PROMISE, before, after)


MATTER = "identical variants: some difference to the baseline excludes 0"
MARK = "identical variants: some is set apart from the best"
PROMISE = "≤ 5 %"


def _levels(variants: int) -> tuple[float, float]:
    return ALPHA, ALPHA / (variants - 1)


def _normal(random: np.random.Generator, variants: int, n: int) -> Floats:
    return random.standard_normal((variants, n))


def _unequal(random: np.random.Generator, variants: int, n: int) -> Floats:
    """The last varies ten times as much as the first, the baseline."""
    return random.standard_normal((variants, n)) * np.geomspace(1, 10, variants)[:, None]


def _skewed(random: np.random.Generator, variants: int, n: int) -> Floats:
    """Accuracies near 1 with a tail downwards, of 359 test samples."""
    found: Floats = np.round(random.beta(50, 2, (variants, n)) * 359) / 359
    return found


KINDS: dict[str, Draw] = {"normal": _normal, "deviations 1 to 10": _unequal, "accuracies": _skewed}


def _some_excludes(draw: Draw, variants: int, n: int, effort: Effort) -> tuple[float, float]:
    """By plain intervals, and by simultaneous ones."""
    random, counts = effort.random(), [0, 0]
    for _ in range(effort.draws):
        baseline, *others = draw(random, variants, n).tolist()
        made = [difference_intervals(one, baseline) for one in others]
        for place, alpha in enumerate(_levels(variants)):
            counts[place] += any(_excludes_0(one(alpha)) for one in made)
    return counts[0] / effort.draws, counts[1] / effort.draws


def _excludes_0(interval: Interval | None) -> bool:
    return interval is not None and 0.0 not in interval


def _some_share_excludes(
    variants: int, make: Callable[[int, int, int, float], Interval], effort: Effort, alpha: float
) -> Callable[[int], float]:
    def rate(n: int) -> float:
        pairs = itertools.product(range(n + 1), repeat=2)
        excludes = np.reshape([0.0 not in make(a, b, n, alpha) for a, b in pairs], (n + 1, n + 1))
        random = effort.random()
        counts = (random.binomial(n, share, (20 * effort.draws, variants)) for share in SHARES)
        return max(float(excludes[solved[:, 1:], solved[:, :1]].any(axis=1).mean()) for solved in counts)

    return rate


def _exact(ours: int, theirs: int, n: int, alpha: float) -> Interval:
    interval = share_difference_interval(ours, theirs, n, alpha)
    assert interval is not None
    return interval


def _some_is_set_apart(variants: int, effort: Effort, alpha: float) -> Callable[[int], float]:
    metric = METRICS["overfitting_rise"]

    def rate(n: int) -> float:
        random = effort.random()
        runs = (random.standard_normal((variants, n)) for _ in range(effort.draws))
        tables = ({str(i): dict(enumerate(row.tolist())) for i, row in enumerate(run)} for run in runs)
        return sum(len(best(table, metric, alpha)) < variants for table in tables) / effort.draws

    return rate
