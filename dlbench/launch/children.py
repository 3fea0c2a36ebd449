"""Processes that end with whoever started them, unlike workers: the caller's own commands, with all that these start."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from dlbench.files import append_to

POLL_SECONDS = 0.05
LAST_GRACE_SECONDS = 2.0
"""How long a process may take that was told to end by SIGTERM, having not heard SIGINT."""


class Child:
    """A command as a process that leads a session of its own; what it prints goes to a log, which it begins anew."""

    def __init__(self, words: Sequence[str], log: Path, environment: Mapping[str, str]) -> None:
        """Raises OSError where it cannot be started, or the log cannot be written."""
        self.log = log
        self.started = time.monotonic()
        with append_to(log) as console:
            console.truncate(0)
            # A session of its own: Ctrl-C reaches whoever started it, who then tells all of them in order.
            self._process = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                env=dict(environment),
                start_new_session=True,
            )

    @property
    def exit_code(self) -> int | None:
        """What it ended with, minus the number of the signal that killed it; None while it is there."""
        return self._process.poll()

    @property
    def seconds(self) -> float:
        """Since its start."""
        return time.monotonic() - self.started

    def family(self) -> list[psutil.Process]:
        """It, and the processes that it and these have started, as far as they can still be told to be so."""
        try:
            leader = psutil.Process(self._process.pid)
            return [leader, *leader.children(recursive=True)]
        except psutil.Error:
            return []

    def interrupt(self) -> None:
        """What Ctrl-C would do: SIGINT to its group, so that Python can end its blocks."""
        if self.exit_code is None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGINT)


def end(children: Iterable[Child], grace: float, is_hurried: Callable[[], bool] = lambda: False) -> None:
    """Have processes, and all that they started, end: by SIGINT, after the grace by SIGTERM, and by SIGKILL.

    As soon as `is_hurried` nobody is waited for any more.
    """
    told = [child for child in children if child.exit_code is None]
    there = {process for child in told for process in child.family()}
    for child in told:
        child.interrupt()
    there = _left(there, grace, is_hurried)
    for process in there:
        with suppress(psutil.Error):
            process.terminate()
    there = _left(there, LAST_GRACE_SECONDS, is_hurried)
    for process in there:
        with suppress(psutil.Error):
            process.kill()
    _left(there, LAST_GRACE_SECONDS, lambda: False)
    for child in told:
        _ = child.exit_code  # so that no zombie stays


def _left(there: set[psutil.Process], seconds: float, is_hurried: Callable[[], bool]) -> set[psutil.Process]:
    """Who of them, and of those that they have started since, is still there after so many seconds, or as soon as nobody is."""
    deadline = time.monotonic() + seconds
    while True:
        there = {process for process in there if _is_there(process)}
        there |= {child for process in there for child in _children(process)}
        if not there or is_hurried() or time.monotonic() >= deadline:
            return there
        time.sleep(POLL_SECONDS)


def _is_there(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.Error:
        return []
