"""How a dashboard ends: by a key, a signal, a crash, or because its terminal is gone; each leaves the terminal as it was."""

from __future__ import annotations

import asyncio
import sys
import time

from dlbench.errors import ExitCode
from dlbench.tui.app_base import AppBase
from dlbench.tui.terminal import Signals, give_up, is_terminal, let_go

ARMED_SECONDS = 5.0
"""How long the first Ctrl-C waits for the second."""
TERMINAL_SECONDS = 5.0
"""How often it is asked whether the terminal is still there."""


class Shutdown(AppBase):
    """The actions quit and interrupt, signals, and what becomes of errors."""

    signals: Signals | None = None
    _armed = float("-inf")

    @property
    def crash(self) -> Exception | None:
        """An error that nobody foresaw; whoever ran the app raises it when the terminal is in order again."""
        return self._exception

    @property
    def goes_on(self) -> bool:
        """Whether a run is under way that leaving does not end."""
        raise NotImplementedError

    def listen(self) -> None:
        """Obey signals from now on, and look after the terminal."""
        if self.signals is not None:
            loop = asyncio.get_running_loop()
            # Called inside of a signal's handler, where nothing of the app may be touched.
            self.signals.listen(lambda code: loop.call_soon_threadsafe(self.leave, code))
            self.signals.guard(lambda: loop.call_soon_threadsafe(self._lose_terminal))
            self.app_resume_signal.subscribe(self, lambda _: self.refresh(layout=True))
        if not self.is_headless:
            self.set_interval(TERMINAL_SECONDS, self._look_for_terminal)

    def leave(self, code: ExitCode = ExitCode.DONE) -> None:
        """Close; a run under way goes on."""
        self.exit(return_code=code)

    async def action_quit(self) -> None:
        """Close."""
        self.leave()

    def action_interrupt(self) -> None:
        """Copy what is selected with the mouse; else the second press in a few seconds closes."""
        selected = self.screen.get_selected_text()
        if selected:
            self.copy_to_clipboard(selected)
            self.screen.clear_selection()
            self.notify("copied")
            return
        if time.monotonic() - self._armed < ARMED_SECONDS:
            self.leave(ExitCode.INTERRUPTED)
            return
        self._armed = time.monotonic()
        rest = "; the run goes on (x stops it)" if self.goes_on else ""
        self.notify(f"Ctrl-C again leaves{rest}", timeout=ARMED_SECONDS, markup=False)

    def panic(self, *renderables: object) -> None:
        """An error outside of any handler: of the input thread, whose terminal has most likely gone."""
        if not self.is_headless and not is_terminal(sys.__stdin__):
            self._lose_terminal()
        else:
            super().panic(*map(str, renderables))

    def _fatal_error(self) -> None:
        # Textual would print the whole traceback; ours goes to a file, and one line to the terminal.
        self._close_messages_no_wait()

    def _look_for_terminal(self) -> None:
        if not is_terminal(sys.__stdin__):
            self._lose_terminal()

    def _lose_terminal(self) -> None:
        let_go()
        give_up()
        self.leave(ExitCode.HANGUP)
