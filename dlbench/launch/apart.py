"""A verb of dlbench in a process of its own, which outlives whoever started it and has no terminal."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from dlbench import plugins
from dlbench.errors import DlbenchError, SetupError
from dlbench.files import append_to
from dlbench.launch.local import child_environment


def start_apart(words: Sequence[str], log: Path) -> None:
    """Start `dlbench` with these words, with this process's files of parts; what it prints is added to a log.

    Raises SetupError where it cannot be started.
    """
    try:
        with append_to(log) as console:
            subprocess.Popen(
                _command(words),
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                env=child_environment(1),
                start_new_session=True,
            )
    except OSError as error:
        raise SetupError(f"{log.parent}: no process can be started there: {error.strerror}") from error


def printed_apart(words: Sequence[str]) -> str:
    """Run `dlbench` with these words, with this process's files of parts, to its end; returns what it has printed on stdout.

    Raises SetupError where it cannot be started, DlbenchError with what it says where it ends badly.
    """
    try:
        done = subprocess.run(
            _command(words),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=child_environment(1),
            start_new_session=True,
            check=False,
        )
    except OSError as error:
        raise SetupError(f"no process can be started: {error.strerror}") from error
    if done.returncode:
        raise DlbenchError(done.stderr.strip().removeprefix("error: ") or f"it ended with code {done.returncode}")
    return done.stdout


def _command(words: Sequence[str]) -> list[str]:
    parts = [word for file in plugins.loaded() for word in ("--parts", file.path)]
    return [sys.executable, "-m", "dlbench", *words, *parts]
