"""The picture of the dashboard: layers by steps, one measure as colour, the whole run at once; beside it the scale of colours."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dlbench.measures.catalog import MEASURES
from dlbench.tui.charts.color_scale import color_scale
from dlbench.tui.charts.heat_map import HeatMap, heat_map
from dlbench.tui.charts.ink import Ink
from dlbench.tui.charts.legend import squeezed
from dlbench.tui.charts.picture import Picture
from dlbench.tui.charts.scale import ValueScale
from dlbench.tui.model.rows import ShownRows, has_times, shown_grid, shown_rows
from dlbench.tui.widgets.chart import Chart, ChartPoint
from dlbench.tui.widgets.lookup import cursor_of, marked_steps, trial_name
from dlbench.tui.widgets.notices import Notice, ended_badly, lines, missing_probes

if TYPE_CHECKING:
    from dlbench.tui.model.view import View

ROWS_A_LINE = 6
"""Rows that a picture has for each line above its map."""


class LayerHeatMap(Chart):
    """One trial's picture; with `beside`, that of the focus's second trial."""

    def __init__(self, *, beside: bool = False) -> None:
        super().__init__(classes="beside" if beside else None)
        self.is_beside = beside
        self.scale: ValueScale | None = None
        """What the colours span; the pane sets it, one for all pictures that are compared."""
        self._map: HeatMap | None = None
        self._rows = ShownRows([], [], frozenset())
        self._top = 0
        self._columns: dict[int, int] = {}
        self._probes: list[int] = []

    @property
    def names_room(self) -> int:
        """Cells that the names of the last picture take."""
        return 0 if self._map is None else self._map.left

    def trial(self, view: View) -> int | None:
        """The trial that is drawn, as an index into the plan."""
        return view.focus.beside if self.is_beside else view.focus.trial

    def draw(self, view: View, width: int, height: int) -> Picture:
        """The map under what there is to say of the trial; or only that, where there is no map."""
        index = self.trial(view)
        self._map, self._top = None, 0
        empty = None if index is None else missing_probes(view, index)
        heads = [] if index is None else self._heads(view, index, width, height)
        if empty is not None:
            return _headed(heads, self.say(empty, width, height))
        if index is None or self.scale is None:
            return Picture.blank(width, height)
        # One set of names for two nets of the same layers: each map has so much more room.
        is_named = not self.is_beside or not has_same_rows(view)
        self._top = len(heads)
        values = shown_grid(view, index, view.focus.measure)
        self._rows = shown_rows(view, index)
        self._columns = dict(zip(values.starts.tolist(), values.ends.tolist(), strict=True))
        self._probes = view.state.trials[index].probe_steps
        self._map = heat_map(
            values,
            self._rows.names,
            width,
            height - self._top,
            self.glyphs,
            scale=self.scale,
            cursor=cursor_of(view, index),
            marks=marked_steps(view, index),
            log_steps=view.focus.log_steps,
            alone=self._rows.alone,
            names_width=None if is_named else 0,
        )
        picture = Picture.blank(width, height)
        picture.paste(self._map.picture, self._top, 0)
        return _headed(heads, picture)

    def place(self, column: int, row: int) -> ChartPoint | None:
        """Layer of a cell, and the first probe in its column."""
        found = self._map.at(column, row - self._top) if self._map else None
        return None if found is None else ChartPoint(self._rows.places[found[0]], self._probe(found[1]))

    def columns(self) -> list[int]:
        """The first probe of each of the map's columns."""
        steps = [] if self._map is None else np.unique(self._map.steps).tolist()
        return [self._probe(step) for step in steps]

    def _probe(self, start: int) -> int:
        """The first probe of what begins at a step; the step itself where there is none, as after a divergence."""
        index = bisect_left(self._probes, start)
        found = self._probes[index] if index < len(self._probes) else start
        return found if found < self._columns[start] else start

    def resolution(self, view: View) -> str:
        """In words how many layers and steps a cell of the last picture stands for; empty without one."""
        index = self.trial(view)
        if self._map is None or index is None or not self._map.steps.size:
            return ""
        what, grouped = "row" if has_times(view, index) else "layer", self._map.grouped
        band = f"one {what} per band" if grouped == 1 else f"{grouped} {what}s per band"
        if view.focus.log_steps:
            return f"{band} · log steps"
        stops = np.unique(self._map.steps)
        if stops.size == self._map.steps.size:
            return f"{band} · {apart(stops)} per column"
        return f"{band} · one probe every {apart(np.array(view.state.trials[index].probe_steps)).removeprefix('1 ')}"

    def _heads(self, view: View, index: int, width: int, height: int) -> list[Notice]:
        """The lines above the map: how it ended where it ended badly; where there are two maps, first whose it is.

        Both maps have as many, so that their rows stand in line.
        """
        most = max(height // ROWS_A_LINE, 1)
        mate = view.focus.mate
        if mate is None:
            return _ending(view, index, width, most)
        name = Notice(squeezed(trial_name(view, index), width, self.glyphs.ellipsis), Ink.STRONG)
        endings = {one: _ending(view, one, width, most) for one in (view.focus.trial, mate)}
        own, longest = endings[index], max(map(len, endings.values()))
        return [name, *own, *[Notice("")] * (longest - len(own))]


def _ending(view: View, index: int, width: int, most: int) -> list[Notice]:
    """How a trial ended, where it ended badly."""
    bad = ended_badly(view, index)
    return lines(bad, width, most) if bad else []


def has_same_rows(view: View) -> bool:
    """Whether the rows of both trials are called alike, so that one set of names does for two maps."""
    trial, mate = view.focus.trial, view.focus.mate
    return mate is not None and shown_rows(view, trial).names == shown_rows(view, mate).names


class ColorScale(Chart):
    """The colours of the focus's measure from high to low."""

    def __init__(self) -> None:
        super().__init__()
        self.scale: ValueScale | None = None
        """What the colours span; the pane sets it."""

    def draw(self, view: View, width: int, height: int) -> Picture:
        """The colours with their numbers."""
        if self.scale is None:
            return Picture.blank(width, height)
        return color_scale(self.scale, height, self.glyphs, MEASURES[view.focus.measure].symbol)


def _headed(heads: list[Notice], picture: Picture) -> Picture:
    """The picture with lines over its first rows."""
    for row, head in enumerate(heads):
        picture.put(row, 0, head.text, head.ink)
    return picture


def apart(steps: NDArray[np.int64]) -> str:
    """How far rising steps are apart, usually: `1 step`, `160 steps`."""
    usual = round(float(np.median(np.diff(steps)))) if steps.size > 1 else 1
    return f"{usual:,} step{'' if usual == 1 else 's'}"
