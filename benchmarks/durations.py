"""`python -m benchmarks.durations`: how long each shipped recipe takes on two cores, for `dlbench list`.

What the plan thinks short is trained here by two workers with a thread each, one after the other: the processor time of the
longer one is what a run takes on two quiet cores, however busy this machine is. Of long recipes the kept run in results/reference
tells the training time, if it was trained on a CPU. All else is an estimate: the kept run's time for another number of trials, or
what `dlbench.plan` thinks of a recipe, times what long kept runs took beyond that.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Annotated

import typer

from dlbench.errors import DlbenchError
from dlbench.launch.launcher import Assignment
from dlbench.launch.local import worker_command
from dlbench.plan import Plan
from dlbench.plan.assignment import OVERHEAD, SPEED
from dlbench.plan.make import make_plan
from dlbench.recipe import load, shipped_recipes
from dlbench.recipe.durations import FILE, Duration, durations
from dlbench.recipe.shipped import folder
from dlbench.run.atomic import write_json_atomic
from dlbench.run.folder import create

CORES = 2
SHORT = 12.0
"""Seconds on one core, as the plan thinks, up to which a recipe is trained here."""

LONG = 60.0
"""Seconds from which on a kept run tells how far the plan is off: below, the start of operations takes most of a step."""

REFERENCE = Path("results/reference")
ABOUT = "seconds of a run on two cores, by `python -m benchmarks.durations`"


def plan_of(name: str, *, quick: bool) -> Plan:
    """A recipe's plan for two workers on the CPU."""
    return make_plan(load(name, quick=quick), device="cpu", threads=1, workers=CORES)


def thought(plan: Plan) -> float:
    """Seconds of one core that the plan thinks it takes."""
    return sum(one.cost / SPEED + OVERHEAD * one.steps for one in plan.stacks)


def trained(name: str, plan: Plan) -> float:
    """Seconds of processor time of the worker that takes longest, its start included."""
    with tempfile.TemporaryDirectory() as place:
        run = create(Path(place), name, datetime.now(UTC))
        run.write_plan(plan)
        taken = []
        for number, worker in enumerate(plan.workers):
            assignment = Assignment(run, 0, number, list(worker.stacks), 1)
            environment = os.environ | {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
            process = subprocess.Popen(worker_command(assignment), env=environment)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode:
                raise typer.BadParameter(f"{name}: a worker ended with {process.returncode}")
            taken.append(usage.ru_utime + usage.ru_stime)
        return max(taken)


def kept(name: str) -> tuple[float, int] | None:
    """The training time of a kept run on a CPU, all its workers together, and how many trials it had."""
    file = REFERENCE / name / "trials.csv"
    if not file.is_file():
        return None
    workers = json.loads((REFERENCE / name / "environment.json").read_text(encoding="utf-8"))["workers"]
    if {one["device"] for one in workers.values()} != {"cpu"}:
        return None
    with file.open(encoding="utf-8", newline="") as text:
        rows = list(csv.DictReader(text))
    return sum(float(row[key] or 0) for row in rows for key in ("seconds", "pretrain_seconds")), len(rows)


def beyond_plan(names: Sequence[str]) -> float:
    """How many times as long as the plan thinks long kept runs have taken: the median."""
    factors = []
    for name in names:
        plan, found = plan_of(name, quick=False), kept(name)
        if found and found[1] == len(plan.trials) and thought(plan) > LONG:
            factors.append(found[0] / thought(plan))
    return median(factors)


def duration(name: str, factor: float, *, quick: bool) -> Duration:
    """How long a recipe takes, or its quick version."""
    plan, found = plan_of(name, quick=quick), None if quick else kept(name)
    if thought(plan) <= SHORT:
        return Duration(round(trained(name, plan), 1), is_estimate=False)
    if found:
        seconds, trials = found
        share = len(plan.trials) / trials
        return Duration(round(seconds * share / CORES, 1), is_estimate=share != 1)
    return Duration(round(thought(plan) * factor / CORES, 1), is_estimate=True)


def no_longer(quick: Duration, full: Duration) -> Duration:
    """A small version is not said to take longer: where both are mostly a process that starts, they differ by noise."""
    return replace(quick, seconds=min(quick.seconds, full.seconds))


def main(
    only: Annotated[list[str] | None, typer.Option(help="A recipe; can be repeated.")] = None,
    out: Annotated[Path | None, typer.Option(help="Where the figures go.")] = None,
) -> None:
    """Measure the shipped recipes, and keep what was measured of the others."""
    target = out or folder() / FILE
    found = durations(target) if target.is_file() else {}
    every = [path.stem for path in shipped_recipes()]
    factor = beyond_plan(every)
    print(f"long kept runs took {factor:.2f} times as long as their plans think (median)")
    for name in only or every:
        try:
            full, quick = (duration(name, factor, quick=version == "quick") for version in ("full", "quick"))
        except DlbenchError as error:
            print(f"{name}: left as it was: {error}")
            continue
        found[name] = {"full": full, "quick": no_longer(quick, full)}
        print(name, *(f"{version} {one}" for version, one in found[name].items()), flush=True)
        shipped = {one: found[one] for one in every if one in found}
        data = {name: {version: asdict(one) for version, one in both.items()} for name, both in shipped.items()}
        write_json_atomic(target, {"about": ABOUT, "recipes": data})


if __name__ == "__main__":
    typer.run(main)
