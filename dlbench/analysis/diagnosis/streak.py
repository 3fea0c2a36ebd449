"""Since when something has held at probe after probe."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from dlbench.analysis.diagnosis.evidence import Marks

LASTING = 3
"""Probes in a row for which a rule must hold, where single ones mean nothing."""


class Streak:
    """Since when a rule has held without a break, for any layer, and how often; `layers` are those for which it holds now.

    `past` is from when to when it held before, if that lasted; `first` the place and step of the first probe at which it ever
    held, and the last step of that time.
    """

    def __init__(self) -> None:
        self.since: int | None = None
        self.count = 0
        self.layers: tuple[int, ...] = ()
        self.past: tuple[int, int] | None = None
        self.first: tuple[int, int, int] | None = None
        self._last = 0

    def go_on(self, steps: Sequence[int], place: int, holds: Marks) -> None:
        """Take probes at `steps`, the first of which is the trial's number `place`; `holds` is `[probes, layers]`."""
        anywhere: Marks = np.logical_or.reduce(holds, axis=1)
        for begin, end, is_held in _runs(anywhere, held_before=self.since is not None):
            self._take(steps[begin:end], place + begin, holds=is_held)
        self.layers = tuple(np.flatnonzero(holds[-1]).tolist())

    def _take(self, steps: Sequence[int], place: int, *, holds: bool) -> None:
        """Steps at all of which the rule holds, or at none."""
        if holds:
            if self.first is None:
                self.first = (place, steps[0], steps[-1])
            elif self.since == self.first[1]:
                self.first = (*self.first[:2], steps[-1])
            self.since = steps[0] if self.since is None else self.since
            self.count += len(steps)
            self._last = steps[-1]
            return
        if self.since is not None and self.count >= LASTING:
            self.past = (self.since, self._last)
        self.since, self.count = None, 0


def _runs(anywhere: Marks, *, held_before: bool) -> Iterator[tuple[int, int, bool]]:
    """Stretches of equal marks: their begin, their end, and the mark."""
    edges = np.flatnonzero(np.diff(anywhere, prepend=held_before)).tolist()
    for begin, end in zip([0, *edges], [*edges, len(anywhere)], strict=True):
        if end > begin:
            yield begin, end, bool(anywhere[begin])
