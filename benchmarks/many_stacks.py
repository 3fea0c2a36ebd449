"""`python -m benchmarks.many_stacks`: a thousand stacks planned, placed on simulated nodes, and trained by a Ray on this machine."""

from __future__ import annotations

import os
import random
import tempfile
import time
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from typing import Annotated
from unittest.mock import patch

import psutil
import typer
from rich.console import Console

from benchmarks.chaos.bench import Bench, is_done
from benchmarks.simulated_ray import SimulatedNode, SimulatedRay
from dlbench.launch.on_ray import sharing
from dlbench.launch.on_ray.driver import Driver
from dlbench.launch.on_ray.order import Order, WorkerShare
from dlbench.plan import Plan, WorkerPlan
from dlbench.plan.make import make_plan
from dlbench.recipe import load
from dlbench.run.events import EventReader
from dlbench.run.folder import RunFolder
from dlbench.run.workers import Launched, Token, read, record

HEAD = """
[lesson]
title = "Many stacks"
question = "What does each of a thousand nets cost beside its training?"

[data]
kind = "xor"

[train]
steps = {steps}

[trials]
seeds = 1
"""
WIDTHS = 32
"""Two layers, each of up to so many widths, are that many structures squared: none shares a stack with another."""
SPEEDS = (1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 2.0, 2.0, 4.0, 4.0)
"""Of simulated nodes; what a run knows beforehand is that all are alike."""
CORES = 2
MEAN_SECONDS = 60.0
"""Of a simulated stack on a core of speed 1."""


def recipe(stacks: int, steps: int) -> str:
    """Variants of which each is a stack of its own, of one trial."""
    sizes = [(first, second) for first in range(2, 2 + WIDTHS) for second in range(2, 2 + WIDTHS)][:stacks]
    layers = '[{{ kind = "dense", units = {0} }}, {{ kind = "dense", units = {1} }}]'
    variants = [f"[variants.w{a}x{b}]\nmodel.layers = {layers.format(a, b)}\n" for a, b in sizes]
    return HEAD.format(steps=steps) + "\n".join(variants)


def steady(name: str, speed: float) -> SimulatedNode:
    """A node that is as fast all the time."""
    return SimulatedNode(name, CORES, lambda _: speed)


def simulated(base: Path, plan: Plan, *, is_sharing: bool) -> tuple[float, float, int, float]:
    """Seconds that all takes on nodes of several speeds, at least that it can take, workers begun, processor time of the driver."""
    rng, nodes = random.Random(1), [steady(f"n{at}", speed) for at, speed in enumerate(SPEEDS)]  # noqa: S311
    costs = [rng.lognormvariate(0.0, 0.7) * MEAN_SECONDS for _ in plan.stacks]
    count = CORES * len(nodes)
    shares = [list(range(worker, len(costs), count)) for worker in range(count)]
    folder = RunFolder(base / ("sharing" if is_sharing else "apart"))
    for path in (folder.events, folder.checkpoints):
        path.mkdir(parents=True)
    stacks = [replace(stack, cost=cost) for stack, cost in zip(plan.stacks, costs, strict=True)]
    folder.write_plan(replace(plan, stacks=stacks, workers=[WorkerPlan("cpu", 1, share) for share in shares]))
    ray = SimulatedRay(folder.read_plan(), nodes)
    given = [WorkerShare(worker, share, 1) for worker, share in enumerate(shares)]
    for share in given:
        record(folder, Launched(0, share.worker, Token("ray", f"{os.getpid()}/", "here", 0.0), share.stacks, 0))
    driver = Driver(Order(str(folder.path), None, 0, given), ray, now=ray.now, sleep=ray.sleep)  # type: ignore[arg-type]
    began = time.process_time()
    with nullcontext() if is_sharing else patch.object(sharing, "is_worth_it", return_value=False):
        driver.run()
    return ray.time, sum(costs) / (CORES * sum(SPEEDS)), len(ray.agents), time.process_time() - began


def trained(bench: Bench, where: Sequence[str]) -> dict[str, float]:
    """What a run of the bench's recipe took: in all, from its workers' first word to their last, of training, of the driver."""
    began = time.monotonic()
    out = ("--out", str(bench.results))
    process = bench.dlbench(
        *("run", "chaos.toml", "--device", "cpu", "--display", "none", "--workers", "2", *where, *out)
    )
    driver = 0.0
    while process.popen.poll() is None:
        folder = bench.newest()
        if where and folder is not None and (launched := read(folder)):
            with suppress(psutil.Error, ValueError):
                used = psutil.Process(int(str(launched[0].token.id).partition("/")[0])).cpu_times()
                driver = used.user + used.system
        time.sleep(0.2)
    whole, folder = time.monotonic() - began, bench.newest()
    assert folder is not None, process.said
    assert is_done(folder), process.said
    events = EventReader(folder).poll()
    training = sum(one["seconds"] for one in events if one["kind"] == "end" and one["stack"] is not None)
    times = [one["time"] for one in events]
    found = {"whole": whole, "span": max(times) - min(times), "training": training / 2, "driver": driver}
    return found | {"workers": len(read(folder)), "events": len(events)}


def main(
    *,
    stacks: Annotated[int, typer.Option(min=2, max=WIDTHS**2, help="How many.")] = 1000,
    steps: Annotated[int, typer.Option(min=1, help="Of each that is trained.")] = 200,
    run: Annotated[bool, typer.Option(help="Train them, here and on a Ray that is started here.")] = True,
) -> None:
    """Print what planning, placing and training so many stacks take."""
    console = Console(width=130)
    with tempfile.TemporaryDirectory(prefix="dlbench-stacks-") as place:
        base, text = Path(place), recipe(stacks, steps)
        path = base / "many.toml"
        path.write_text(text, encoding="utf-8")
        began = time.perf_counter()
        loaded = load(str(path))
        read_in = time.perf_counter() - began
        plan = make_plan(loaded, device="cpu", workers=2)
        console.print(
            f"{len(plan.stacks)} stacks: recipe read in {read_in:.1f} s, planned in {time.perf_counter() - began - read_in:.1f} s"
        )
        for is_sharing in (False, True):
            seconds, least, workers, used = simulated(base, plan, is_sharing=is_sharing)
            console.print(
                f"{'slow workers share' if is_sharing else 'nobody shares'}: {seconds:.0f} s simulated, {least:.0f} at least, "
                f"{workers} workers begun, {used:.1f} s of the driver's processor time"
            )
        for where in ((), ("--on", "ray")) if run else ():
            found = trained(Bench(base / ("there" if where else "here"), text), where)
            console.print(
                f"{'on Ray' if where else 'here'}: {found['whole']:.1f} s in all, {found['span']:.1f} s from first word to last, "
                f"{found['training']:.1f} s of training on each of two cores, {found['driver']:.1f} s of the driver's processor time, "
                f"{found['workers']:.0f} workers, {found['events']:.0f} events"
            )


if __name__ == "__main__":
    typer.run(main)
