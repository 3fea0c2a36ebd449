"""The layers in numbers at one step: what each passes on, and the norm of its weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from rich.cells import cell_len

from dlbench.measures.base import Measure
from dlbench.measures.catalog import MEASURES
from dlbench.tui.charts.ink import Ink
from dlbench.tui.charts.legend import squeezed
from dlbench.tui.charts.picture import Picture
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
    return [*(one for one in MEASURES.values() if one.of == "outputs"), MEASURES["weight_norm"]]


class LayerTable(Chart):
    """A row a layer, the output on top; where there are more than rows, those around the cursor."""

    def __init__(self) -> None:
        super().__init__(classes="frame")
        self._layers: range = range(0)
        self._places: list[int] = []

    def draw(self, view: View, width: int, height: int) -> Picture:
        """The numbers; in words why there are none."""
        index, step = view.focus.trial, probe_step(view, view.focus.trial)
        self._layers = range(0)
        entitle(self, "Activations and weights", below="" if step is None else f"step {step:,}")
        empty = missing_probes(view, index)
        if empty is not None or step is None:
            return self.say(empty, width, height) if empty else Picture.blank(width, height)
        rows = shown_rows(view, index)
        self._places, chosen = rows.places, rows.index(view.focus.layer)
        values = [layer_values(view, index, column.name, step) for column in columns()]
        for column, numbers in zip(columns(), values, strict=True):
            numbers[np.isnan(numbers) & broken_layers(view, index, column.name, step)] = np.inf
        shown = [numbers[rows.places] for numbers in values]
        self._layers = window(len(rows.names), chosen, max(height - HEAD, 0))
        return self._table(rows.names, shown, chosen, width, height)

    def place(self, column: int, row: int) -> ChartPoint | None:
        """The layer of a row."""
        inside = 0 <= row - HEAD < len(self._layers)
        return ChartPoint(layer=self._places[self._layers[row - HEAD]]) if inside else None

    def _table(
        self, names: list[str], values: list[NDArray[np.float64]], chosen: int, width: int, height: int
    ) -> Picture:
        picture = Picture.blank(width, height)
        wide = min(max(map(cell_len, names), default=0), width // NAME_SHARE)
        room = max((width - wide - 2) // len(values), 1)
        for place, column in enumerate(columns()):
            head = column.heads[0] if len(column.heads[0]) < room else column.heads[1]
            _right(picture, 0, wide + 2 + room * (place + 1), room, head, Ink.FAINT)
        for row, layer in enumerate(self._layers, HEAD):
            ink = Ink.CURSOR if layer == chosen else Ink.PLAIN
            picture.put(row, 0, self.glyphs.pointer if layer == chosen else " ", ink)
            picture.put(row, 2, squeezed(names[layer], wide, self.glyphs.ellipsis), ink)
            for place, (column, numbers) in enumerate(zip(columns(), values, strict=True)):
                text, own = _cell(float(numbers[layer]), is_fraction=column.bounds is not None, none=self.glyphs.dead)
                own = Ink.STRONG if layer == chosen and own is Ink.PLAIN else own
                _right(picture, row, wide + 2 + room * (place + 1), room, text, own)
        return picture


def window(layers: int, chosen: int, rows: int) -> range:
    """The layers that fit into so many rows, from the output down, the chosen one among them."""
    first = min(max(chosen + rows // 2, rows - 1), layers - 1) if rows < layers else layers - 1
    return range(first, max(first - rows, -1), -1)


def _cell(value: float, *, is_fraction: bool, none: str) -> tuple[str, Ink]:
    """A number as text with its ink; a layer without the measure has a faint sign, a broken number a loud one."""
    if np.isnan(value):
        return none, Ink.FAINT
    if np.isinf(value):
        return "NaN", Ink.ALARM
    return (percent(value) if is_fraction else number(value)), Ink.PLAIN


def _right(picture: Picture, row: int, end: int, room: int, text: str, ink: int) -> None:
    """Text that ends before a column, cut to its room."""
    picture.put(row, end - min(len(text), room - 1), text[: room - 1], ink)
