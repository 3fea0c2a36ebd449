"""Every layer at one step: a bar for the measure, a tick for how much the step moved the weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dlbench.tui.charts.bars import Bars, layer_bars
from dlbench.tui.charts.picture import Picture
from dlbench.tui.charts.scale import Scale
from dlbench.tui.model.measures import MEASURE_VIEWS
from dlbench.tui.model.series import layer_values, probe_step
from dlbench.tui.widgets.chart import Chart, Place, entitle
from dlbench.tui.widgets.lookup import broken_layers, headline, layer_names, layer_of, trial_name
from dlbench.tui.widgets.standing import blank, missing_probes

if TYPE_CHECKING:
    from dlbench.tui.model.view import View


class LayerBars(Chart):
    """The focus's measure of every layer at the cursor's step; `beside` a heat map in line with its layers."""

    def __init__(self, *, beside: bool = False) -> None:
        super().__init__(classes="frame")
        self._is_beside = beside
        self._bars: Bars | None = None
        self._scale: Scale | None = None
        self._subject: tuple[object, ...] = ()

    def draw(self, view: View, width: int, height: int) -> Picture:
        """The bars, output layer on top; in words why there are none."""
        index, measure = view.focus.trial, view.focus.measure
        self._bars = None
        step = probe_step(view, index)
        second = None
        if measure == "gradient_norm" and step is not None:
            second = layer_values(view, index, "update_ratio", step)
        self._entitle(view, step, has_ticks=second is not None)
        empty = missing_probes(view, index)
        if empty is not None or step is None:
            return blank(empty, width, height) if empty else Picture.blank(width, height)
        values = layer_values(view, index, measure, step)
        self._bars = layer_bars(
            layer_names(view, index),
            values,
            width,
            height,
            self.glyphs,
            scale=self._settle(view, values, second),
            second=second,
            cursor=layer_of(view, index),
            missing=np.isnan(values) & ~broken_layers(view, index, measure, step),
            halves=(2 if self.glyphs.in_colour else 1) if self._is_beside else None,
        )
        return self._bars.picture

    def place(self, column: int, row: int) -> Place | None:
        """The layer of a row."""
        found = self._bars.at(row) if self._bars else None
        return None if found is None else Place(layer=found)

    def _entitle(self, view: View, step: int | None, *, has_ticks: bool) -> None:
        head = headline(view.focus.measure)
        ticks = f"tick: {MEASURE_VIEWS['update_ratio'].title} · " if has_ticks else ""
        below = "" if step is None else f"{ticks}step {step:,}"
        entitle(self, f"{head} · {trial_name(view, view.focus.trial)}", head, below=below)

    def _settle(self, view: View, values: np.ndarray, second: np.ndarray | None) -> Scale:
        """An axis that moves only when the numbers leave it, so that stepping through time can be compared by eye."""
        shown, subject = MEASURE_VIEWS[view.focus.measure], (view.focus.trial, view.focus.measure)
        if shown.bounds is not None:
            return Scale(*shown.bounds, logarithmic=False)
        both = values if second is None else np.concatenate([values, second])
        before = self._scale if subject == self._subject else None
        self._subject = subject
        self._scale = Scale.spanning(both, logarithmic=shown.logarithmic).settled(before)
        return self._scale
