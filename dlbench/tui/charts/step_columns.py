"""Columns of steps: which column a step is in, and the axis beneath with ticks, marks and the cursor."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dlbench.tui.charts.glyphs import Glyphs
from dlbench.tui.charts.ink import Ink
from dlbench.tui.charts.picture import Picture
from dlbench.tui.charts.scale import Scale

APART = 2
"""Cells at least between two numbers of the axis."""


@dataclass(frozen=True)
class StepColumns:
    """`span` steps (at least 1) from `first` on, evenly over `width` columns."""

    first: int
    span: int
    width: int

    def column(self, step: int) -> int:
        """The column of a step; of the nearest one on the axis, where it is not on it."""
        inside = min(max(step - self.first, 0), self.span - 1)
        return inside * self.width // self.span

    def slices(self, starts: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Which of the rising `starts` (the first is `first`) each column shows, as first and last + 1, `[width]`.

        All that begin in the column; where none does, the one before, which goes on.
        """
        edges = self.first + -(-np.arange(self.width + 1) * self.span // self.width)
        indices = np.searchsorted(starts, edges)
        begin, end = indices[:-1], indices[1:]
        return np.where(begin < end, begin, begin - 1), np.maximum(begin, end)

    def draw(self, glyphs: Glyphs, cursor: int | None, marks: Sequence[int]) -> Picture:
        """Two rows: the line with ticks, marks of those steps and the cursor; then numbers, the cursor's in any case."""
        picture = Picture.blank(self.width, 2)
        picture.text[0], picture.front[0] = glyphs.horizontal, Ink.FAINT
        taken: list[tuple[int, int]] = []
        if cursor is not None:
            taken.append(self._label(picture, cursor, Ink.CURSOR))
        for step in self._ticks():
            picture.put(0, self.column(step), glyphs.tick, Ink.FAINT)
            start, stop = self._extent(step)
            if all(stop + APART <= left or right + APART <= start for left, right in taken):
                taken.append(self._label(picture, step, Ink.FAINT))
        if cursor is not None:
            picture.put(0, self.column(cursor), glyphs.vertical, Ink.CURSOR)
        for step in self._inside(marks):
            picture.put(0, self.column(step), glyphs.mark, Ink.MARK)
        return picture

    def _ticks(self) -> list[int]:
        """Round steps, as many as have room for their numbers."""
        last = self.first + self.span - 1
        room = self.width // (len(f"{last:,}") + APART + 2)
        if last == self.first or room < 2:
            return [self.first]
        return [int(tick) for tick in Scale(self.first, last, logarithmic=False).ticks(room) if tick == int(tick)]

    def _inside(self, steps: Iterable[int]) -> list[int]:
        return [step for step in steps if self.first <= step < self.first + self.span]

    def _extent(self, step: int) -> tuple[int, int]:
        """Where the number of a step begins and ends: about its column, moved inwards at the borders."""
        length = len(f"{step:,}")
        start = min(max(self.column(step) - length // 2, 0), max(self.width - length, 0))
        return start, start + length

    def _label(self, picture: Picture, step: int, ink: Ink) -> tuple[int, int]:
        step = min(max(step, self.first), self.first + self.span - 1)
        start, stop = self._extent(step)
        picture.put(1, start, f"{step:,}", ink)
        return start, stop
