"""The dashboard: panes under one bar, fed by a view, redrawn only when the view says that something has changed."""

from __future__ import annotations

import gc
import socket
import sys
from collections.abc import Mapping
from inspect import isawaitable
from typing import TYPE_CHECKING, ClassVar

from textual import actions
from textual.actions import ActionParseResult
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.dom import DOMNode
from textual.screen import Screen
from textual.widgets import ContentSwitcher

from dlbench.tui.active_keys import ActiveKeys
from dlbench.tui.app_base import AppBase
from dlbench.tui.diagnosis_actions import DiagnosisActions
from dlbench.tui.focus_actions import FocusActions
from dlbench.tui.frame_limiter import FrameLimiter, FramePace
from dlbench.tui.keys import KEYS, Key
from dlbench.tui.model.view import Version, View
from dlbench.tui.options import DashboardOptions
from dlbench.tui.panes import TABS
from dlbench.tui.panes.base import Pane
from dlbench.tui.replay_actions import ReplayActions
from dlbench.tui.run_switcher import RunSwitcher
from dlbench.tui.scene_actions import SceneActions
from dlbench.tui.shutdown import Shutdown
from dlbench.tui.snapshot_saver import SnapshotSaver
from dlbench.tui.steering.steering import Steering
from dlbench.tui.terminal import Signals, is_terminal
from dlbench.tui.theme_actions import ThemeActions
from dlbench.tui.themes import PALETTES
from dlbench.tui.widgets.keys_line import KeysLine
from dlbench.tui.widgets.replay_bar import ReplayBar
from dlbench.tui.widgets.status_bar import StatusBar, WordsLine
from dlbench.tui.widgets.tabs import Tabs
from dlbench.tui.widgets.too_small import Main, TooSmall
from dlbench.tui.widgets.trials import TrialList

if TYPE_CHECKING:
    from dlbench.run.folder import RunFolder
    from dlbench.tui.help_commands import HelpCommand
    from dlbench.tui.model.feed import Following
    from dlbench.tui.model.replay import Replay
    from dlbench.tui.panes.runs import RunChosen, RunOverlaid

NARROW = 100
"""Columns below which the list of trials lies over the picture."""


class Dashboard(AppBase, inherit_bindings=False):
    """One run on the screen. What keys do is spread over the objects that it holds; `run_action` finds whose it is."""

    CSS_PATH = "dashboard.tcss"
    TITLE = "dlbench"
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012  # as Textual declares it
        (0, "-tiny"), (60, "-narrow"), (100, "-wide"), (160, "-huge"),
    ]  # fmt: skip
    ENABLE_COMMAND_PALETTE = False  # the help is one
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(key.key, key.action, key.help, show=False, priority=True) for key in KEYS if key.is_fixed
    ]

    def __init__(
        self,
        view: View,
        *,
        feed: Following | None = None,
        folder: RunFolder | None = None,
        replay: Replay | None = None,
        options: DashboardOptions | None = None,
        signals: Signals | None = None,
    ) -> None:
        super().__init__(view, feed=feed, folder=folder, replay=replay, options=options)
        self.shutdown, self.steering, self.saver = Shutdown(self, signals), Steering(self), SnapshotSaver(self)
        self.focus_actions, self.theme_actions = FocusActions(self), ThemeActions(self)
        self.replay_actions, self.scene = ReplayActions(self), SceneActions(self)
        self.switcher = RunSwitcher(self, self.scene)
        self.diagnosis = DiagnosisActions(self, self.switcher)
        self.active_keys = ActiveKeys(self, self.steering, self.replay_actions)
        self.main = Main(id="_default")
        self._status, self._tabs, self._trials = StatusBar(id="status"), Tabs(id="tabs"), TrialList(id="trials")
        self._replay_bar, self._words, self._keys = ReplayBar(id="replay"), WordsLine(id="words"), KeysLine(id="keys")
        self._drawn: Version | None = None
        self.limiter: FramePace = FrameLimiter()
        for key in self.keys.keys:
            if key.names and not key.is_fixed:
                self.bind(key.key, key.action, description=key.help, show=False)
        for palette in PALETTES:
            self.register_theme(palette.textual)
        self.theme = self.appearance.palette.name
        self._filters = self.appearance.filters(self._filters)

    @property
    def crash(self) -> Exception | None:
        """An error that nobody foresaw; whoever ran the app raises it when the terminal is in order again."""
        return self._exception

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
        self.shutdown.listen()
        await self.scene.open()
        self.set_interval(1 / self.options.frames, self.tick)
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        """What need not be done before the first frame."""
        gc.enable()
        if self.options.key_problem:
            self.notify(self.options.key_problem, severity="warning", timeout=20, markup=False)
        if self.feed is not None:
            self.feed.start()

    def on_unmount(self) -> None:
        """Read no further."""
        if self.feed is not None:
            self.feed.stop()

    @property
    def pane(self) -> Pane | None:
        """The pane on the screen, once its widgets are there."""
        if not self.main.is_mounted:
            return None
        visible = self.main.query_one(ContentSwitcher).visible_content
        return visible if isinstance(visible, Pane) and visible.is_mounted else None

    @property
    def pane_name(self) -> str:
        """Of the pane on the screen; empty before there is one."""
        return self.pane.NAME if self.pane else ""

    def can(self, key: Key) -> bool:
        """Whether a key does something now."""
        return self.active_keys.can(key)

    def label(self, key: Key) -> str:
        """The word of a key in the footer."""
        return self.active_keys.label(key)

    def tick(self) -> None:
        """What is done a few times a second: say what is new, draw it, close where that was wanted."""
        self.steering.tell_answers()
        if self.view.version != self._drawn and self.limiter.is_due(beside_training=self._is_beside_training):
            self.limiter.drew()
            self.redraw()
        if self.options.closes and self.view.loading is None and self.view.status != "running":
            self.shutdown.leave()

    @property
    def _is_beside_training(self) -> bool:
        """Whether workers train on this machine."""
        here = socket.gethostname()
        return self.is_live and any(worker.host == here for worker in self.view.state.workers.values())

    def redraw(self) -> None:
        """Draw what has changed since the last time; nothing, if nothing has."""
        if self.view.version != self._drawn:
            with self.view.lock:
                self.scene.keep()
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

    async def show_pane(self, name: str) -> None:
        """Open a pane; it is made when it is first looked at. Whoever does has left the lesson's scene."""
        self.view.focus.on_scene = False
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
        """Say what the picture means, and every key; do what was found there."""
        from dlbench.tui.screens.help import HelpScreen

        def run(command: HelpCommand | None) -> None:
            if command is not None:
                self.call_later(command.run)

        self.push_screen(HelpScreen(self.pane), run)

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

    async def run_action(
        self,
        action: str | ActionParseResult,
        default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:
        """Do what a key says: the pane on the screen where it knows how, else the app."""
        target, name, parameters = action if isinstance(action, tuple) else actions.parse(action)
        self.scene.before(name)
        owner = self._owner(name) if not target and default_namespace in {None, self} else None
        if owner is None:
            return await super().run_action(action, default_namespace, namespaces)
        found = getattr(owner, f"action_{name}")(*parameters)
        if isawaitable(found):
            await found
        return True

    def _owner(self, name: str) -> object | None:
        """Who knows an action: the pane on the screen, its cursor, then what the app holds."""
        pane = self.pane
        replay = self.replay_actions if self.replay is not None else None
        held = (
            replay,
            self.steering,
            self.focus_actions,
            self.theme_actions,
            self.scene,
            self.diagnosis,
            self.saver,
            self.shutdown,
        )
        owners = (pane, pane.cursor if pane else None, *held)
        return next((owner for owner in owners if hasattr(owner, f"action_{name}")), None)

    async def on_run_chosen(self, message: RunChosen) -> None:
        """Show another run."""
        await self.switcher.show(message.folder)

    def on_run_overlaid(self, message: RunOverlaid) -> None:
        """Lay a run's curves over these, or take them away."""
        self.switcher.overlay(message.folder)

    def panic(self, *renderables: object) -> None:
        """An error outside of any handler: of the input thread, whose terminal has most likely gone."""
        if not self.is_headless and not self.is_web and not is_terminal(sys.__stdin__):
            self.shutdown.lose_terminal()
        else:
            super().panic(*map(str, renderables))

    def _fatal_error(self) -> None:
        # Textual would print the whole traceback; ours goes to a file, and one line to the terminal.
        self._close_messages_no_wait()
