"""Workers as processes of this machine: one detached `python -m dlbench.engine` each."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

import dlbench
from dlbench.files import append_to
from dlbench.launch.launcher import Assignment
from dlbench.run.processes import is_there, token_of
from dlbench.run.workers import LOCAL, Token

Command: TypeAlias = Callable[[Assignment], list[str]]


def worker_command(assignment: Assignment) -> list[str]:
    """The command line of a worker; `-P` keeps files of the current folder from shadowing libraries."""
    run, stacks = str(assignment.folder.path.absolute()), ",".join(map(str, assignment.stacks))
    numbers = ["--session", str(assignment.session), "--worker", str(assignment.worker), "--stacks", stacks]
    words = [*(["--attended"] if assignment.attended else []), *(["--look"] if assignment.looking else [])]
    parts = [word for file in assignment.parts for word in ("--parts", file.path)]
    return [sys.executable, "-P", "-m", "dlbench.engine", run, *numbers, *words, *parts]


class Local:
    """Starts processes that go on without their starter; `command` makes the command line of each."""

    name = LOCAL

    def __init__(self, command: Command = worker_command) -> None:
        self._command = command
        self._processes: dict[Token, subprocess.Popen[bytes]] = {}

    def start(self, assignments: Sequence[Assignment]) -> Iterator[Token]:
        """One process after the other."""
        for assignment in assignments:
            with append_to(assignment.folder.console_file(assignment.worker)) as console:
                # A session of its own: no Ctrl-C, no hang-up and no closed terminal of the starter reaches the worker.
                process = subprocess.Popen(
                    self._command(assignment),
                    stdin=subprocess.DEVNULL,
                    stdout=console,
                    stderr=subprocess.STDOUT,
                    env=child_environment(assignment.threads),
                    start_new_session=True,
                )
            token = token_of(process.pid)
            self._processes[token] = process
            yield token

    def is_alive(self, token: Token, seen: float) -> bool:
        """By pid and creation time; of a process on another host by how long it has been silent."""
        return is_there(token, seen)

    def stop(self, token: Token, *, force: bool) -> bool:
        """SIGTERM, with `force` SIGKILL; a process on another host cannot be told."""
        if token.host != socket.gethostname() or not isinstance(token.id, int) or not is_there(token, token.started):
            return False
        try:
            os.kill(token.id, signal.SIGKILL if force else signal.SIGTERM)
        except (ProcessLookupError, PermissionError):  # gone since, or someone else's
            return False
        return True

    def exit_code(self, token: Token) -> int | None:
        """The process's own, or minus the number of the signal that killed it."""
        return self._processes[token].poll()

    def describe(self, token: Token) -> str:
        """Its pid and host."""
        return f"pid {token.id} on {token.host}"


def child_environment(threads: int) -> dict[str, str]:
    """The variables of a process that imports this same dlbench, with so many threads, and prints what it prints at once."""
    variables = os.environ | {
        "OMP_NUM_THREADS": str(threads),
        "MKL_NUM_THREADS": str(threads),
        "PYTHONUNBUFFERED": "1",
        "PYTHONFAULTHANDLER": "1",
    }
    root = str(Path(dlbench.__file__).resolve().parent.parent)
    if root not in {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}:
        # Run from a checkout: the process must import this same dlbench.
        variables["PYTHONPATH"] = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
    return variables


THIS_MACHINE = Local()
"""The launcher of every run that names no other."""
