"""The names of the panes, each behind its digit; a click is the digit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual import events

from dlbench.tui.charts.ink import Ink
from dlbench.tui.charts.picture import Picture
from dlbench.tui.panes import TABS, Tab
from dlbench.tui.widgets.chart import Chart
from dlbench.tui.widgets.fitting import cut

if TYPE_CHECKING:
    from dlbench.tui.model.view import View

FORMS = (" [{digit}] {title}", "[{digit}] {title}", "{digit} {title}", "{digit} {short}")
"""From the widest to the narrowest."""
LONGEST_FILTER = 16
"""Cells of a filter's text; the list of trials has all of it."""


class Tabs(Chart):
    """One line of tabs; the open one stands out."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  # Textual's own name
        super().__init__(id=id)
        self.current = TABS[0].name
        self._spans: list[tuple[int, int, Tab]] = []

    def draw(self, view: View, width: int, height: int) -> Picture:
        """The tabs in the widest form that fits beside the filter; all of them stand, the filter only where it has room."""
        picture = Picture.blank(width, height)
        said = f"filter: {cut(view.focus.filter, LONGEST_FILTER, self.glyphs)} " if view.focus.filter else ""
        room = width - cell_len(said)
        labels = next((found for form in FORMS if _room(found := _labels(form)) <= room), _labels(FORMS[-1]))
        column, self._spans = 0, []
        for tab, label in zip(TABS, labels, strict=True):
            is_open = tab.name == self.current
            end = picture.put(
                0, column + (not is_open), f" {label} " if is_open else label, Ink.CURSOR if is_open else 0
            )
            self._spans.append((column, end, tab))
            column = end - is_open
        picture.put(0, room, said if column <= room else "", Ink.MARK)
        return picture

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """A tab is chosen by pressing it."""
        tab = next((tab for start, end, tab in self._spans if start <= event.x < end), None)
        if tab is not None:
            self.run_worker(self.dashboard.show_pane(tab.name), exclusive=True)


def _labels(form: str) -> list[str]:
    return [form.format(digit=digit, title=tab.title, short=tab.short) for digit, tab in enumerate(TABS, 1)]


def _room(labels: list[str]) -> int:
    return sum(len(label) + 1 for label in labels) + 1
