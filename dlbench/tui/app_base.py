"""The dashboard as what lives in it sees it: what a widget, a pane or a screen may ask of the app around it."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from rich.style import Style
from textual.app import App

from dlbench.tui.charts.glyphs import Glyphs
from dlbench.tui.keys import Key
from dlbench.tui.model.view import View
from dlbench.tui.panes.base import Pane
from dlbench.words.printable import printable

if TYPE_CHECKING:
    from textual.dom import DOMNode

    from dlbench.run.folder import RunFolder
    from dlbench.tui.model.replay import Replay


class AppBase(App[int]):
    """What every widget may rely on; `dlbench.tui.app.Dashboard` is the one there is."""

    view: View
    folder: RunFolder | None = None
    """Of the run on the screen."""
    replay: Replay | None = None
    """Of a replay."""
    read_only = False
    """Whether nothing is asked of the workers."""
    glyphs: Glyphs
    language: str
    """Of the texts of recipes."""

    @property
    def pane(self) -> Pane | None:
        """The pane on the screen."""
        raise NotImplementedError

    def style(self, front: int, back: int) -> Style:
        """The colours of a pair of inks in the present theme."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Draw what has changed since the last time; nothing, if nothing has."""
        raise NotImplementedError

    def can(self, key: Key) -> bool:
        """Whether a key does something now."""
        raise NotImplementedError

    def label(self, key: Key) -> str:
        """The word of a key in the footer."""
        raise NotImplementedError

    async def show_pane(self, name: str) -> None:
        """Open a pane."""
        raise NotImplementedError


def dashboard(node: DOMNode) -> AppBase:
    """The app around a widget or a screen, with its type."""
    app = node.app
    assert isinstance(app, AppBase)
    return app


def plain(node: DOMNode, text: str) -> str:
    """A text in the signs that the terminal has, none of which it would obey."""
    from dlbench.words.printable import to_ascii

    shown = printable(text)
    return shown if dashboard(node).glyphs.braille else to_ascii(shown)


def resuming(node: DOMNode) -> str:
    """The command line that goes on with the run, to copy."""
    app = dashboard(node)
    return shlex.join(["dlbench", "run", "--resume", str(app.folder.path) if app.folder else app.view.info.name])
