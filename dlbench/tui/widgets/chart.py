"""The widget under every chart: a picture, drawn line by line, of which only the rows that have changed go out."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from rich.cells import cell_len
from rich.segment import Segment
from textual import events, on
from textual.content import Content
from textual.geometry import Offset, Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from dlbench.tui.app_base import AppBase, dashboard, plain
from dlbench.tui.charts.glyphs import Glyphs
from dlbench.tui.charts.picture import Picture
from dlbench.tui.widgets.notices import Notice, blank

if TYPE_CHECKING:
    from dlbench.tui.model.view import View

BORDER = 4
"""Cells beside a title that its border keeps, more than what is inside of it has."""


@dataclass(frozen=True)
class ChartPoint:
    """What a cell of a picture stands for; `None` where the picture does not say."""

    layer: int | None = None
    """Row of the probes."""
    step: int | None = None


class Chart(Widget):
    """Subclasses say how to `draw`, and what a cell stands for; `show` draws anew and repaints the rows that differ.

    A press of the mouse, and dragging it, tell `Pointed`; the wheel tells `Wheeled`. Hovering does nothing. A new size, once drawn,
    tells `Resized`.
    """

    ALLOW_SELECT: ClassVar[bool] = False

    @dataclass
    class Pointed(Message):
        """Someone chose a place in the picture."""

        place: ChartPoint

    @dataclass
    class Wheeled(Message):
        """Someone turned the wheel: so many columns on, or back."""

        columns: int

    class Resized(Message):
        """The picture has another size: words that tell what a cell stands for are those of the one before."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002  # Textual's own name
        super().__init__(id=id, classes=classes)
        self._view: View | None = None
        self._picture = Picture.blank(0, 0)

    @property
    def dashboard(self) -> AppBase:
        """The app, which knows inks and glyphs."""
        return dashboard(self)

    @property
    def glyphs(self) -> Glyphs:
        """The characters to draw with."""
        return self.dashboard.glyphs

    def draw(self, view: View, width: int, height: int) -> Picture:
        """The picture of a view in a size; called with the view's lock held."""
        raise NotImplementedError

    def say(self, notice: Notice, width: int, height: int) -> Picture:
        """A notice in place of the picture, with the keys in force."""
        return blank(Notice(self.dashboard.keys.told(notice.text), notice.ink), width, height)

    def place(self, column: int, row: int) -> ChartPoint | None:
        """What a cell of the last picture stands for; `None` outside of what can be chosen."""
        return None

    def columns(self) -> list[int]:
        """The steps that a cursor can stand on in the last picture, ascending."""
        found = {
            place.step for x in range(self._picture.width) if (place := self.place(x, 0)) and place.step is not None
        }
        return sorted(found)

    def show(self, view: View) -> None:
        """Draw what the view holds now."""
        self._view = view
        self._repaint()

    def on_resize(self) -> None:
        """A new size is a new picture."""
        self._repaint()
        if self._view is not None:
            self.post_message(self.Resized())

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
        return strip(self._picture, y, self.dashboard).apply_style(self.rich_style)

    @on(events.MouseDown)
    def _press(self, event: events.MouseDown) -> None:
        """Choose the place under the mouse, and go on while it is dragged."""
        if event.button == 1:
            self.capture_mouse()
            self._point(event.get_content_offset_capture(self))

    @on(events.MouseMove)
    def _drag(self, event: events.MouseMove) -> None:
        """Choose anew while dragged; hovering is no reason to draw."""
        if self.app.mouse_captured is self:
            self._point(event.get_content_offset_capture(self))

    @on(events.MouseUp)
    def _let_go(self) -> None:
        """The drag is over."""
        self.release_mouse()

    @on(events.MouseScrollUp)
    def _turn_back(self, event: events.MouseScrollUp) -> None:
        """Back in time."""
        event.stop()
        self.post_message(self.Wheeled(-1))

    @on(events.MouseScrollDown)
    def _turn_on(self, event: events.MouseScrollDown) -> None:
        """On in time."""
        event.stop()
        self.post_message(self.Wheeled(1))

    def _point(self, at: Offset) -> None:
        inside = at.clamp(self._picture.width, self._picture.height)
        found = self.place(inside.x, inside.y)
        if found is not None:
            self.post_message(self.Pointed(found))


def entitle(widget: Widget, *titles: str, below: str = "") -> None:
    """Write into the upper border of a widget the first of the titles that fits, and something into the lower one.

    Brackets and all are written as they are.
    """
    room = widget.size.width - BORDER
    title = next((title for title in titles if cell_len(title) <= room), titles[-1])
    for name, text in (("border_title", title), ("border_subtitle", below if cell_len(below) <= room else "")):
        wanted = Content(plain(widget, text))
        if getattr(widget, name) != wanted.markup:
            setattr(widget, name, wanted)


def changed_rows(before: Picture, after: Picture) -> list[int]:
    """The rows in which two pictures of one size differ."""
    same = (before.text == after.text) & (before.front == after.front) & (before.back == after.back)
    return [int(row) for row in np.flatnonzero(~same.all(axis=1))]


def strip(picture: Picture, y: int, app: AppBase) -> Strip:
    """One row of a picture as Textual draws it: runs of cells with the same inks become one segment."""
    pairs = zip(picture.front[y].tolist(), picture.back[y].tolist(), strict=True)
    cells = zip(pairs, picture.text[y].tolist(), strict=True)
    return Strip(
        [
            Segment("".join(letter for _, letter in run), app.style(*inks))
            for inks, run in groupby(cells, key=lambda cell: cell[0])
        ],
        picture.width,
    )
