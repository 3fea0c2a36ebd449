"""A whole process, from its start to its end."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.timer import Timer


def run(lap: Timer, *, arguments: list[str]) -> None:
    """A lap is one `python ARGUMENTS`, its output thrown away; a failure is an error."""
    while True:
        lap.start()
        subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, check=True)
