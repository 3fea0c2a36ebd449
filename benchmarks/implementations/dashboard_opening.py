"""From typing `dlbench watch` to something on the screen."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.synthetic_runs import Size, write_run
from benchmarks.terminal import Terminal
from benchmarks.timer import Timer

EVERYTHING_READ = "DONE"
"""What the bar says once all events are read."""
HELP = "Everywhere"
"""The first group of keys in the help."""


def run(lap: Timer, *, size: dict[str, int], until: str) -> None:
    """A lap opens a run, and answers for one of `MOMENTS`."""
    with tempfile.TemporaryDirectory() as out:
        folder = write_run(Path(out), Size(**size))
        while True:
            lap.wait()
            with Terminal(["-m", "dlbench", "watch", str(folder.path)]) as terminal:
                lap.answer(MOMENTS[until](terminal, terminal.wait_for(folder.recipe)))


def _read(terminal: Terminal, frame: float) -> float:
    return frame + terminal.wait_for(EVERYTHING_READ)


def _help(terminal: Terminal, _: float) -> float:
    terminal.press("?")
    return terminal.wait_for(HELP)


def _memory(terminal: Terminal, _: float) -> float:
    terminal.wait_for(EVERYTHING_READ)
    return terminal.resident_mb()


MOMENTS: dict[str, Callable[[Terminal, float], float]] = {
    "frame": lambda _, frame: frame,
    "read": _read,
    "help": _help,
    "memory": _memory,
}
"""Seconds to the first frame, until all is read, from `?` to the help while it is being read; MB when all is read."""
