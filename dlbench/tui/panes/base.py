"""What every pane is: one answer to one question about the run, with the words that explain it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.containers import Vertical

from dlbench.tui.app_base import dashboard
from dlbench.tui.widgets.chart import Chart

if TYPE_CHECKING:
    from dlbench.tui.model.view import View
    from dlbench.tui.panes.cursor import ChartCursor

TALL, WIDE = 26, 130
"""Rows and columns of a pane from which on it has room for everything; below `LOW` rows for one picture alone."""
LOW = 15


class Pane(Vertical):
    """One tab of the dashboard. Its size decides what there is room for, by the classes -tall, -low and -wide.

    `show` is called on the UI's thread whenever something has changed and the pane is the one on the screen, with the
    view's lock held. Keys of `dlbench.tui.keys` reach it as `action_*` methods of its own, else its cursor, else the app.
    """

    NAME: ClassVar[str]
    """One lower-case word: the id of the tab, `gradients`."""
    TITLE: ClassVar[str]
    """The word on the tab."""
    HELP: ClassVar[str]
    """What the picture means and how to read it, in Markdown; shown by `?`."""
    DEFAULT_CSS = """
    Pane {
        .frame { border: round $frame; border-title-color: $foreground; border-subtitle-color: $text-muted; }
        &.-ascii .frame { border: ascii $frame; }
        CurveChart.score { display: none; }
        &.-score CurveChart.score { display: block; }
        &.-score CurveChart.loss { display: none; }
        &.-tall CurveChart.loss, &.-tall CurveChart.score { display: block; }
    }
    """

    cursor: ChartCursor | None = None
    """Of a pane with charts: what keys and the mouse move."""

    def on_mount(self) -> None:
        """Borders of the same letters as the charts."""
        self.set_class(not dashboard(self).glyphs.braille, "-ascii")

    def on_resize(self, event: events.Resize) -> None:
        """Choose the layout."""
        self.set_class(event.size.height >= TALL, "-tall")
        self.set_class(event.size.height < LOW, "-low")
        self.set_class(event.size.width >= WIDE, "-wide")

    def show(self, view: View) -> None:
        """Draw every chart; those that are not on the screen keep the view for when they are.

        Where there is room for one set of curves only, the focus says which.
        """
        self.set_class(view.focus.curves == "score", "-score")
        for chart in self.query(Chart):
            chart.show(view)

    def on_chart_pointed(self, message: Chart.Pointed) -> None:
        """To where the mouse is."""
        if self.cursor is not None:
            self.cursor.point(message.place)

    def on_chart_wheeled(self, message: Chart.Wheeled) -> None:
        """The wheel moves the cursor through time."""
        if self.cursor is not None:
            self.cursor.action_step(message.columns)
