"""What panes of charts share: one cursor, moved by keys, by the mouse and by its wheel."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from textual import events

from dlbench.measures.names import MEASURES
from dlbench.tui.app_base import dashboard
from dlbench.tui.model.focus import ROWS
from dlbench.tui.model.rows import has_times, shown_rows
from dlbench.tui.panes.base import Pane
from dlbench.tui.widgets.chart import Chart, ChartPoint

if TYPE_CHECKING:
    from dlbench.tui.model.view import View

TALL, WIDE = 26, 130
"""Rows and columns of a pane from which on it has room for everything; below `LOW` rows for one picture alone."""
LOW = 15


class ChartPane(Pane):
    """A pane of charts. Its size decides which of them there is room for, by the classes -tall, -low and -wide.

    Where there is room for one set of curves only, the focus says which.
    """

    DEFAULT_CSS = """
    ChartPane {
        .frame { border: round $frame; border-title-color: $foreground; border-subtitle-color: $text-muted; }
        &.-ascii .frame { border: ascii $frame; }
        CurveChart.accuracy { display: none; }
        &.-accuracy CurveChart.accuracy { display: block; }
        &.-accuracy CurveChart.loss { display: none; }
        &.-tall CurveChart.loss, &.-tall CurveChart.accuracy { display: block; }
    }
    """

    def on_mount(self) -> None:
        """Borders of the same letters as the charts."""
        self.set_class(not dashboard(self).glyphs.braille, "-ascii")

    def on_resize(self, event: events.Resize) -> None:
        """Choose the layout."""
        self.set_class(event.size.height >= TALL, "-tall")
        self.set_class(event.size.height < LOW, "-low")
        self.set_class(event.size.width >= WIDE, "-wide")

    def show(self, view: View) -> None:
        """Draw every chart; those that are not on the screen keep the view for when they are."""
        self.set_class(view.focus.curves == "accuracy", "-accuracy")
        for chart in self.query(Chart):
            chart.show(view)

    def stops(self) -> list[int]:
        """The steps that the cursor can stand on, ascending: the columns of the first picture on the screen."""
        return next((steps for chart in self.query(Chart) if chart.is_on_screen and (steps := chart.columns())), [])

    def action_step(self, count: int) -> None:
        """Move the cursor by columns; beyond the last one it follows the newest step."""
        focus, stops = dashboard(self).view.focus, self.stops()
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
        view = dashboard(self).view
        rows = shown_rows(view, view.focus.trial)
        wanted = min(max(rows.index(view.focus.layer) + count, 0), max(len(rows.places) - 1, 0))
        view.focus.layer = rows.places[wanted] if rows.places else 0
        dashboard(self).redraw()

    def action_rows(self) -> None:
        """Layers with their steps of time, the steps of time alone, the layers alone."""
        view = dashboard(self).view
        if not has_times(view, view.focus.trial):
            dashboard(self).notify("no layer of this net reads a sequence", severity="warning")
            return
        view.focus.rows = ROWS[(ROWS.index(view.focus.rows) + 1) % len(ROWS)]
        dashboard(self).redraw()

    def action_measure(self, count: int) -> None:
        """Another measure."""
        focus = dashboard(self).view.focus
        focus.measure = MEASURES[(MEASURES.index(focus.measure) + count) % len(MEASURES)]
        dashboard(self).redraw()

    def on_chart_pointed(self, message: Chart.Pointed) -> None:
        """To where the mouse is."""
        self.point(message.place)

    def point(self, place: ChartPoint) -> None:
        """The cursor to a place."""
        focus = dashboard(self).view.focus
        focus.layer = focus.layer if place.layer is None else place.layer
        if place.step is not None:
            focus.step, focus.pretrained = place.step, None
        dashboard(self).redraw()

    def on_chart_wheeled(self, message: Chart.Wheeled) -> None:
        """The wheel moves the cursor through time."""
        self.action_step(message.columns)

    def _look(self, step: int | None) -> None:
        focus = dashboard(self).view.focus
        focus.step, focus.pretrained = step, None
        dashboard(self).redraw()


def nearest(stops: list[int], step: int) -> int:
    """The index of the last stop at or before a step; of the first where there is none."""
    index = bisect_left(stops, step)
    return index if index < len(stops) and stops[index] == step else max(index - 1, 0)
