"""The bar of a replay: where it stands in the run's time, how fast that passes; a press on it goes there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import events

from dlbench.tui.charts.ink import Ink
from dlbench.tui.charts.picture import Picture
from dlbench.tui.widgets.chart import Chart
from dlbench.words.number_format import clock

if TYPE_CHECKING:
    from dlbench.tui.model.view import Playback, View

HINT = "  , . event  { } speed  g go to  G end "


class ReplayBar(Chart):
    """One line, there only in a replay."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  # Textual's own name
        super().__init__(id=id)
        self._start, self._end = 0, 0

    def draw(self, view: View, width: int, height: int) -> Picture:
        """The clock, the bar with its knob, the keys where there is room."""
        picture = Picture.blank(width, height)
        playback = view.playback
        if playback is None:
            return picture
        glyphs = self.glyphs
        sign = ("=" if playback.paused else ">") if not glyphs.braille else "⏸" if playback.paused else "▶"
        column = picture.put(0, 1, f"{sign} {speed(playback)}  {clock(playback.position)} ", Ink.STRONG)
        tail = f" {clock(playback.length)}{HINT if width >= len(HINT) + 60 else ' '}"
        self._start, self._end = column, max(width - len(tail), column)
        room = self._end - self._start
        knob = round((room - 1) * playback.position / playback.length) if playback.length else 0
        picture.put(0, column, glyphs.horizontal * room, Ink.FAINT)
        picture.put(0, column, (glyphs.horizontal if not glyphs.braille else "━") * knob, Ink.GOOD)
        picture.put(0, column + knob, "●" if glyphs.braille else "O", Ink.STRONG)
        picture.put(0, self._end, tail, Ink.FAINT)
        return picture

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Go where the bar was pressed."""
        replay = self.dashboard.replay
        if replay is not None and self._start <= event.x < self._end:
            replay.seek(share=(event.x - self._start) / max(self._end - self._start - 1, 1))


def speed(playback: Playback) -> str:
    """`10x`, or `1/4x` where it is slower than the run was."""
    return f"{playback.speed:g}x" if playback.speed >= 1 else f"1/{1 / playback.speed:g}x"
