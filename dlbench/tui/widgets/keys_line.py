"""The footer: the keys that matter in the pane on the screen; a click is the key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import events

from dlbench.tui.charts.ink import Ink
from dlbench.tui.charts.picture import Picture
from dlbench.tui.key_table import dispensable
from dlbench.tui.widgets.chart import Chart

if TYPE_CHECKING:
    from dlbench.tui.keys import Key
    from dlbench.tui.model.view import View

GAP = 2
MOST = 8
"""Keys at once: more are a list that nobody reads."""


class KeysLine(Chart):
    """One line of keys with a word each."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  # Textual's own name
        super().__init__(id=id)
        self._spans: list[tuple[int, int, Key]] = []

    def draw(self, view: View, width: int, height: int) -> Picture:
        """The keys that fit; the least needed ones are left out."""
        picture = Picture.blank(width, height)
        app = self.dashboard
        keys = [key for key in app.keys.footer(app.pane_name) if app.can(key)]
        out = list(dispensable(keys))
        while keys and (len(keys) > MOST or self._room(keys) > width - 1):
            keys.remove(out.pop(0))
        column, self._spans = 1, []
        for key in keys:
            end = picture.put(0, column, f"{key.faces[0]} ", Ink.STRONG)
            end = picture.put(0, end, app.label(key), Ink.FAINT)
            self._spans.append((column, end, key))
            column = end + GAP
        return picture

    def _room(self, keys: list[Key]) -> int:
        return sum(len(key.faces[0]) + 1 + len(self.dashboard.label(key)) + GAP for key in keys) - GAP

    async def on_mouse_down(self, event: events.MouseDown) -> None:
        """A key is pressed by clicking it."""
        key = next((key for start, end, key in self._spans if start <= event.x < end), None)
        if key is not None:
            await self.app.run_action(key.action)
