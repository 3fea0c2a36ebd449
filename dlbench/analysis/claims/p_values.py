"""How sure a decision is: p-values out of intervals, and their correction where several claims are judged together."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from dlbench.analysis.claims.condition import Condition
from dlbench.analysis.claims.verdict import Decision
from dlbench.metrics.quantity import Interval
from dlbench.words.outcomes import Outcome

LEAST = -16.0
"""The decimal logarithm of the least p that is told from 0."""
HALVINGS = 26
"""How often the range of that logarithm is halved: p is exact to a millionth of itself."""


def decide(interval_at: Callable[[float], Interval | None], condition: Condition) -> Decision:
    """Which way the intervals decide, at the least alpha at which one does: its p.

    `interval_at` gives the interval that misses with a probability alpha, wider the smaller alpha is. Of a claim with one limit p
    is that of the two-sided test of the limit; of one with two limits confirmed, it is the larger of both.
    """
    low, high = LEAST, 0.0
    outcome = judged(interval_at(1.0), condition)
    if outcome is Outcome.UNDECIDED:
        return Decision(outcome, 1.0)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if judged(interval_at(10.0**middle), condition) is Outcome.UNDECIDED:
            low = middle
        else:
            high = middle
    return Decision(outcome, 10.0**high)


def judged(interval: Interval | None, condition: Condition) -> Outcome:
    """Confirmed with the whole interval within the condition, refuted with it outside."""
    if interval is None:
        return Outcome.UNDECIDED
    if condition.holds_all(interval):
        return Outcome.CONFIRMED
    return Outcome.REFUTED if condition.holds_none(interval) else Outcome.UNDECIDED


def holm(p_values: Sequence[float]) -> list[float]:
    """Each p as it counts among all (Holm 1979): at 0.05 the chance that any is a false decision is 5 % at most.

    The i-th smallest of m, times m - i + 1, but no less than any smaller one's, and 1 at most; whatever the claims have to do
    with each other.
    """
    p = np.asarray(p_values, dtype=float)
    order = np.argsort(p, kind="stable")
    corrected = np.empty_like(p)
    corrected[order] = np.minimum(np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)), 1.0)
    return [float(one) for one in corrected]
