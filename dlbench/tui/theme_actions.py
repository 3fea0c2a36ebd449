"""Keys and commands that change the theme."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dlbench.tui.themes import palette

if TYPE_CHECKING:
    from dlbench.tui.app_base import AppBase
    from dlbench.tui.themes import Palette


class ThemeActions:
    """The next theme, or one by its name; where there are no colours it says why nothing changes."""

    def __init__(self, app: AppBase) -> None:
        self._app = app

    def action_theme(self) -> None:
        """The next theme."""
        self._wear(self._app.appearance.following)

    def action_wear(self, title: str) -> None:
        """The theme of that name."""
        self._wear(palette(title))

    def _wear(self, chosen: Palette) -> None:
        app = self._app
        if app.options.no_color:
            app.notify("NO_COLOR is set: there are no colours to change", severity="warning")
            return
        app.appearance.take(chosen)
        app.theme = chosen.name
        app.draw()
        for widget in app.screen.query("*"):
            widget.refresh()
        app.notify(f"theme: {chosen.title}")
