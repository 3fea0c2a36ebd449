"""How a dashboard ends: by a key, a signal, or because its terminal is gone; each leaves the terminal as it was."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from dlbench.errors import ExitCode
from dlbench.tui.terminal import Signals, give_up, is_terminal, let_go

if TYPE_CHECKING:
    from dlbench.tui.app_base import AppBase

ARMED_SECONDS = 5.0
"""How long the first Ctrl-C waits for the second."""
TERMINAL_SECONDS = 5.0
"""How often it is asked whether the terminal is still there."""


class Shutdown:
    """The actions quit and interrupt, signals, and the terminal that goes away."""

    def __init__(
        self, app: AppBase, signals: Signals | None = None, *, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._app, self._signals, self._now = app, signals, now
        self._armed = float("-inf")

    def listen(self) -> None:
        """Obey signals from now on, and look after the terminal."""
        app = self._app
        if self._signals is not None:
            loop = asyncio.get_running_loop()
            # Called inside of a signal's handler, where nothing of the app may be touched.
            self._signals.listen(lambda code: loop.call_soon_threadsafe(self.leave, code))
            self._signals.guard(lambda: loop.call_soon_threadsafe(self.lose_terminal))
            app.app_resume_signal.subscribe(app, lambda _: app.refresh(layout=True))
        if not app.is_headless and not app.is_web:
            app.set_interval(TERMINAL_SECONDS, self._check_terminal)

    def leave(self, code: ExitCode = ExitCode.DONE) -> None:
        """Close; a run under way goes on."""
        self._app.exit(return_code=code)

    def lose_terminal(self) -> None:
        """Close without a word to a terminal that is gone."""
        let_go()
        give_up()
        self.leave(ExitCode.HANGUP)

    def action_quit(self) -> None:
        """Close."""
        self.leave()

    def action_interrupt(self) -> None:
        """Copy what is selected with the mouse; else the second press in a few seconds closes."""
        app = self._app
        selected = app.screen.get_selected_text()
        if selected:
            app.copy_to_clipboard(selected)
            app.screen.clear_selection()
            app.notify("copied")
            return
        if self._now() - self._armed < ARMED_SECONDS:
            self.leave(ExitCode.INTERRUPTED)
            return
        self._armed = self._now()
        rest = "; the run goes on (x stops it)" if app.is_live else ""
        app.notify(f"Ctrl-C again leaves{rest}", timeout=ARMED_SECONDS, markup=False)

    def _check_terminal(self) -> None:
        if not is_terminal(sys.__stdin__):
            self.lose_terminal()
