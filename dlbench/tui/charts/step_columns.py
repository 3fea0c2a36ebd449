"""Columns of steps: which column a step is in, and the axis beneath with ticks, marks and the cursor."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from dlbench.tui.charts.glyphs import Glyphs
from dlbench.tui.charts.ink import Ink
from dlbench.tui.charts.picture import Picture
from dlbench.tui.charts.scale import ValueScale

SLACK = 1e-12
"""Share by which a border may seem to lie beyond a step that it is, because logarithms are rounded."""
APART = 2
"""Cells at least between two numbers of the axis."""


@dataclass(frozen=True)
class StepColumns:
    """`span` steps (at least 1) from `first` (at least 0) on over `width` columns: evenly, or by the logarithm of 1 + step."""

    first: int
    span: int
    width: int
    logarithmic: bool = False

    @cached_property
    def edges(self) -> NDArray[np.int64]:
        """The first step at or after the left border of each column, and the first beyond the axis, `[width + 1]`."""
        columns = np.arange(self.width + 1)
        if not self.logarithmic:
            return self.first - (-columns * self.span // max(self.width, 1))
        bottom, top = np.log1p([self.first, self.first + self.span])
        borders = np.expm1(bottom + (top - bottom) * columns / max(self.width, 1))
        edges: NDArray[np.int64] = np.ceil(borders - SLACK * borders).astype(np.int64)
        edges = edges.clip(self.first, self.first + self.span)
        edges[:1], edges[-1:] = self.first, self.first + self.span
        return edges

    def column(self, step: int) -> int:
        """The column of a step; of the nearest one on the axis, where it is not on it."""
        inside = min(max(step, self.first), self.first + self.span - 1)
        return max(int(np.searchsorted(self.edges, inside, side="right")) - 1, 0)

    def step(self, column: int) -> int:
        """The step in the middle of a column; where none begins there, the one that goes on."""
        begin, end = int(self.edges[column]), int(self.edges[column + 1])
        return (begin + end) // 2 if begin < end else begin - 1

    def slices(self, starts: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Which of the rising `starts` (the first is `first`) each column shows, as first and last + 1, `[width]`.

        All that begin in the column; where none does, the one before, which goes on.
        """
        indices = np.searchsorted(starts, self.edges)
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
        if self.logarithmic:
            return self._powers(room)
        return [int(tick) for tick in ValueScale(self.first, last, logarithmic=False).ticks(room) if tick == int(tick)]

    def _powers(self, room: int) -> list[int]:
        """The first step and powers of ten, with twice and five times these where there is room for all their numbers."""
        count = len(str(self.first + self.span))
        mantissas = (1, 2, 5) if 3 * count <= room else (1,)
        return [self.first, *self._inside(mantissa * 10**power for power in range(count) for mantissa in mantissas)]

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
