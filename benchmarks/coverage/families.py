"""Families of claims whose truth lies on the limit: how often some verdict is decided, and so false in one of the two ways."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from benchmarks.coverage.row import SEEDS, Effort, Row
from dlbench.analysis.claims.condition import Condition
from dlbench.analysis.claims.p_values import decide, holm
from dlbench.analysis.statistics.intervals import difference_intervals, mean_intervals
from dlbench.metrics.quantity import ALPHA, NUMBER, SHARE, Quantity

P = Callable[[np.random.Generator, int], list[float]]
"""The p of every claim of one run with so many seeds."""

INFINITE = float("inf")
CLAIMS = (5, 10)
LIMITS = (0.3, 0.5, 0.8)


def simulate(effort: Effort) -> Iterator[Row]:
    """The chance that any claim of a family is decided, uncorrected and by Holm's method."""
    for claims in CLAIMS:
        for kind, make in KINDS.items():
            families = [list(_runs(make, claims, n, effort)) for n in SEEDS]
            before, after = (
                tuple(sum(min(by(p)) <= ALPHA for p in found) / len(found) for found in families) for by in (list, holm)
            )
            yield Row(
                "claims, all true at their limit: some verdict", f"{claims} claims, {kind}", "≤ 5 %", before, after
            )


def _runs(make: Callable[[int], P], claims: int, n: int, effort: Effort) -> Iterator[list[float]]:
    random, p_of = effort.random(), make(claims)
    return (p_of(random, n) for _ in range(effort.draws))


def _p(values: list[float], condition: Condition, quantity: Quantity = NUMBER) -> float:
    return decide(mean_intervals(values, quantity), condition).p or 0.0


def _bounds(claims: int) -> P:
    """At least, and at most, what the mean is; near what is just as far from it as is tolerated."""
    conditions = [Condition(0.0, INFINITE), Condition(-INFINITE, 0.0), Condition(0.0, 0.5)]

    def p_of(random: np.random.Generator, n: int) -> list[float]:
        rows = random.standard_normal((claims, n)).tolist()
        return [_p(row, conditions[i % 3]) for i, row in enumerate(rows)]

    return p_of


def _better(claims: int) -> P:
    """Better than one and the same rival, which is as good."""
    condition = Condition(0.0, INFINITE, is_open=True, is_difference=True)

    def p_of(random: np.random.Generator, n: int) -> list[float]:
        rival, *others = random.standard_normal((claims + 1, n)).tolist()
        return [decide(difference_intervals(one, rival), condition).p or 0.0 for one in others]

    return p_of


def _shares(claims: int) -> P:
    """Shares of solved seeds, at least what they are."""

    def p_of(random: np.random.Generator, n: int) -> list[float]:
        limits = [LIMITS[i % 3] for i in range(claims)]
        return [
            _p(random.binomial(1, limit, n).astype(float).tolist(), Condition(limit, INFINITE), SHARE)
            for limit in limits
        ]

    return p_of


KINDS = {"at least, at most, between": _bounds, "better than one rival": _better, "shares": _shares}
