"""The condition of a claim as a set of numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dlbench.metrics.format import number
from dlbench.metrics.quantity import Interval, at_least, at_most

if TYPE_CHECKING:
    from dlbench.plan.questions import Claim


@dataclass(frozen=True)
class Condition:
    """The numbers from `low` to `high`, both included unless `is_open`: then `low` is not. Rounding puts no number outside."""

    low: float
    high: float
    is_open: bool = False
    is_difference: bool = False
    """Whether it is about the advantage over another variant."""
    words: str = ""
    """It in words, where it was not given in numbers."""

    def __contains__(self, value: float) -> bool:
        above = not at_most(value, self.low) if self.is_open else at_least(value, self.low)
        return above and at_most(value, self.high)

    def holds_all(self, interval: Interval) -> bool:
        """Whether the whole interval lies within."""
        return interval.low in self and interval.high in self

    def holds_none(self, interval: Interval) -> bool:
        """Whether the whole interval lies outside."""
        below = at_most(interval.high, self.low) if self.is_open else not at_least(interval.high, self.low)
        return below or not at_most(interval.low, self.high)

    @property
    def limits(self) -> list[float]:
        """The finite ends."""
        return [end for end in (self.low, self.high) if math.isfinite(end)]

    def text(self, spec: str) -> str:
        """The condition in words, numbers by the format `spec`."""
        if self.words:
            return self.words
        low, high = (number(end, spec) if math.isfinite(end) else "" for end in (self.low, self.high))
        if math.isinf(self.high):
            return f"above {low}" if self.is_open else f"at least {low}"
        return f"at most {high}" if math.isinf(self.low) else f"{low} to {high}"


def condition_of(claim: Claim) -> Condition:
    """The condition that a claim gives; of findings, more than half of the seeds where it gives none."""
    if claim.is_of_findings and claim.at_least is None and claim.at_most is None and claim.between is None:
        if claim.every_seed:
            return Condition(1.0, math.inf, words="of every seed")
        return Condition(0.5, math.inf, is_open=True, words="of more than half of the seeds")
    if claim.better_than is not None:
        return Condition(claim.by or 0.0, math.inf, is_open=not claim.by, is_difference=True)
    if claim.between is not None:
        low, high = claim.between
        return Condition(low, high)
    if claim.near is not None:
        tolerance = claim.tolerance or 0.0
        return Condition(claim.near - tolerance, claim.near + tolerance)
    low = -math.inf if claim.at_least is None else claim.at_least
    high = math.inf if claim.at_most is None else claim.at_most
    return Condition(low, high)
