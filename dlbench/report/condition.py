"""The condition of a claim as a set of numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from dlbench.report.format import number
from dlbench.report.statistics import Interval


class Bounds(Protocol):
    """The keys of a claim that make its condition; exactly one is given."""

    @property
    def at_most(self) -> float | None:
        """The metric is not above it."""

    @property
    def at_least(self) -> float | None:
        """The metric is not below it."""

    @property
    def between(self) -> Sequence[float] | None:
        """The metric is within these two, both included."""

    @property
    def near(self) -> float | None:
        """The metric is not farther from it than `tolerance`."""

    @property
    def tolerance(self) -> float | None:
        """See `near`."""

    @property
    def better_than(self) -> str | None:
        """The metric is better than this variant's, seed by seed."""

    @property
    def by(self) -> float | None:
        """How much better at least; without it, better at all."""


@dataclass(frozen=True)
class Condition:
    """The numbers from `low` to `high`, both included unless `is_open`: then `low` is not."""

    low: float
    high: float
    is_open: bool = False
    is_difference: bool = False
    """Whether it is about the advantage over another variant."""

    def __contains__(self, value: float) -> bool:
        return (value > self.low if self.is_open else value >= self.low) and value <= self.high

    def holds_all(self, interval: Interval) -> bool:
        """Whether the whole interval lies within."""
        return interval.low in self and interval.high in self

    def holds_none(self, interval: Interval) -> bool:
        """Whether the whole interval lies outside."""
        below = interval.high <= self.low if self.is_open else interval.high < self.low
        return below or interval.low > self.high

    @property
    def limits(self) -> list[float]:
        """The finite ends."""
        return [end for end in (self.low, self.high) if math.isfinite(end)]

    def text(self, spec: str) -> str:
        """The condition in words, numbers by the format `spec`."""
        low, high = (number(end, spec) for end in (self.low, self.high))
        if math.isinf(self.high):
            return f"above {low}" if self.is_open else f"at least {low}"
        return f"at most {high}" if math.isinf(self.low) else f"{low} to {high}"


def condition_of(claim: Bounds) -> Condition:
    """The condition that a claim gives."""
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
