"""What stands in place of everything where the window is too small for it."""

from __future__ import annotations

from textual import events
from textual.screen import Screen
from textual.widgets import Static

from dlbench.tui.terminal import LEAST_HEIGHT, LEAST_WIDTH


class TooSmall(Static):
    """One message in the middle of the window."""


class Main(Screen[None], inherit_bindings=False):
    """The screen of panes. It keeps Tab for them, and gives way to `TooSmall` below the least size."""

    AUTO_FOCUS = ""

    def on_resize(self, event: events.Resize) -> None:
        """Say what is missing, where something is."""
        width, height = event.size
        is_small = width < LEAST_WIDTH or height < LEAST_HEIGHT
        self.set_class(is_small, "-too-small")
        if is_small:
            self.query_one(TooSmall).update(message(width, height))


def message(width: int, height: int) -> str:
    """What is wrong with a window of that size, and what to do."""
    needs = f"dlbench needs {LEAST_WIDTH}x{LEAST_HEIGHT} (now {width}x{height})"
    return f"{needs}: make the window larger, or press q"
