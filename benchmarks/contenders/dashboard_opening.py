"""From typing `dlbench watch` to something on the screen."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.lap import Lap
from benchmarks.made_up import Size, write_run
from benchmarks.terminal import Terminal

EVERYTHING_READ = "DONE"
"""What the bar says once all events are read."""
HELP = "Everywhere"
"""The first group of keys in the help."""


def run(lap: Lap, *, size: dict[str, int], until: str) -> None:
    """A lap is the time until the first `frame`, until all is `read`, or, while it is being read, from `?` to the `help`."""
    with tempfile.TemporaryDirectory() as out:
        folder = write_run(Path(out), Size(**size))
        while True:
            lap.wait()
            with Terminal(["-m", "dlbench", "watch", str(folder.path)]) as terminal:
                frame = terminal.wait_for(folder.recipe)
                if until == "frame":
                    lap.answer(frame)
                elif until == "read":
                    lap.answer(frame + terminal.wait_for(EVERYTHING_READ))
                else:
                    terminal.press("?")
                    lap.answer(terminal.wait_for(HELP))
