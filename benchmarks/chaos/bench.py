"""dlbench as processes in a folder of its own, and what a run came to, to be held against an undisturbed one."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dlbench.analysis.summary import Report, summarize
from dlbench.errors import ExitCode
from dlbench.launch.status import status
from dlbench.launch.stopping import stop
from dlbench.metrics.catalog import METRICS
from dlbench.run.folder import RunFolder, find_runs

RECIPE = """
[lesson]
section = "0.1"
title = "Kept through chaos"
question = "Is anything lost?"
explain = "Nothing."

[data]
kind = "digits"
limit = 200

[model]
activation = "sigmoid"
layers = [{ kind = "flatten" }, { kind = "dense", units = 12, repeat = 2 }]

[train]
optimizer = { kind = "momentum", lr = 0.1 }
batch_size = 20
steps = 600

[trials]
seeds = 2

[variants.plain]
[variants.dropout]
model.layers = [{ kind = "flatten" }, { kind = "dense", units = 12 }, { kind = "dropout", keep = 0.8 }]
[variants.pretrained]
train.pretrain = { kind = "rbm", epochs = 40 }

[ensemble]
sizes = [2]

[[claims]]
says = "Momentum learns the digits"
source = "measured"
variant = "plain"
metric = "train_accuracy"
at_least = 0.5
"""
"""A few seconds: three stacks, one after the other, with dropout, momentum, pre-training, pictures and predictions."""

PATIENCE = 300.0
TIMES = ("seconds", "pretrain_seconds")
"""Metrics that depend on the machine and on nothing else."""

GOOD = frozenset(
    {ExitCode.DONE, ExitCode.TRIAL_FAILED, ExitCode.ENVIRONMENT, ExitCode.INTERRUPTED, ExitCode.TERMINATED}
)
"""Exit codes that a disturbed run may have; a signal that cannot be caught has its own."""


@dataclass(frozen=True)
class Process:
    """A `dlbench` under way, its streams in files."""

    popen: subprocess.Popen[bytes]
    out: Path

    def wait(self) -> int:
        """Until it ends; its exit code."""
        return self.popen.wait(PATIENCE)

    @property
    def said(self) -> str:
        """What it has printed so far."""
        return self.out.read_text(errors="replace")


class Bench:
    """A folder with the recipe; `run` and `resume` start processes, which write into folders under `results`."""

    def __init__(self, folder: Path, recipe: str = RECIPE, *, results: Path | None = None) -> None:
        self.folder = folder
        self.results = results or folder / "results"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "chaos.toml").write_text(recipe)
        self._started = 0

    def dlbench(self, *arguments: str, before: Callable[[], None] | None = None) -> Process:
        """Start it; `before` is called in the new process first."""
        self._started += 1
        out = self.folder / f"said-{self._started}.txt"
        with out.open("wb") as stream:
            popen = subprocess.Popen(
                [sys.executable, "-m", "dlbench", *arguments],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                env=os.environ | {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "COLUMNS": "200"},
                preexec_fn=before,  # noqa: PLW1509 (no threads of ours hold locks that a limit needs)
            )
        return Process(popen, out)

    def run(self, *, before: Callable[[], None] | None = None) -> Process:
        """A new run."""
        out = ["--out", str(self.results)]
        return self.dlbench("run", "chaos.toml", "--device", "cpu", "--display", "plain", *out, before=before)

    def resume(self, folder: RunFolder) -> Process:
        """Go on with a run."""
        return self.dlbench("run", "--resume", str(folder.path), "--display", "plain")

    def runs(self) -> list[RunFolder]:
        """The runs that have a plan, newest first."""
        return find_runs(self.results)

    def newest(self) -> RunFolder | None:
        """The newest of them, if there is one yet."""
        return next(iter(self.runs()), None)

    def end(self) -> None:
        """Let nothing of it run on."""
        for folder in self.runs():
            if status(folder).alive:
                stop(folder, timeout=0.0, kill=True)


def wait_until(holds: Callable[[], bool], patience: float = PATIENCE) -> bool:
    """Ask again and again until it holds; whether it ever did."""
    deadline = time.monotonic() + patience
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def is_done(folder: RunFolder) -> bool:
    """Whether all of a run's stacks have been trained."""
    return status(folder).state == "done"


def numbers(folder: RunFolder) -> list[Any]:
    """All that a run came to and that does not depend on the machine's speed: every metric of every trial, ensembles, verdicts."""
    return of_report(summarize(folder))


def of_report(found: Report) -> list[Any]:
    """The same of a report."""
    trials = [
        (
            trial.plan.id,
            str(trial.status),
            {name: one.value(trial) for name, one in METRICS.items() if name not in TIMES},
        )
        for trial in found.state.trials
    ]
    combined = [] if found.ensembles is None else [one.values for _, one in found.ensembles.rows]
    return [trials, [repr(each) for each in combined], [repr(verdict) for verdict in found.verdicts]]
