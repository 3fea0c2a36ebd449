"""Every layer at one step: a bar for the measure, a tick for how much the step moved the weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from textual.widget import Widget

from dlbench.measures.catalog import MEASURES
from dlbench.tui.charts.bars import BarChart, layer_bars
from dlbench.tui.charts.ink import Ink
from dlbench.tui.charts.legend import fitted
from dlbench.tui.charts.picture import Picture
from dlbench.tui.charts.scale import ValueScale
from dlbench.tui.model.rows import shown_grid, shown_rows
from dlbench.tui.model.series import broken_layers, layer_values, probe_step
from dlbench.tui.widgets.chart import Chart, ChartPoint, entitle
from dlbench.tui.widgets.lookup import headline, is_moving, trial_name
from dlbench.tui.widgets.notices import missing_probes

if TYPE_CHECKING:
    from dlbench.tui.model.view import View

HEAD = 1
TICKS = "update_ratio"
"""The measure of the ticks on the bars of gradients."""


class LayerBars(Chart):
    """The focus's measure of every layer at the cursor's step.

    `beside` a heat map they stand in line with its layers; `in_table` they are its first column, with a head and a row a layer.
    """

    def __init__(self, *, beside: bool = False, in_table: bool = False) -> None:
        super().__init__(classes=None if in_table else "frame")
        self._is_beside, self._head = beside, HEAD if in_table else 0
        self._bars: BarChart | None = None
        self._places: list[int] = []
        self._scale: ValueScale | None = None
        self._subject: tuple[object, ...] = ()

    def draw(self, view: View, width: int, height: int) -> Picture:
        """The bars, output layer on top; in words why there are none."""
        index, measure = view.focus.trial, view.focus.measure
        self._bars = None
        step = probe_step(view, index)
        rows = shown_rows(view, index)
        self._places = rows.places
        second = None
        if measure == "gradient_norm" and step is not None:
            second = layer_values(view, index, TICKS, step)[rows.places]
        self._entitle(view, step, has_ticks=second is not None)
        empty = missing_probes(view, index)
        if empty is not None or step is None:
            return self.say(empty, width, height) if empty else Picture.blank(width, height)
        values = layer_values(view, index, measure, step)[rows.places]
        self._bars = layer_bars(
            rows.names,
            values,
            width,
            height - self._head,
            self.glyphs,
            scale=self._settle(view, has_ticks=second is not None),
            second=second,
            cursor=rows.index(view.focus.layer),
            missing=np.isnan(values) & ~broken_layers(view, index, measure, step)[rows.places],
            halves=(2 if self.glyphs.in_colour else 1) if self._is_beside else None,
            alone=rows.alone,
            in_rows=self._head > 0,
        )
        picture = Picture.blank(width, height)
        if self._head:
            head = fitted(MEASURES[measure].heads[0], width, self.glyphs.ellipsis)
            picture.put(0, width - len(head), head, Ink.FAINT)
        picture.paste(self._bars.picture, self._head, 0)
        return picture

    def place(self, column: int, row: int) -> ChartPoint | None:
        """The layer of a row."""
        found = self._bars.at(row - self._head) if self._bars else None
        return None if found is None else ChartPoint(layer=self._places[found])

    def _entitle(self, view: View, step: int | None, *, has_ticks: bool) -> None:
        head = headline(view.focus.measure)
        ticks = f"tick: {MEASURES[TICKS].title} · " if has_ticks else ""
        below = "" if step is None else f"{ticks}step {step:,}"
        framed = self.parent if self._head and isinstance(self.parent, Widget) else self
        entitle(framed, f"{head} · {trial_name(view, view.focus.trial)}", head, below=below)

    def _settle(self, view: View, *, has_ticks: bool) -> ValueScale:
        """An axis of all that was measured so far, so that stepping through time can be compared by eye."""
        trial, measure = view.focus.trial, view.focus.measure
        shown = MEASURES[measure]
        if shown.bounds is not None:
            return ValueScale(*shown.bounds, logarithmic=False)
        measures = [measure, TICKS] if has_ticks else [measure]
        values = np.concatenate([shown_grid(view, trial, name).values.ravel() for name in measures])
        before = self._scale if (trial, measure) == self._subject and is_moving(view) else None
        self._subject = (trial, measure)
        self._scale = ValueScale.spanning(values, logarithmic=shown.is_logarithmic).settled(before)
        return self._scale
