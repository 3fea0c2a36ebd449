"""From typing `dlbench run` to the first training step done."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.lessons import RECIPES
from benchmarks.timer import Timer

CHANGES = (
    "--seeds",
    "3",
    "--set",
    "train.steps=10",
    "--set",
    "probes.points=2",
    "--device",
    "cpu",
    "--display",
    "none",
)


def run(lap: Timer) -> None:
    """A lap is the time from starting the command to the first probe in its events, whose own time stamp is read."""
    while True:
        lap.wait()
        lap.answer(_first_step())


def _first_step() -> float:
    with tempfile.TemporaryDirectory() as out:
        command = [sys.executable, "-m", "dlbench", "run", str(RECIPES / "xor.toml"), "--out", out, *CHANGES]
        started = time.time()
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        stamps: list[float] = [
            event["time"]
            for path in Path(out).rglob("events/*.jsonl")
            for event in map(json.loads, path.read_text().splitlines())
            if event["kind"] == "probe"
        ]
    return min(stamps) - started
