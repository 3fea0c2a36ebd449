"""What one frame of the dashboard costs, whatever the length of the history behind it."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import numpy as np

from benchmarks.synthetic_runs import BINS
from benchmarks.timer import Timer
from dlbench.plan import Candidate, Plan, Stack, Trial, WorkerPlan
from dlbench.tui.app import Dashboard
from dlbench.tui.model.view import RunInfo, View

TRIALS, LAYERS = 5, 10
SIZE = (120, 40)


def run(lap: Timer, *, records: int, pane: str, frames: int) -> None:
    """A lap is `frames` times: one more evaluation and probe arrives, and the screen is drawn, with `records` before them."""
    asyncio.run(_frames(lap, records, pane, frames))


async def _frames(lap: Timer, records: int, pane: str, frames: int) -> None:
    plan = synthetic_plan(steps=10 * records)
    view = View(RunInfo("made-up", plan))
    rng = np.random.default_rng(0)
    view.state.apply([_stack(plan), *(event for step in range(records) for event in _events(step, rng))])
    view.loading, step = None, records
    app = Dashboard(view)
    async with app.run_test(size=SIZE) as pilot:
        await app.show_pane(pane)
        await pilot.pause()
        while True:
            lap.wait()
            seconds = 0.0
            for _ in range(frames):
                with view.lock:
                    view.state.apply(_events(step, rng))
                step += 1
                started = time.perf_counter()
                app.redraw()
                await pilot.pause()
                seconds += time.perf_counter() - started
            lap.answer(seconds)


def synthetic_plan(steps: int) -> Plan:
    """One stack of one variant."""
    trials = [Trial(str(seed), "relu", {}, seed, 0) for seed in range(TRIALS)]
    return Plan("made-up", [Candidate("relu", {}, {})], trials, [Stack([*range(TRIALS)], steps, 100, 1.0)],
                [WorkerPlan("cpu", 1, [0])])  # fmt: skip


def _stack(plan: Plan) -> dict[str, Any]:
    rows = [{"name": f"dense{row}", "kind": "dense", "weight": [5, 5]} for row in range(LAYERS)]
    return {"kind": "stack", "stack": 0, "step": 0, "layers": rows, "steps": plan.stacks[0].steps, "steps_per_epoch": 1,
            "train": 4, "validation": 0, "test": 4, "classes": 2}  # fmt: skip


def _events(step: int, rng: np.random.Generator) -> list[dict[str, Any]]:
    loss, norm = rng.lognormal(0, 1, TRIALS).tolist(), rng.lognormal(0, 2, (TRIALS, LAYERS)).tolist()
    counts = np.ones((TRIALS, LAYERS, BINS), int).tolist()
    return [
        {"kind": "metrics", "stack": 0, "step": step, "epoch": step, "seconds": step, "train_loss": loss, "test_loss": loss,
         "train_accuracy": loss, "test_accuracy": loss, "batch_loss": loss},
        {"kind": "probe", "stack": 0, "step": step, "gradient_norm": norm, "weight_norm": norm, "update_ratio": norm,
         "gradient_histogram": counts, "cost": 0.01},
    ]  # fmt: skip
