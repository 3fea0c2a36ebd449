"""A training with and without somebody who watches."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.lessons import RECIPES
from benchmarks.terminal import Terminal
from benchmarks.timer import Timer

STANDING = 0.4
"""The share of the training after which a dashboard that was opened at its beginning has long stood."""


def run(lap: Timer, *, steps: int, workers: int, watched: bool) -> None:
    """A lap is the time that the last part of a run took, by the time stamps of its own evaluations."""
    while True:
        lap.wait()
        with tempfile.TemporaryDirectory() as out:
            lap.answer(_train(out, steps, workers, watched=watched))


def _train(out: str, steps: int, workers: int, *, watched: bool) -> float:
    changes = ["--set", f"train.steps={steps}", "--seeds", "20", "--workers", str(workers), "--device", "cpu"]
    command = [sys.executable, "-m", "dlbench", "run", str(RECIPES / "xor.toml"), "--out", out, *changes]
    process = subprocess.Popen([*command, "--display", "none"], stdout=subprocess.DEVNULL)
    while not list(Path(out).rglob("events/*.jsonl")):
        time.sleep(0.05)
    if watched:
        with Terminal(["-m", "dlbench", "watch", "latest", "--out", out]) as terminal:
            while process.poll() is None:
                terminal.watch(0.2)
    process.wait()
    stamps: list[float] = [
        event["time"]
        for path in Path(out).rglob("events/*.jsonl")
        for event in map(json.loads, path.read_text().splitlines())
        if event["kind"] == "metrics" and event["step"] >= STANDING * steps
    ]
    return max(stamps) - min(stamps)
