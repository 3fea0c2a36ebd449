"""The cursor of a pane of charts: moved by keys, by the mouse and by its wheel; one for all pictures."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from typing import TYPE_CHECKING

from dlbench.measures.catalog import MEASURES
from dlbench.tui.app_base import dashboard
from dlbench.tui.model.focus import ROWS
from dlbench.tui.model.rows import has_times, shown_rows
from dlbench.tui.widgets.chart import Chart, ChartPoint

if TYPE_CHECKING:
    from textual.widget import Widget

    from dlbench.tui.app_base import AppBase
    from dlbench.tui.model.view import View


class ChartCursor:
    """Moves the focus through the steps, layers and measures of a pane.

    It stands on the steps that `steps_of` finds in the view; unless told, on the columns of the first picture on the screen.
    """

    def __init__(self, pane: Widget, steps_of: Callable[[View], list[int]] | None = None) -> None:
        self._pane, self._steps_of = pane, steps_of

    @property
    def _app(self) -> AppBase:
        return dashboard(self._pane)

    @property
    def _view(self) -> View:
        return self._app.view

    def stops(self) -> list[int]:
        """The steps that it can stand on, ascending."""
        if self._steps_of is not None:
            return self._steps_of(self._view)
        charts = self._pane.query(Chart)
        return next((steps for chart in charts if chart.is_on_screen and (steps := chart.columns())), [])

    def action_step(self, count: int) -> None:
        """Move the cursor by columns; beyond the last one it follows the newest step."""
        focus, stops = self._view.focus, self.stops()
        if not stops:
            return
        at = len(stops) - 1 if focus.step is None else nearest(stops, focus.step)
        wanted = at + count
        self._look(None if wanted >= len(stops) else stops[max(wanted, 0)])

    def action_first_step(self) -> None:
        """The cursor to the first column."""
        self._look(next(iter(self.stops()), None))

    def action_newest_step(self) -> None:
        """The cursor to the newest step, wherever that will be."""
        self._look(None)

    def action_layer(self, count: int) -> None:
        """The cursor so many layers towards the output."""
        view = self._view
        rows = shown_rows(view, view.focus.trial)
        wanted = min(max(rows.index(view.focus.layer) + count, 0), max(len(rows.places) - 1, 0))
        view.focus.layer = rows.places[wanted] if rows.places else 0
        self._app.redraw()

    def action_rows(self) -> None:
        """Layers with their steps of time, the steps of time alone, the layers alone."""
        view = self._view
        if not has_times(view, view.focus.trial):
            self._app.notify("this net has no recurrent layer", severity="warning")
            return
        view.focus.rows = ROWS[(ROWS.index(view.focus.rows) + 1) % len(ROWS)]
        self._app.redraw()

    def action_measure(self, count: int) -> None:
        """Another measure."""
        focus = self._view.focus
        names = list(MEASURES)
        focus.measure = names[(names.index(focus.measure) + count) % len(names)]
        self._app.redraw()

    def point(self, place: ChartPoint) -> None:
        """The cursor to a place."""
        focus = self._view.focus
        focus.layer = focus.layer if place.layer is None else place.layer
        if place.step is not None:
            focus.step, focus.pretrained = place.step, None
        self._app.redraw()

    def _look(self, step: int | None) -> None:
        focus = self._view.focus
        focus.step, focus.pretrained = step, None
        self._app.redraw()


def nearest(stops: list[int], step: int) -> int:
    """The index of the last stop at or before a step; of the first where there is none."""
    index = bisect_left(stops, step)
    return index if index < len(stops) and stops[index] == step else max(index - 1, 0)
