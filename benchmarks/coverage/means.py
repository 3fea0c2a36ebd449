"""Means of what is not normal: equal values, lost seeds, bounds, ratios."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from benchmarks.coverage.row import Effort, Row, per_seeds
from dlbench.analysis.claims.condition import Condition
from dlbench.analysis.claims.p_values import decide
from dlbench.analysis.statistics.intervals import mean_interval, mean_intervals, summarize
from dlbench.metrics.quantity import ACCURACY, FIXED, NUMBER, POSITIVE, RATIO, Quantity
from dlbench.words.outcomes import Outcome

Floats = NDArray[np.float64]
Draw = Callable[[np.random.Generator, int], Floats]


def simulate(effort: Effort) -> Iterator[Row]:
    """How often something false is confirmed of equal values, and how often intervals hold the mean."""
    yield Row(
        "accuracy 1 or less, .85 on average: 'at least .95' confirmed", "2-2-1 net on XOR", "≤ 5 %",
        per_seeds(_confirms(FIXED, effort)), per_seeds(_confirms(ACCURACY, effort)),
    )  # fmt: skip
    yield Row(
        "the 95 % interval holds the mean", "one seed in ten lost: .98, or .5", "not mended",
        per_seeds(_holds(_lost, 0.932, NUMBER, effort)), per_seeds(_holds(_lost, 0.932, ACCURACY, effort)),
    )  # fmt: skip
    yield Row("the median is shown", "the same, where a seed is lost", "", None, per_seeds(_is_told(effort)))
    yield Row("the median is shown", "normal", "", None, per_seeds(_is_told(effort, lost=False)))
    yield Row(
        "the 95 % interval holds the mean", "normal", "95 %",
        None, per_seeds(_holds(lambda random, n: random.standard_normal(n), 0.0, NUMBER, effort)),
    )  # fmt: skip
    yield Row(
        "the 95 % interval holds the mean", "ratios, the factor e² apart: mean; geometric mean", "95 %",
        per_seeds(_holds(_ratios, math.exp(2.0), POSITIVE, effort)), per_seeds(_holds(_ratios, 1.0, RATIO, effort)),
    )  # fmt: skip
    yield Row(
        "the 95 % interval leaves what can be", "accuracies near 1", "0 %",
        per_seeds(_leaves(NUMBER, effort)), per_seeds(_leaves(ACCURACY, effort)),
    )  # fmt: skip
    near = 50 / 52
    yield Row(
        "the 95 % interval holds the mean", "accuracies near 1", "as before",
        per_seeds(_holds(_near_one, near, NUMBER, effort)), per_seeds(_holds(_near_one, near, ACCURACY, effort)),
    )  # fmt: skip


def _xor(random: np.random.Generator, n: int) -> Floats:
    """Two seeds in three learn XOR, the others get half or three quarters: .85 on average."""
    found: Floats = random.choice([1.0, 0.75, 0.5], size=n, p=[0.67, 0.06, 0.27])
    return found


def _lost(random: np.random.Generator, n: int) -> Floats:
    found: Floats = np.where(random.random(n) < 0.1, 0.5, 0.98) + random.normal(0, 0.002, n)
    return found


def _ratios(random: np.random.Generator, n: int) -> Floats:
    found: Floats = np.exp(random.normal(0, 2, n))
    return found


def _near_one(random: np.random.Generator, n: int) -> Floats:
    found: Floats = random.beta(50, 2, n)
    return found


def _confirms(quantity: Quantity, effort: Effort) -> Callable[[int], float]:
    condition = Condition(0.95, math.inf)

    def is_confirmed(values: list[float]) -> bool:
        found = decide(mean_intervals(values, quantity), condition)
        return found.outcome is Outcome.CONFIRMED and found.p is not None and found.p <= 0.05

    def rate(n: int) -> float:
        random = effort.random()
        return sum(is_confirmed(_xor(random, n).tolist()) for _ in range(effort.draws)) / effort.draws

    return rate


def _holds(draw: Draw, mean: float, quantity: Quantity, effort: Effort) -> Callable[[int], float]:
    def rate(n: int) -> float:
        random = effort.random()
        made = (mean_interval(draw(random, n).tolist(), quantity) for _ in range(effort.draws))
        return sum(one is not None and mean in one for one in made) / effort.draws

    return rate


def _leaves(quantity: Quantity, effort: Effort) -> Callable[[int], float]:
    def rate(n: int) -> float:
        random = effort.random()
        made = (mean_interval(_near_one(random, n).tolist(), quantity) for _ in range(effort.draws))
        return sum(one is not None and one.high > 1 for one in made) / effort.draws

    return rate


def _is_told(effort: Effort, *, lost: bool = True) -> Callable[[int], float]:
    def rate(n: int) -> float:
        random = effort.random()
        runs = (_lost(random, n) if lost else random.standard_normal(n) for _ in range(effort.draws))
        asked = [run for run in runs if not lost or (run < 0.7).sum() > 0]
        return sum(summarize(run.tolist()).median is not None for run in asked) / max(len(asked), 1)

    return rate
