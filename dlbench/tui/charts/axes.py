"""The frame of a chart over steps: a value's scale to the left, steps beneath, marks and the cursor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from dlbench.tui.charts.braille import Grain
from dlbench.tui.charts.glyphs import Glyphs
from dlbench.tui.charts.ink import Ink
from dlbench.tui.charts.picture import Picture
from dlbench.tui.charts.scale import ValueScale
from dlbench.tui.charts.step_columns import StepColumns


@dataclass(frozen=True)
class Area:
    """A rectangle of cells."""

    top: int
    left: int
    width: int
    height: int

    @property
    def bottom(self) -> int:
        """The row beneath it."""
        return self.top + self.height


@dataclass(frozen=True)
class PlotFrame:
    """An area whose columns are the steps `first` to `last`, in cells of `grain` dots."""

    area: Area
    first: int
    last: int
    grain: Grain
    log_steps: bool = False

    @property
    def rows(self) -> int:
        """Rows of dots."""
        return self.area.height * self.grain.down

    @cached_property
    def columns(self) -> StepColumns:
        """Which column of cells a step is in."""
        return self._columns(self.area.width)

    def edges(self) -> NDArray[np.int64]:
        """The first step of each column of dots, `[columns]`."""
        return self._columns(self.area.width * self.grain.across).edges[:-1]

    def _columns(self, count: int) -> StepColumns:
        return StepColumns(self.first, self.last - self.first + 1, max(count, 0), self.log_steps)

    def cell(self, step: int) -> int | None:
        """The column of the picture where a step stands; `None` beyond the axis."""
        inside = self.first <= step <= self.last and self.area.width > 0
        return self.area.left + self.columns.column(step) if inside else None

    def step(self, column: int) -> int:
        """The step in the middle of a column of the picture."""
        return self.columns.step(column - self.area.left)

    def draw_scale(self, picture: Picture, scale: ValueScale, glyphs: Glyphs) -> None:
        """The vertical axis in the column left of the area, with labels left of that."""
        column, area = self.area.left - 1, self.area
        for row in range(area.top, area.bottom):
            picture.put(row, column, glyphs.vertical, Ink.FAINT)
        picture.put(area.bottom, column, glyphs.corner, Ink.FAINT)
        ticks = np.array(scale.ticks(max(area.height // 2, 3)))
        dots = np.rint((1 - scale.positions(ticks)) * (self.rows - 1))
        free = area.bottom
        for tick, row in zip(ticks.tolist(), (area.top + dots // self.grain.down).tolist(), strict=True):
            label = scale.label(tick)
            if row < free and len(label) <= column:
                free = int(row)
                picture.put(free, column - len(label), label, Ink.FAINT)
                picture.put(free, column, glyphs.tick_left, Ink.FAINT)

    def draw_steps(self, picture: Picture, glyphs: Glyphs, cursor: int | None, marks: Sequence[int]) -> None:
        """The horizontal axis in the two rows beneath the area."""
        picture.paste(self.columns.draw(glyphs, cursor, marks), self.area.bottom, self.area.left)

    def draw_cursor(self, picture: Picture, step: int, glyphs: Glyphs) -> None:
        """The vertical hair line through a step, to be drawn before the curves."""
        cell = self.cell(step)
        if cell is not None:
            for row in range(self.area.top, self.area.bottom):
                picture.put(row, cell, glyphs.vertical, Ink.CURSOR)
