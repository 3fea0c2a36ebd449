"""The trials of a log: its rows shared out among them, every number put into its series."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from dlbench.imports.log import LogRow
from dlbench.imports.series import LogSeries

MOST_NAMES = 1_000
"""Numbers of a trial by name; what has more is no log."""
MOST_TRIALS = 1_000
"""Trials of a log."""
LONGEST_NAME = 200
"""Characters of the name of a number, or of a variant."""


@dataclass
class ImportedTrial:
    """One variant with one seed, as its log tells of it."""

    variant: str
    seed: int | None
    settings: dict[str, Any]
    series: dict[str, LogSeries[float]] = field(default_factory=dict)
    """By the log's own names; NaN and infinity are values."""
    epochs: LogSeries[float] = field(default_factory=LogSeries)
    seconds: LogSeries[float] = field(default_factory=LogSeries)
    rows: int = 0
    step: int = -1
    """That of the row before; -1 before the first."""

    @property
    def last_step(self) -> int:
        """The last step of any of its numbers that counts."""
        return max((one.last_step for one in self.series.values()), default=0)

    def add(self, name: str, step: int, value: float) -> bool:
        """Take a number; returns whether there is room for its name."""
        found = self.series.get(name)
        if found is None:
            if len(self.series) >= MOST_NAMES:
                return False
            found = self.series[name] = LogSeries()
        found.add(step, value)
        return True

    @property
    def remarks(self) -> list[str]:
        """What must be said of its numbers."""
        own = self.series.values()
        back, twice = max((one.went_back for one in own), default=0), sum(one.replaced for one in own)
        stride = max((one.stride for one in own), default=1)
        told = []
        if back:
            times = "once" if back == 1 else f"{back:,} times"
            told.append(f"steps go back {times}, as where training went on from a checkpoint: what came later counts")
        if twice:
            values = "a value is" if twice == 1 else f"{twice:,} values are"
            told.append(f"{values} told again at the same step: what came later counts")
        if stride > 1:
            told.append(f"of its numbers at least every {stride}th is kept, and the last")
        return told


@dataclass(frozen=True)
class StepCells:
    """Where a row says its place: the names of the cells for steps, epochs and seconds; `None` where there is none."""

    step: str | None
    epoch: str | None
    seconds: str | None

    @property
    def names(self) -> set[str]:
        """Cells that are no numbers of the trial's."""
        return {name for name in (self.step, self.epoch, self.seconds) if name is not None}


@dataclass(frozen=True)
class Head:
    """The first rows of a log, which show what is in it, and all names in them."""

    rows: list[LogRow]
    names: dict[str, None]
    has_own_steps: bool

    @classmethod
    def of(cls, rows: list[LogRow], columns: Iterable[str]) -> Head:
        """Look at them, and at the names of a heading."""
        names = dict.fromkeys([*columns, *(name for row in rows for name in row.cells)])
        return cls(rows, names, any(row.step is not None for row in rows))
