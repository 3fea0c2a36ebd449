"""A worker as a child of whoever hands on what it tells: it ends with its parent, however that ends."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress

from dlbench.files import append_to
from dlbench.launch.launcher import Assignment
from dlbench.launch.local import child_environment, worker_command

POLL_SECONDS = 0.1


class TetheredWorker:
    """The process of `worker_command`, on a leash that is its standard input."""

    def __init__(self, assignment: Assignment, variables: Mapping[str, str] | None = None) -> None:
        """`variables` are added to its environment. Raises OSError where it cannot be started."""
        with append_to(assignment.folder.console_file(assignment.worker)) as console:
            self._process = subprocess.Popen(
                [*worker_command(assignment), "--tethered"],
                stdin=subprocess.PIPE,
                stdout=console,
                stderr=subprocess.STDOUT,
                env=child_environment(assignment.threads) | dict(variables or {}),
                start_new_session=True,
            )

    @property
    def exit_code(self) -> int | None:
        """What it has ended with, minus the number of the signal that killed it; None while it is there."""
        return self._process.poll()

    def stop(self, *, force: bool = False) -> None:
        """Have it end after its step, with a checkpoint; with `force` at once."""
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGKILL if force else signal.SIGTERM)

    def wait(self, seconds: float | None = None) -> int | None:
        """Wait so long for its end; its exit code, if that has come. A handler of signals may wait inside of another wait."""
        deadline = None if seconds is None else time.monotonic() + seconds
        # Not by Popen's own wait: whoever interrupts that finds its lock taken, and never sees the end.
        while self.exit_code is None and (deadline is None or time.monotonic() < deadline):
            time.sleep(POLL_SECONDS)
        return self.exit_code
