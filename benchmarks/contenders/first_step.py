"""From typing `dlbench run` to the first training step done."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.lap import Lap

RECIPE = """
[lesson]
title = "The first step"

[data]
kind = "xor"

[model]
activation = "sigmoid"
init = { kind = "uniform", low = -1.0, high = 1.0 }
layers = [{ kind = "dense", units = 5, repeat = 10 }]

[train]
optimizer = { kind = "sgd", lr = 0.1 }
batch_size = "full"
steps = 10

[trials]
seeds = 3
"""


def run(lap: Lap) -> None:
    """A lap is the time from starting the command to the first probe in its events, whose own time stamp is read."""
    with tempfile.TemporaryDirectory() as name:
        recipe = Path(name) / "first-step.toml"
        recipe.write_text(RECIPE)
        while True:
            lap.wait()
            lap.answer(_first_step(recipe))


def _first_step(recipe: Path) -> float:
    with tempfile.TemporaryDirectory(dir=recipe.parent) as out:
        command = [sys.executable, "-m", "dlbench", "run", str(recipe), "--out", out, "--device", "cpu"]
        started = time.time()
        subprocess.run([*command, "--display", "none"], stdout=subprocess.DEVNULL, check=True)
        stamps: list[float] = [
            event["time"]
            for path in Path(out).rglob("events/*.jsonl")
            for event in map(json.loads, path.read_text().splitlines())
            if event["kind"] == "probe"
        ]
    return min(stamps) - started
