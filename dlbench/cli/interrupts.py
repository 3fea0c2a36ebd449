"""Signals while a run is followed: counted, never acted upon in the handler."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType
from typing import Any, Self

from dlbench.errors import ExitCode

CODES = {
    signal.SIGINT: ExitCode.INTERRUPTED,
    signal.SIGTERM: ExitCode.TERMINATED,
    signal.SIGHUP: ExitCode.HANGUP,
}


class Interrupts:
    """Counts SIGINT and SIGTERM, and notes SIGHUP, while its `with` block lasts.

    A signal that was ignored before (`nohup`, a job in the background of a script) stays ignored.
    """

    def __init__(self) -> None:
        self.stops = 0
        """How often someone asked to stop."""
        self.hangup = False
        """Whether the terminal is gone."""
        self.code: ExitCode | None = None
        """What to exit with: the first signal decides."""
        self._before: dict[signal.Signals, Any] = {}
        # Asked now, because a terminal that is gone says of itself that it is none.
        self._terminals = [stream.fileno() for stream in (sys.stdout, sys.stderr) if stream.isatty()]

    def _note(self, number: int, frame: FrameType | None) -> None:  # a handler's signature
        received = signal.Signals(number)
        if received is signal.SIGHUP:
            self.hangup = True
            self.code = ExitCode.HANGUP
            self._let_go()
            return
        self.stops += 1
        self.code = self.code or CODES[received]

    def _let_go(self) -> None:
        """Send to nowhere what would still be written to the terminal; files and pipes go on."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for terminal in self._terminals:
            os.dup2(nowhere, terminal)
        os.close(nowhere)

    def __enter__(self) -> Self:
        for number in CODES:
            before = signal.getsignal(number)
            if before is not signal.SIG_IGN:
                self._before[number] = before
                signal.signal(number, self._note)
        return self

    def __exit__(self, *error: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
