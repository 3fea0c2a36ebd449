"""The dashboard: panes under one bar, fed by a view, redrawn only when the view says that something has changed."""

from __future__ import annotations

from functools import lru_cache
from typing import ClassVar

from rich.style import Style
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import ContentSwitcher, Footer

from dlbench.tui.charts.glyphs import UNICODE, Glyphs
from dlbench.tui.keys import KEYS
from dlbench.tui.model.view import Version, View
from dlbench.tui.panes.base import Pane


class Dashboard(App[int]):
    """One run on the screen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(key.key, key.action, key.label, id=key.id, show=bool(key.shown), key_display=key.face) for key in KEYS
    ]

    def __init__(self, view: View, *, glyphs: Glyphs = UNICODE, frames: float = 4.0) -> None:
        super().__init__()
        self.view = view
        self.glyphs = glyphs
        self._frames = frames
        self._drawn: Version | None = None

    def compose(self) -> ComposeResult:
        """The bar, the panes, the line of words, the keys."""
        with Horizontal():
            yield ContentSwitcher()
        yield Footer()

    def on_mount(self) -> None:
        """Look for changes so many times a second."""
        self.set_interval(1 / self._frames, self.redraw)

    @property
    def pane(self) -> Pane | None:
        """The pane on the screen."""
        visible = self.query_one(ContentSwitcher).visible_content
        return visible if isinstance(visible, Pane) else None

    def redraw(self) -> None:
        """Draw what has changed since the last time; nothing, if nothing has."""
        if self.view.version == self._drawn:
            return
        with self.view.lock, self.batch_update():
            self._drawn = self.view.version
            if self.pane is not None:
                self.pane.show(self.view)

    @lru_cache(maxsize=4096)  # noqa: B019  # one app a process
    def style(self, front: int, back: int) -> Style:
        """The colours of a pair of inks in the present theme."""
        raise NotImplementedError
