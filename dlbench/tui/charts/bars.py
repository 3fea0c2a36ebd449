"""Bars: one number a layer, the output layer on top; zero, missing and broken told apart."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from rich.cells import cell_len

from dlbench.tui.charts.axes import Area
from dlbench.tui.charts.bands import Bands
from dlbench.tui.charts.glyphs import Glyphs
from dlbench.tui.charts.ink import Ink
from dlbench.tui.charts.legend import fitted, squeezed
from dlbench.tui.charts.picture import Picture
from dlbench.tui.charts.scale import ValueScale
from dlbench.tui.charts.window import left_out, window
from dlbench.words.number_format import number

AXIS_FROM = (30, 6)
"""From this width and height on there is an axis beneath."""
NAMES_FROM = 16
VALUES_FROM = 30
TALLEST = 3
"""Rows that a layer gets at most, the space between bars included."""
TICK_ROOM = 8
"""Cells that the number of a tick takes with the space around it."""
BAR = Ink.series(0)
SECOND = Ink.series(1)


@dataclass(frozen=True)
class BarChart:
    """Bars as a picture; `layers` tells the layer of each row, `None` where there is none."""

    picture: Picture
    layers: Sequence[int | None]

    def at(self, row: int) -> int | None:
        """The layer of a row; `None` beside the bars."""
        return self.layers[row] if 0 <= row < len(self.layers) else None


def layer_bars(  # noqa: PLR0913  # what a chart is made of
    names: Sequence[str],
    values: NDArray[np.floating],
    width: int,
    height: int,
    glyphs: Glyphs,
    *,
    scale: ValueScale,
    second: NDArray[np.floating] | None,
    cursor: int | None,
    missing: NDArray[np.bool_] | None = None,
    halves: int | None = None,
    alone: Collection[int] = (),
    in_rows: bool = False,
) -> BarChart:
    """Draw a bar a layer: names left, values right, a tick on each bar for a second measure.

    Args:
        names: of the layers, from input to output.
        values: `[layers]`; NaN and infinity were measured, unless missing.
        width: cells across, 0 or more.
        height: cells down, 0 or more; where layers have no room, the first, the last and those around the cursor are shown.
        glyphs: the characters.
        scale: of both measures.
        second: `[layers]`, or none.
        cursor: the layer that is looked at.
        missing: `[layers]`, where nothing was measured; `None` if nowhere.
        halves: lines in a row of the heat map beside, with whose bands the bars stand in line; `None` where there is none.
        alone: the layers that stand alone there.
        in_rows: a row a layer and nothing else, to be one column of a table.
    """
    picture = Picture.blank(width, height)
    width, height = picture.width, picture.height
    has_axis = width >= AXIS_FROM[0] and height >= AXIS_FROM[1] and not in_rows
    room = height - 2 if has_axis else height
    if len(names) <= room and not in_rows:
        slots, rows = _slots(len(names), room, halves, alone)
    else:
        rows = window(len(names), room, cursor)
        slots = {layer: range(row, row + 1) for row, layer in enumerate(rows) if layer is not None}
    left = min(max(map(cell_len, names), default=0), width // (2 if in_rows else 3)) + 2 if width >= NAMES_FROM else 0
    numbers = [number(value) for value in values.tolist()]
    right = max(map(len, numbers), default=0) + 1 if width >= VALUES_FROM else 0
    drawing = _BarDrawing(picture, Area(0, left, width - left - right, len(rows)), scale, glyphs)
    drawing.draw_line()
    for layer, slot in slots.items():
        drawing.draw_name(slot[len(slot) // 2], names[layer], is_chosen=layer == cursor)
        if missing is None or not missing[layer]:
            drawing.draw_value(slot, float(values[layer]), numbers[layer] if right else "")
        if second is not None:
            drawing.draw_tick(slot, float(second[layer]))
    drawing.draw_hidden(rows)
    if has_axis:
        drawing.draw_axis()
    return BarChart(picture, rows)


def _slots(
    layers: int, room: int, halves: int | None, alone: Collection[int]
) -> tuple[dict[int, range], list[int | None]]:
    """The rows of each layer's bar, all bars equally thick, and the layer of each row, where all layers have room.

    Without a heat map beside them layers get as many rows each, up to `TALLEST`.
    """
    if halves is None:
        bands = Bands.sharing(layers, min(room // max(layers, 1), TALLEST) * layers, 1)
    else:
        bands = Bands.sharing(layers, room, halves, alone)
    whole = [range(-(-top // bands.halves), bottom // bands.halves) for top, bottom in pairwise(bands.borders)]
    apart = bands.rows // max(layers, 1)
    thick = max(min([apart - 1, *map(len, whole)]), 1)
    slots = {}
    for layer, rows in zip(range(layers - 1, -1, -1), whole, strict=True):
        middle = bands.row(layer) - thick // 2 if halves else rows.start
        start = min(max(middle, rows.start), rows.stop - thick) if rows else bands.row(layer)
        slots[layer] = range(start, start + thick)
    return slots, [bands.at(row)[0][-1] for row in range(bands.rows)]


@dataclass(frozen=True)
class _BarDrawing:
    """A picture, the area of the bars in it, and their scale."""

    picture: Picture
    area: Area
    scale: ValueScale
    glyphs: Glyphs

    def place(self, value: float) -> float:
        """How many cells from its left end the area shows a value, NaN if nowhere."""
        return float(self.scale.positions(value)) * self.area.width

    @property
    def zero(self) -> int:
        """The cell at which bars begin: where zero is on a linear scale, else its lower end."""
        return 0 if self.scale.logarithmic else min(int(self.place(0.0)), max(self.area.width - 1, 0))

    def draw_name(self, row: int, name: str, *, is_chosen: bool) -> None:
        """The name of a layer, pointed at where it is chosen."""
        room, ink = self.area.left - 2, Ink.CURSOR if is_chosen else Ink.PLAIN
        if room > 0:
            self.picture.put(row, 0, squeezed(name, room, self.glyphs.ellipsis), ink)
            self.picture.put(row, room, self.glyphs.pointer if is_chosen else "", Ink.CURSOR)

    def draw_line(self) -> None:
        """The line that bars stand on."""
        for row in range(self.area.top, self.area.bottom):
            self.picture.put(row, self.area.left - 1, self.glyphs.vertical, Ink.FAINT)

    def draw_value(self, slot: range, value: float, text: str) -> None:
        """The bar of a value, or the sign of what has none; the number at the right."""
        row = slot[len(slot) // 2]
        ink = Ink.DEAD if value == 0 else BAR if math.isfinite(value) else Ink.ALARM
        if value == 0:
            self._put(row, self.zero, self.glyphs.dead, ink)
        elif math.isnan(value):
            self._put(row, self.zero, self.glyphs.broken, ink)
        elif not math.isnan(end := self.place(value)):
            start, bar = self._backwards(end) if value < 0 else self._forwards(end)
            for each in slot:
                self._put(each, start, bar, ink)
        self.picture.put(row, self.picture.width - len(text), text, Ink.PLAIN if ink == BAR else ink)

    def draw_tick(self, slot: range, value: float) -> None:
        """Where a second measure stands."""
        if not math.isnan(end := self.place(value)):
            for row in slot:
                self._put(row, min(int(end), self.area.width - 1), self.glyphs.vertical, SECOND)

    def draw_hidden(self, rows: list[int | None]) -> None:
        """How many layers have no row, and where."""
        for row, hidden in left_out(rows).items():
            text = fitted(f"+ {hidden:,} more", self.picture.width, self.glyphs.ellipsis)
            self.picture.put(row, 0, text, Ink.FAINT)

    def draw_axis(self) -> None:
        """The scale beneath the bars, with its ticks."""
        row, area, free = self.area.bottom, self.area, 0
        self.picture.put(row, area.left - 1, self.glyphs.corner + self.glyphs.horizontal * area.width, Ink.FAINT)
        for tick in self.scale.ticks(max(area.width // TICK_ROOM, 2)):
            cell, label = area.left + min(int(self.place(tick)), area.width - 1), self.scale.label(tick)
            start = min(max(cell - len(label) // 2, 0), self.picture.width - len(label))
            if start >= free:
                self.picture.put(row, cell, self.glyphs.tick, Ink.FAINT)
                free = self.picture.put(row + 1, start, label, Ink.FAINT) + 1

    def _forwards(self, end: float) -> tuple[int, str]:
        """The cell where a bar starts and its characters: to an eighth of a cell, and never nothing."""
        whole = len(self.glyphs.bars) - 1
        cells, part = divmod(max(round((end - self.zero) * whole), 1), whole)
        return self.zero, self.glyphs.bars[whole] * cells + self.glyphs.bars[part] * (part > 0)

    def _backwards(self, end: float) -> tuple[int, str]:
        """The same to the left, by whole cells: no character is filled from its right."""
        start = max(min(int(end), self.zero - 1), 0)
        return start, self.glyphs.bars[-1] * (self.zero - start)

    def _put(self, row: int, cell: int, text: str, ink: int) -> None:
        """Write into the area and no further."""
        self.picture.put(row, self.area.left + cell, text[: max(self.area.width - cell, 0)], ink)
