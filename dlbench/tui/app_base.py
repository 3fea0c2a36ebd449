"""The dashboard as what lives in it sees it: what widgets, panes, screens and the app's own objects may rely on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.app import App

from dlbench.tui.appearance import Appearance
from dlbench.tui.model.feed import follow
from dlbench.tui.options import DashboardOptions
from dlbench.words.printable import printable
from dlbench.words.program import command

if TYPE_CHECKING:
    from rich.style import Style
    from textual.dom import DOMNode

    from dlbench.run.folder import RunFolder
    from dlbench.tui.charts.glyphs import Glyphs
    from dlbench.tui.keys import Key
    from dlbench.tui.model.feed import Following
    from dlbench.tui.model.replay import Replay
    from dlbench.tui.model.view import View


class AppBase(App[int]):
    """The run on the screen and how it is drawn; `dlbench.tui.app.Dashboard` is the one app there is.

    Whoever uses the dashboard names this class, so that nothing in it imports the app that puts everything together.
    """

    def __init__(
        self,
        view: View,
        *,
        feed: Following | None = None,
        folder: RunFolder | None = None,
        replay: Replay | None = None,
        options: DashboardOptions | None = None,
    ) -> None:
        super().__init__()
        self.options = options or DashboardOptions()
        self.view, self.feed = view, feed
        self.follow: Callable[[View, RunFolder], Following] = follow
        """Turns a view to another run and says what keeps that up to date."""
        self.folder = folder
        """Of the run on the screen."""
        self.replay = replay
        """Of a replay."""
        self.language = self.options.language
        """Of the texts of recipes."""
        self.read_only = self.options.read_only
        """Whether nothing is asked of the workers."""
        self.appearance = Appearance(self.options)
        self.keys = self.options.keys
        """Those in force."""

    @property
    def glyphs(self) -> Glyphs:
        """The characters to draw with."""
        return self.appearance.glyphs

    def style(self, front: int, back: int) -> Style:
        """The colours of a pair of inks in the present theme."""
        return self.appearance.style(front, back)

    @property
    def no_control(self) -> str | None:
        """Why no key may change the run, if so."""
        if not self.read_only:
            return None
        how = "served without --allow-control" if self.is_web else "opened with --read-only"
        return f"this dashboard is read-only: it was {how}"

    @property
    def is_live(self) -> bool:
        """Whether a run is under way, which goes on when the dashboard is left."""
        return self.replay is None and self.folder is not None and self.view.status == "running"

    @property
    def pane_name(self) -> str:
        """Of the pane on the screen; empty before there is one."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Draw what has changed since the last time; nothing, if nothing has."""
        raise NotImplementedError

    def draw(self) -> None:
        """Draw everything that is on the screen."""
        raise NotImplementedError

    async def show_pane(self, name: str) -> None:
        """Open a pane."""
        raise NotImplementedError

    def can(self, key: Key) -> bool:
        """Whether a key does something now."""
        raise NotImplementedError

    def label(self, key: Key) -> str:
        """The word of a key in the footer."""
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


def asking(node: DOMNode) -> str:
    """The command line that asks something of recordings, to copy."""
    return command("table", dashboard(node).view.info.name, "--questions", "FILE")


def resuming(node: DOMNode) -> str:
    """The command line that goes on with the run, to copy."""
    app = dashboard(node)
    return command("run", "--resume", str(app.folder.path) if app.folder else app.view.info.name)
