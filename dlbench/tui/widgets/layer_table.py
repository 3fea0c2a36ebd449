"""The layers in numbers at one step: what each passes on, and the norm of its weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from rich.cells import cell_len

from dlbench.measures.base import Measure
from dlbench.measures.catalog import MEASURES
from dlbench.tui.charts.ink import Ink
from dlbench.tui.charts.legend import fitted, squeezed
from dlbench.tui.charts.picture import Picture
from dlbench.tui.charts.window import left_out, window
from dlbench.tui.model.rows import shown_rows
from dlbench.tui.model.series import broken_layers, layer_values, probe_step
from dlbench.tui.widgets.chart import Chart, ChartPoint, entitle
from dlbench.tui.widgets.notices import missing_probes
from dlbench.words.number_format import number, percent

if TYPE_CHECKING:
    from dlbench.tui.model.view import View

HEAD = 1
NAME_SHARE = 3
"""Names take a third of the width at most."""


def columns() -> list[Measure]:
    """What layers pass on, and the norm of their weights."""
    return [*(one for one in MEASURES.values() if one.of == "outputs" and one.is_tabled), MEASURES["weight_norm"]]


class LayerTable(Chart):
    """A row a layer, the output on top; where there are more than rows, the first, the last and those around the cursor.

    `beside` bars that name the layers of its rows it has only numbers.
    """

    def __init__(self, *, beside: bool = False) -> None:
        super().__init__(classes=None if beside else "frame")
        self._is_beside = beside
        self._layers: list[int | None] = []
        self._places: list[int] = []

    def draw(self, view: View, width: int, height: int) -> Picture:
        """The numbers; in words why there are none."""
        index, step = view.focus.trial, probe_step(view, view.focus.trial)
        self._layers = []
        entitle(self, "Activations and weights", below="" if step is None else f"step {step:,}")
        empty = missing_probes(view, index)
        if empty is not None or step is None:
            return self.say(empty, width, height) if empty and not self._is_beside else Picture.blank(width, height)
        rows = shown_rows(view, index)
        self._places, chosen = rows.places, rows.index(view.focus.layer)
        values = [layer_values(view, index, column.name, step) for column in columns()]
        for column, numbers in zip(columns(), values, strict=True):
            numbers[np.isnan(numbers) & broken_layers(view, index, column.name, step)] = np.inf
        shown = [numbers[rows.places] for numbers in values]
        self._layers = window(len(rows.names), max(height - HEAD, 0), chosen)
        picture = Picture.blank(width, height)
        left = 0 if self._is_beside else self._write_names(picture, rows.names, chosen)
        self._write_numbers(picture, shown, chosen, left)
        return picture

    def place(self, column: int, row: int) -> ChartPoint | None:
        """The layer of a row."""
        layer = self._layers[row - HEAD] if 0 <= row - HEAD < len(self._layers) else None
        return None if layer is None else ChartPoint(layer=self._places[layer])

    def _write_names(self, picture: Picture, names: list[str], chosen: int) -> int:
        """The names of the rows, and how many layers have none; returns the cells that they take."""
        wide = min(max(map(cell_len, names), default=0), picture.width // NAME_SHARE)
        for row, hidden in left_out(self._layers).items():
            text = fitted(f"+ {hidden:,} more", picture.width, self.glyphs.ellipsis)
            picture.put(row + HEAD, 2, text, Ink.FAINT)
        for row, layer in enumerate(self._layers, HEAD):
            if layer is not None:
                ink = Ink.CURSOR if layer == chosen else Ink.PLAIN
                picture.put(row, 0, self.glyphs.pointer if layer == chosen else " ", ink)
                picture.put(row, 2, squeezed(names[layer], wide, self.glyphs.ellipsis), ink)
        return wide + 2

    def _write_numbers(self, picture: Picture, values: list[NDArray[np.float64]], chosen: int, left: int) -> None:
        """A column a measure with its head, right of the names."""
        room = max((picture.width - left) // len(values), 1)
        for place, (column, numbers) in enumerate(zip(columns(), values, strict=True), 1):
            head = column.heads[0] if len(column.heads[0]) < room else column.heads[1]
            _right(picture, 0, left + room * place, room, head, Ink.FAINT)
            for row, layer in enumerate(self._layers, HEAD):
                if layer is not None:
                    is_fraction = column.bounds is not None
                    text, own = _cell(float(numbers[layer]), room - 1, is_fraction=is_fraction, none=self.glyphs.dead)
                    own = Ink.STRONG if layer == chosen and own is Ink.PLAIN else own
                    _right(picture, row, left + room * place, room, text, own)


def _cell(value: float, room: int, *, is_fraction: bool, none: str) -> tuple[str, Ink]:
    """A number as text with its ink, of fewer digits where it has no room; without the measure a faint sign, broken a loud one."""
    if np.isnan(value):
        return none, Ink.FAINT
    if np.isinf(value):
        return "NaN", Ink.ALARM
    text = percent(value) if is_fraction else number(value)
    return text if len(text) <= room else f"{value:.0e}", Ink.PLAIN


def _right(picture: Picture, row: int, end: int, room: int, text: str, ink: int) -> None:
    """Text that ends before a column, cut to its room."""
    picture.put(row, end - min(len(text), room - 1), text[: room - 1], ink)
