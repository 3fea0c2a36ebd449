"""Histograms of gradients over steps: as many as were asked for, evenly thinned out, as small as their counts allow."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

import numpy as np

from dlbench.measures.names import HISTOGRAM, ZEROS
from dlbench.state.event_fields import Counts, Event, tallies

KEPT = 64
"""Records a stack that are kept for those who look at them."""


@dataclass(frozen=True)
class Histogram:
    """Gradients at one step: `counts` `[trials, layers, bins]`, and how many are exactly zero, `[trials, layers]`.

    Of one trial, both without their first axis.
    """

    step: int
    session: int
    counts: Counts
    zeros: Counts


def histogram_of(event: Event, shape: tuple[int, int | None], step: int, session: int) -> Histogram | None:
    """The histograms of a `probe` event, where it has some of `shape` (trials, layers; `None`: any number of them)."""
    counts = tallies(event.get(HISTOGRAM), (*shape, None))
    if counts is None:
        return None
    zeros = tallies(event.get(ZEROS), counts.shape[:2])
    return Histogram(step, session, counts, np.zeros(counts.shape[:2], counts.dtype) if zeros is None else zeros)


class Histograms:
    """At most `most` records (0, or at least 2) at ascending steps: the newest, and every one, 2nd, 4th, 8th ... before it."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._kept: list[Histogram] = []
        self._newest: Histogram | None = None
        """The newest where it will give way to the next: it is `_since` after the last that stays."""
        self._stride = 1
        self._since = 0

    @property
    def records(self) -> list[Histogram]:
        """What is kept, ascending by step."""
        return self._kept if self._newest is None else [*self._kept, self._newest]

    @property
    def steps(self) -> list[int]:
        """The steps of the records."""
        return [record.step for record in self.records]

    def at(self, step: int | None = None) -> Histogram | None:
        """The last record at or before `step`; without a step the newest."""
        records = self.records
        index = len(records) if step is None else bisect_right(records, step, key=_step)
        return records[index - 1] if index else None

    def record(self, new: Histogram) -> None:
        """Put a record in its place; of two at the same step that of the newer session stays."""
        if not self.most:
            return
        newest = self.at()
        if newest is None or new.step > newest.step:
            self._append(new)
        elif self._newest is not None and new.step == self._newest.step:
            self._newest = new if new.session >= self._newest.session else self._newest
        else:
            self._insert(new)
        if len(self._kept) + (self._newest is not None) > self.most:
            self._thin()

    def drop_after(self, step: int, before_session: int) -> None:
        """Forget the records after `step` that sessions older than `before_session` wrote."""
        records = self.records
        kept = [record for record in records if record.step <= step or record.session >= before_session]
        if len(kept) < len(records):
            self._kept, self._newest, self._since = kept, None, 0

    def _append(self, new: Histogram) -> None:
        self._since = (self._since + 1) % self._stride if self._kept else 0
        if self._since:
            self._newest = new
        else:
            self._kept.append(new)
            self._newest = None

    def _insert(self, new: Histogram) -> None:
        """Files of several sessions may be read in any order."""
        index = bisect_right(self._kept, new.step, key=_step)
        if not index or self._kept[index - 1].step != new.step:
            self._kept.insert(index, new)
        elif self._kept[index - 1].session <= new.session:
            self._kept[index - 1] = new

    def _thin(self) -> None:
        """Keep every second of those that stay."""
        last = self._kept[-1]
        self._kept = self._kept[::2]
        if self._kept[-1] is not last:
            self._since += self._stride
            self._newest = self._newest or last
        self._stride *= 2


def _step(record: Histogram) -> int:
    return record.step
