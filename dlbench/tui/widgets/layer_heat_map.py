"""The picture of the dashboard: layers by steps, one measure as colour, the whole run at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dlbench.tui.charts.heat_map import HeatMap, heat_map
from dlbench.tui.charts.ink import Ink
from dlbench.tui.charts.picture import Picture
from dlbench.tui.charts.scale import Scale
from dlbench.tui.model.series import grid
from dlbench.tui.widgets.chart import Chart, Place
from dlbench.tui.widgets.lookup import cursor_of, layer_names, marked_steps, trial_name
from dlbench.tui.widgets.standing import Notice, blank, ended_badly, missing_probes

if TYPE_CHECKING:
    from dlbench.tui.model.view import View


class LayerHeatMap(Chart):
    """One trial's picture; with `beside`, that of the focus's second trial."""

    def __init__(self, *, beside: bool = False) -> None:
        super().__init__(classes="beside" if beside else None)
        self.is_beside = beside
        self.scale: Scale | None = None
        """What the colours span; the pane sets it, one for all pictures that are compared."""
        self._map: HeatMap | None = None
        self._top = 0

    def trial(self, view: View) -> int | None:
        """The trial that is drawn, as an index into the plan."""
        return view.focus.beside if self.is_beside else view.focus.trial

    def draw(self, view: View, width: int, height: int) -> Picture:
        """The map under what there is to say of the trial; or only that, where there is no map."""
        index = self.trial(view)
        self._map, self._top = None, 0
        if index is None or self.scale is None:
            return Picture.blank(width, height)
        empty = missing_probes(view, index)
        if empty is not None:
            return blank(empty, width, height)
        heads = self._heads(view, index)
        self._top = len(heads)
        self._map = heat_map(
            grid(view, index, view.focus.measure),
            layer_names(view, index),
            width,
            height - self._top,
            self.glyphs,
            scale=self.scale,
            cursor=cursor_of(view, index),
            marks=marked_steps(view, index),
        )
        picture = Picture.blank(width, height)
        for row, head in enumerate(heads):
            picture.put(row, 0, head.text[:width], head.ink)
        picture.paste(self._map.picture, self._top, 0)
        return picture

    def place(self, column: int, row: int) -> Place | None:
        """Layer and step of a cell."""
        found = self._map.at(column, row - self._top) if self._map else None
        return None if found is None else Place(*found)

    def columns(self) -> list[int]:
        """The first steps of the map's columns."""
        places = (self.place(column, self._top) for column in range(self._picture.width))
        return sorted({place.step for place in places if place is not None and place.step is not None})

    @property
    def resolution(self) -> str:
        """In words how many layers and steps a cell of the last picture stands for; empty without one."""
        steps = self._map.steps if self._map else np.empty(0)
        if self._map is None or not steps.size:
            return ""
        band = "a layer a band" if self._map.grouped == 1 else f"{self._map.grouped} layers a band"
        stops = np.unique(steps)
        apart = round(float(np.median(np.diff(stops)))) if stops.size > 1 else 1
        column = f"{apart:,} step{'' if apart == 1 else 's'} a column"
        if stops.size < steps.size:
            column = f"a probe every {apart:,} steps" if apart > 1 else "a probe every step"
        return f"{band} · {column}"

    def _heads(self, view: View, index: int) -> list[Notice]:
        """The lines above the map: whose it is, where there are two, and how it ended, where it ended badly."""
        name = Notice(trial_name(view, index), Ink.STRONG) if view.focus.beside is not None else None
        return [head for head in (name, ended_badly(view, index)) if head is not None]
