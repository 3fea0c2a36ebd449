"""The line above the keys: the numbers under the cursor, and in words what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dlbench.tui.app_base import plain
from dlbench.tui.charts.ink import Ink
from dlbench.tui.charts.picture import Picture
from dlbench.tui.model.words import cursor_line
from dlbench.tui.widgets.chart import Chart
from dlbench.tui.widgets.fitting import cut

if TYPE_CHECKING:
    from dlbench.tui.model.view import View


class WordsLine(Chart):
    """One line; what matters least is left out."""

    def draw(self, view: View, width: int, height: int) -> Picture:
        """Why there is nothing to tell any more, else the cursor and the findings."""
        picture = Picture.blank(width, height)
        pieces = [(view.problem, int(Ink.ALARM))] if view.problem else cursor_line(view, width - 2)
        column = 1
        for text, ink in pieces:
            column = picture.put(0, column, cut(plain(self, text), width - 1 - column, self.glyphs), ink)
        return picture
