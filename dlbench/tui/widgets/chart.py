"""The widget under every chart: a picture, drawn line by line, of which only the rows that have changed go out."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from dlbench.tui.charts.glyphs import Glyphs
from dlbench.tui.charts.picture import Picture

if TYPE_CHECKING:
    from dlbench.tui.app import Dashboard
    from dlbench.tui.model.view import View


class Chart(Widget):
    """Subclasses say how to `draw`; `show` draws anew and repaints the rows that differ."""

    ALLOW_SELECT: ClassVar[bool] = False

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002  # Textual's own name
        super().__init__(id=id, classes=classes)
        self._view: View | None = None
        self._picture = Picture.blank(0, 0)

    @property
    def dashboard(self) -> Dashboard:
        """The app, which knows inks and glyphs."""
        from dlbench.tui.app import Dashboard

        assert isinstance(self.app, Dashboard)
        return self.app

    @property
    def glyphs(self) -> Glyphs:
        """The characters to draw with."""
        return self.dashboard.glyphs

    def draw(self, view: View, width: int, height: int) -> Picture:
        """The picture of a view in a size; called with the view's lock held."""
        raise NotImplementedError

    def show(self, view: View) -> None:
        """Draw what the view holds now."""
        self._view = view
        self._repaint()

    def on_resize(self) -> None:
        """A new size is a new picture."""
        self._repaint()

    def _repaint(self) -> None:
        width, height = self.size
        if self._view is None or not self.is_on_screen or not width or not height:
            return
        with self._view.lock:
            picture = self.draw(self._view, width, height)
        before, self._picture = self._picture, picture
        if before.text.shape != picture.text.shape:
            self.refresh()
        elif rows := changed_rows(before, picture):
            self.refresh(*(Region(0, row, width, 1) for row in rows))

    def render_line(self, y: int) -> Strip:
        """One row of the picture."""
        if y >= self._picture.height:
            return Strip.blank(self.size.width, self.rich_style)
        return strip(self._picture, y, self.dashboard)


def changed_rows(before: Picture, after: Picture) -> list[int]:
    """The rows in which two pictures of one size differ."""
    same = (before.text == after.text) & (before.front == after.front) & (before.back == after.back)
    return [int(row) for row in np.flatnonzero(~same.all(axis=1))]


def strip(picture: Picture, y: int, dashboard: Dashboard) -> Strip:
    """One row of a picture as Textual draws it: runs of cells with the same inks become one segment."""
    pairs = zip(picture.front[y].tolist(), picture.back[y].tolist(), strict=True)
    cells = zip(pairs, picture.text[y].tolist(), strict=True)
    return Strip(
        [
            Segment("".join(letter for _, letter in run), dashboard.style(*inks))
            for inks, run in groupby(cells, key=lambda cell: cell[0])
        ],
        picture.width,
    )
