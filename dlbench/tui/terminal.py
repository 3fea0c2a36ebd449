"""The terminal: what it can show, which signals it sends, and whether it is still there."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Timer
from types import FrameType
from typing import Any, Self

from dlbench.errors import ExitCode

LOCAL_FRAMES, REMOTE_FRAMES = 4.0, 2.0
"""Looks for changes a second; over a network every frame costs its bytes."""

STUCK_SECONDS = 5.0
"""How long closing may take once the terminal is gone."""

LEAST_WIDTH, LEAST_HEIGHT = 60, 16

CODES = {
    signal.SIGINT: ExitCode.INTERRUPTED,
    signal.SIGTERM: ExitCode.TERMINATED,
    signal.SIGHUP: ExitCode.HANGUP,
}
"""What the process exits with after each signal."""

STOPPING = (signal.SIGTSTP, signal.SIGCONT)
"""Signals that Textual handles from its start on, and never gives back."""


def is_interactive(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether a dashboard can be drawn and answer keys: all three streams a terminal, and one that moves its cursor."""
    streams = (sys.stdin, sys.stdout, sys.stderr)
    return environment.get("TERM") not in {None, "", "dumb", "unknown"} and all(map(is_terminal, streams))


def is_terminal(stream: Any) -> bool:
    """Whether a stream is a terminal that is still there."""
    try:
        return bool(stream.isatty())
    except (AttributeError, ValueError, OSError):  # none, closed, or hung up
        return False


@dataclass(frozen=True)
class TerminalCapabilities:
    """What the environment says of the terminal, and what its user wants of it."""

    ascii: bool
    """Only ASCII is drawn."""
    no_color: bool
    """No colour is drawn."""
    light: bool
    """Its background is light, as far as it says so."""
    frames: float
    """Looks for changes a second."""

    @classmethod
    def of(cls, environment: Mapping[str, str] = os.environ, *, ascii_only: bool = False) -> TerminalCapabilities:
        """Read them from the environment's variables."""
        is_remote = any(environment.get(name) for name in ("SSH_CONNECTION", "SSH_TTY"))
        return cls(
            ascii=ascii_only or not speaks_utf8(environment),
            no_color=bool(environment.get("NO_COLOR")),
            light=environment.get("COLORFGBG", "").rpartition(";")[2] in {"7", "15"},
            frames=REMOTE_FRAMES if is_remote else LOCAL_FRAMES,
        )


def speaks_utf8(environment: Mapping[str, str]) -> bool:
    """Whether the locale's encoding is UTF-8; an environment that says nothing has Python's own, which is."""
    names = ("LC_ALL", "LC_CTYPE", "LANG")
    locale = next(filter(None, (environment.get(name) for name in names)), "UTF-8")
    return "utf8" in locale.lower().replace("-", "")


class Signals:
    """Hands SIGINT, SIGTERM and SIGHUP to whoever listens, while its `with` block lasts.

    One that comes before anybody listens is kept for the listener. A signal that was ignored before (`nohup`) stays so.
    """

    def __init__(self) -> None:
        self.received: signal.Signals | None = None
        """The first one that came."""
        self._listener: Callable[[ExitCode], object] | None = None
        self._before: dict[signal.Signals, Any] = {}

    def listen(self, listener: Callable[[ExitCode], object]) -> None:
        """Call `listener` with the exit code of the first signal, at once if it has come already."""
        self._listener = listener
        if self.received is not None:
            listener(CODES[self.received])

    def guard(self, lost: Callable[[], object]) -> None:
        """Call `lost` where SIGCONT comes from a terminal that hangs up; Textual would take it for a return from Ctrl-Z."""
        resume = signal.getsignal(signal.SIGCONT)

        def note(number: int, frame: FrameType | None) -> None:
            if not is_terminal(sys.__stdin__):
                lost()
            elif callable(resume):
                resume(number, frame)

        signal.signal(signal.SIGCONT, note)

    def _note(self, number: int, frame: FrameType | None) -> None:
        received = signal.Signals(number)
        if received is signal.SIGHUP:
            if not is_terminal(sys.__stdin__):
                let_go()
            give_up()
        if self.received is None:
            self.received = received
            if self._listener is not None:
                self._listener(CODES[received])

    def __enter__(self) -> Self:
        for number in CODES:
            before = signal.getsignal(number)
            if before is not signal.SIG_IGN:
                self._before[number] = before
                signal.signal(number, self._note)
        self._before |= {number: signal.getsignal(number) for number in STOPPING}
        return self

    def __exit__(self, *error: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)


def let_go() -> None:
    """Read nothing from a terminal that is gone and send nothing to it: both would fail, in whatever thread does it.

    Which of the three streams led there is not asked: the dashboard runs only where all of them did.
    """
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)


def give_up() -> None:
    """End the process in a few seconds if it has not ended by then: a thread may wait for a terminal that never comes."""
    timer = Timer(STUCK_SECONDS, os._exit, [int(ExitCode.HANGUP)])
    timer.daemon = True
    timer.start()
