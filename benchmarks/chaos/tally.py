"""What came of each disturbance, counted by kind."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field

from rich.table import Table

COLUMNS = ("kind", "tried", "same table", "told", "lost")


@dataclass
class Counts:
    """How often a kind was tried, ended with the table of an undisturbed run, was told by dlbench, and lost something."""

    tried: int = 0
    same: int = 0
    told: int = 0
    lost: int = 0


@dataclass
class Tally:
    """Counts by kind, and in words whatever was not as promised; several threads may add."""

    kinds: dict[str, Counts] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, kind: str, *, same: bool, told: bool, may_differ: bool = False) -> None:
        """Count one disturbance; something is lost unless the table is the same, or said to be another where it `may_differ`."""
        with self._lock:
            counts = self.kinds.setdefault(kind, Counts())
            counts.tried += 1
            counts.same += same
            counts.told += told
            counts.lost += not (same or (may_differ and told))

    def fault(self, text: str) -> None:
        """Note something that is not as promised."""
        with self._lock:
            self.faults.append(text)

    @property
    def lost(self) -> int:
        """How many disturbances lost something."""
        return sum(counts.lost for counts in self.kinds.values())

    def table(self) -> Table:
        """The counts, a row a kind, and their sums."""
        found = Table(*COLUMNS, box=None)
        for column in found.columns[1:]:
            column.justify = "right"
        for kind, counts in self.kinds.items():
            found.add_row(kind, *_numbers([counts]))
        found.add_row("all", *_numbers(self.kinds.values()), style="bold")
        return found


def _numbers(counts: Iterable[Counts]) -> list[str]:
    every = list(counts)
    return [str(sum(getattr(one, name) for one in every)) for name in ("tried", "same", "told", "lost")]
