"""The comparison's words: what is measured against what, and what came out. No torch here: a parent must stay small."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median
from typing import Any, Literal


@dataclass(frozen=True)
class Entry:
    """One implementation with its arguments; a lap of it does `units` pieces of the work that the comparison compares."""

    name: str
    implementation: str
    """A module of `benchmarks.implementations`."""
    arguments: dict[str, Any] = field(default_factory=dict)
    units: int = 1
    counts: str = "s"
    """What the number of a lap is, where it is no time."""


@dataclass(frozen=True)
class Aim:
    """What a comparison should come to: at least, or at most, so much."""

    bound: float
    at_least: bool = False

    def met_by(self, value: float) -> bool:
        """Whether `value` keeps the bound."""
        return value >= self.bound if self.at_least else value <= self.bound

    def __str__(self) -> str:
        return f"{'>=' if self.at_least else '<='} {self.bound:g}"


Quantity = Literal["median", "total", "memory"]
How = Literal["ratio", "difference", "alone"]


@dataclass(frozen=True)
class Comparison:
    """A number made of two entries: `left / right`, `left - right`, or `left` alone (then `right` is not read).

    `of` says what of an entry is compared: the `median` or the `total` of its seconds a unit, or its peak `memory`.
    """

    says: str
    left: str
    right: str
    aim: Aim | None = None
    of: Quantity = "median"
    how: How = "ratio"

    def value(self, left: float, right: float) -> float:
        """The comparison of two numbers."""
        if self.how == "alone":
            return left
        return left - right if self.how == "difference" else left / right


@dataclass(frozen=True)
class ComparisonCase:
    """Entries that run side by side, and what is read off them; `rounds` laps each, after one that warms up."""

    title: str
    unit: str
    entries: list[Entry]
    comparisons: list[Comparison]
    rounds: int
    threads: bool = True
    """Whether torch's threads are set, so that the comparison is held once for each number of them."""


@dataclass(frozen=True)
class Measured:
    """What one entry took: seconds a unit, lap by lap, and its process's memory; or why it did not run."""

    entry: Entry
    seconds: list[float] = field(default_factory=list)
    ready_mb: float = 0.0
    """Peak after its imports."""
    peak_mb: float = 0.0
    failure: str | None = None
    installed: bool = True
    """False where the failure is a library that is not there."""

    def of(self, which: Quantity) -> float:
        """The number that a comparison takes."""
        if which == "memory":
            return self.peak_mb
        return median(self.seconds) if which == "median" else sum(self.seconds)


@dataclass(frozen=True)
class Compared:
    """A comparison's value, its range over the rounds (each round's own value), and whether it keeps its aim."""

    comparison: Comparison
    value: float
    best: float
    """The same of each side's best lap."""
    low: float
    high: float
    unit: str
    """Times for a ratio, else what the laps count."""

    @property
    def met(self) -> bool | None:
        """None where there is no aim."""
        return None if self.comparison.aim is None else self.comparison.aim.met_by(self.value)


@dataclass(frozen=True)
class Outcome:
    """One comparison, held with one number of threads."""

    case: str
    comparison: ComparisonCase
    threads: int | None
    measured: list[Measured]

    def compared(self) -> list[Compared]:
        """Every comparison whose two entries ran."""
        by_name = {one.entry.name: one for one in self.measured if one.failure is None}
        return [
            _compare(comparison, by_name[comparison.left], by_name[comparison.right])
            for comparison in self.comparison.comparisons
            if comparison.left in by_name and comparison.right in by_name
        ]


def _compare(comparison: Comparison, left: Measured, right: Measured) -> Compared:
    value = comparison.value(left.of(comparison.of), right.of(comparison.of))
    unit = "x" if comparison.how == "ratio" else left.entry.counts
    if comparison.of == "memory":
        return Compared(comparison, value, value, value, value, unit)
    rounds = [comparison.value(a, b) for a, b in zip(left.seconds, right.seconds, strict=True)]
    best = comparison.value(min(left.seconds), min(right.seconds))
    return Compared(comparison, value, best, min(rounds), max(rounds), unit)
