"""A verb of dlbench in a process of its own, which outlives whoever started it and has no terminal."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from dlbench import plugins
from dlbench.errors import SetupError
from dlbench.files import append_to
from dlbench.launch.local import child_environment


def start_apart(words: Sequence[str], log: Path) -> None:
    """Start `dlbench` with these words, with this process's files of parts; what it prints is added to a log.

    Raises SetupError where it cannot be started.
    """
    parts = [word for file in plugins.loaded() for word in ("--parts", file.path)]
    try:
        with append_to(log) as console:
            subprocess.Popen(
                [sys.executable, "-m", "dlbench", *words, *parts],
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                env=child_environment(1),
                start_new_session=True,
            )
    except OSError as error:
        raise SetupError(f"{log.parent}: no process can be started there: {error.strerror}") from error
