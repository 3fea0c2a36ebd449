"""The dashboard: panes under one bar, fed by a view, redrawn only when the view says that something has changed."""

from __future__ import annotations

import gc
import socket
from collections.abc import Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from rich.style import Style
from textual import actions
from textual.actions import ActionParseResult
from textual.app import ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.dom import DOMNode
from textual.filter import Monochrome, NoColor
from textual.screen import Screen
from textual.widgets import ContentSwitcher

from dlbench.tui.filters import AsciiFilter, PrintableFilter
from dlbench.tui.frame_limiter import FrameLimiter
from dlbench.tui.keys import KEYS, Key
from dlbench.tui.model.follow import follow
from dlbench.tui.model.rows import has_times
from dlbench.tui.model.view import Version, View
from dlbench.tui.options import DashboardOptions
from dlbench.tui.panes import TABS
from dlbench.tui.panes.base import Pane
from dlbench.tui.run_switcher import RunSwitcher
from dlbench.tui.steering.requests import PendingRequests
from dlbench.tui.terminal import Signals
from dlbench.tui.themes import PALETTES
from dlbench.tui.widgets.keys_line import KeysLine
from dlbench.tui.widgets.replay_bar import ReplayBar
from dlbench.tui.widgets.status_bar import StatusBar
from dlbench.tui.widgets.tabs import Tabs
from dlbench.tui.widgets.too_small import Main, TooSmall
from dlbench.tui.widgets.trials import TrialList
from dlbench.tui.widgets.words_line import WordsLine

if TYPE_CHECKING:
    from dlbench.run.folder import RunFolder
    from dlbench.tui.model.feed import Feed
    from dlbench.tui.model.replay import Replay

NARROW = 100
"""Columns below which the list of trials lies over the picture."""


class Dashboard(RunSwitcher):
    """One run on the screen."""

    CSS_PATH = "dashboard.tcss"
    TITLE = "dlbench"
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012  # as Textual declares it
        (0, "-tiny"), (60, "-narrow"), (100, "-wide"), (160, "-huge"),
    ]  # fmt: skip
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(key.key, key.action, key.help, id=key.id, show=False, priority=key.name == "interrupt") for key in KEYS
    ]

    def __init__(
        self,
        view: View,
        *,
        feed: Feed | None = None,
        folder: RunFolder | None = None,
        replay: Replay | None = None,
        options: DashboardOptions | None = None,
        signals: Signals | None = None,
    ) -> None:
        super().__init__()
        self.options = options or DashboardOptions()
        self.view, self.feed, self.folder, self.replay, self.signals = view, feed, folder, replay, signals
        self.read_only = self.options.read_only
        self.questions = PendingRequests()
        self.palette, self.language = self.options.palette, self.options.language
        self.glyphs = self.options.glyphs(self.palette)
        self.main = Main(id="_default")
        self._status, self._tabs, self._trials = StatusBar(id="status"), Tabs(id="tabs"), TrialList(id="trials")
        self._replay_bar, self._words, self._keys = ReplayBar(id="replay"), WordsLine(id="words"), KeysLine(id="keys")
        self._drawn: Version | None = None
        self._pace = FrameLimiter()
        self._styles: dict[tuple[int, int], Style] = {}
        for palette in PALETTES:
            self.register_theme(palette.textual)
        self.theme = self.palette.name
        self._filter_colours()

    def _filter_colours(self) -> None:
        # Textual takes NO_COLOR for a wish for greys; here it is one for no colour at all.
        self._filters = [one for one in self._filters if not isinstance(one, Monochrome | NoColor)]
        if self.options.no_color:
            self._filters.append(NoColor())
        self._filters.append(PrintableFilter())
        if self.options.ascii:
            self._filters.append(AsciiFilter())

    def get_default_screen(self) -> Screen[None]:
        """The screen of panes."""
        return self.main

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """The colour of frames, which Textual's own themes do not have."""
        return {"frame": "#808080"}

    def compose(self) -> ComposeResult:
        """From top to bottom as it stands on the screen."""
        yield self._status
        yield self._tabs
        with Horizontal(id="body"):
            yield self._trials
            yield ContentSwitcher(id="panes")
        yield self._replay_bar
        yield self._words
        yield self._keys
        yield TooSmall(markup=False)

    async def on_mount(self) -> None:
        """Open the first pane, begin to read, and look for changes so many times a second."""
        self.main.set_class(self.options.ascii, "-ascii")
        self.main.set_class(self.replay is not None, "-replay")
        self.listen()
        await self.show_pane(TABS[0].name)
        self.set_interval(1 / self.options.frames, self.tick)
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        """What need not be done before the first frame."""
        gc.enable()
        if self.feed is not None:
            self.feed.start()

    def on_unmount(self) -> None:
        """Read no further."""
        if self.feed is not None:
            self.feed.stop()

    @property
    def pane(self) -> Pane | None:
        """The pane on the screen."""
        if not self.main.is_mounted:
            return None
        visible = self.main.query_one(ContentSwitcher).visible_content
        return visible if isinstance(visible, Pane) else None

    def tick(self) -> None:
        """What is done a few times a second: say what is new, draw it, close where that was wanted."""
        self.tell_news()
        if not self._is_beside_training or self._pace.is_due():
            self._pace.drew()
            self.redraw()
        if self.options.closes and self.view.loading is None and self.view.status != "running":
            self.leave()

    @property
    def _is_beside_training(self) -> bool:
        """Whether workers train on this machine."""
        here = socket.gethostname()
        return self.goes_on and any(worker.host == here for worker in self.view.state.workers.values())

    def redraw(self) -> None:
        """Draw what has changed since the last time; nothing, if nothing has."""
        if self.view.version != self._drawn:
            with self.view.lock:
                if self.view.loading is None:
                    self.view.focus.trial = follow(self.view)
            self.draw()

    def draw(self) -> None:
        """Draw everything that is on the screen."""
        if not self.main.is_mounted:
            return
        with self.view.lock, self.batch_update():
            self._drawn = self.view.version
            self._trials.show(self.view)
            for line in (self._status, self._tabs, self._replay_bar, self._words, self._keys):
                line.show(self.view)
            if self.pane is not None:
                self.pane.show(self.view)

    def style(self, front: int, back: int) -> Style:
        """The colours of a pair of inks in the present theme."""
        if (front, back) not in self._styles:
            self._styles[front, back] = self.palette.style(front, back)
        return self._styles[front, back]

    async def show_pane(self, name: str) -> None:
        """Open a pane; it is made when it is first looked at."""
        switcher = self.main.query_one(ContentSwitcher)
        if not switcher.query(f"#{name}"):
            tab = next(tab for tab in TABS if tab.name == name)
            await switcher.add_content(tab.make(), set_current=True)
        switcher.current = name
        self._tabs.current = name
        pane = self.pane
        self.main.set_focus(next((one for one in pane.query("*") if one.focusable), None) if pane else None)
        # Its charts know their sizes only then.
        self.call_after_refresh(self.draw)

    async def action_pane(self, name: str) -> None:
        """Open a pane."""
        await self.show_pane(name)

    async def action_next_pane(self, count: int) -> None:
        """The pane so many tabs further, around the ends."""
        names = [tab.name for tab in TABS]
        await self.show_pane(names[(names.index(self._tabs.current) + count) % len(names)])

    def action_help(self) -> None:
        """Say what the picture means, and every key."""
        from dlbench.tui.screens.help import HelpScreen

        self.push_screen(HelpScreen(self.pane))

    def action_sidebar(self) -> None:
        """Show or hide the list of trials."""
        self.main.toggle_class("-trials" if self.size.width < NARROW else "-no-trials")
        self.call_after_refresh(self.draw)

    def action_close(self) -> None:
        """Hide the list of trials where it lies over the picture."""
        self.main.remove_class("-trials")

    def on_trial_list_chosen(self) -> None:
        """The list has done what it was opened for."""
        self.action_close()

    def action_theme(self) -> None:
        """The next theme."""
        if self.options.no_color:
            self.notify("NO_COLOR is set: there are no colours to change", severity="warning")
            return
        self.palette = PALETTES[(PALETTES.index(self.palette) + 1) % len(PALETTES)]
        self.glyphs = self.options.glyphs(self.palette)
        self._styles.clear()
        self.theme = self.palette.name
        self.draw()
        for widget in self.main.query("*"):
            widget.refresh()
        self.notify(f"theme: {self.palette.title}")

    def can(self, key: Key) -> bool:
        """Whether a key does something now."""
        if key.group == "Replay":
            return self.replay is not None
        if key.name == "rows":
            return has_times(self.view, self.view.focus.trial)
        if key.changes_run and not (self.replay and key.name in {"pause", "advance"}):
            return self.refusal is None
        return True

    def label(self, key: Key) -> str:
        """The word of a key in the footer."""
        return "Go on" if key.name == "pause" and self.is_paused else key.label

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Every key by what it does, for the command palette."""
        for key in KEYS:
            if self.can(key):
                yield SystemCommand(key.help.rstrip("."), ", ".join(key.faces), partial(self.run_action, key.action))

    async def run_action(
        self,
        action: str | ActionParseResult,
        default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:
        """Do what a key says: the pane on the screen where it knows how, else the app."""
        if default_namespace in {None, self}:
            name = action[1] if isinstance(action, tuple) else actions.parse(action)[1]
            default_namespace = self.pane if hasattr(self.pane, f"action_{name}") else self
        return await super().run_action(action, default_namespace, namespaces)
