"""Runs whose events are made up: folders of any size and length, to look at and to measure viewers by. Nothing is trained."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from dlbench.measures.catalog import MEASURES
from dlbench.measures.names import HISTOGRAM, ZEROS
from dlbench.plan import Plan
from dlbench.plan.make import make_plan
from dlbench.recipe import load
from dlbench.run.atomic import write_json_atomic
from dlbench.run.environment import environment
from dlbench.run.events import EventWriter
from dlbench.run.folder import RunFolder, create

RECIPE = """
[lesson]
title = "{layers} layers, {seeds} seeds a variant"
question = "Numbers that were made up: how far can they be seen?"

[data]
kind = "xor"

[model]
layers = [{{ kind = "dense", units = 5, repeat = {layers} }}]

[train]
steps = {steps}

[trials]
seeds = {seeds}

[variants.sigmoid]
model.activation = "sigmoid"

[variants.relu]
"""
BINS = 40


@dataclass(frozen=True)
class Size:
    """How large a made-up run is: two variants, so many hidden layers, seeds, steps, probes and evaluations."""

    layers: int = 9
    seeds: int = 5
    steps: int = 10_000
    probes: int = 200
    evaluations: int = 100


def write_run(out: Path, size: Size) -> RunFolder:
    """A finished run of that size under `out`, its events seeded, so that two calls make the same numbers."""
    out.mkdir(parents=True, exist_ok=True)
    file = out / "made-up.toml"
    file.write_text(RECIPE.format(**vars(size)), encoding="utf-8")
    recipe = load(file)
    plan = make_plan(recipe, device="cpu", workers=1)
    folder = create(out, recipe.name, datetime.now(UTC).astimezone())
    folder.write_recipe(recipe.to_toml())
    write_json_atomic(folder.env_file, environment())
    folder.write_plan(plan)
    with EventWriter(folder.events_file(0, 0)) as events:
        events.write("run", session=0, worker=0, pid=1, started=0.0, host="nowhere", device="cpu",
                     device_name="made up", threads=1, torch="none", stacks=[*range(len(plan.stacks))])  # fmt: skip
        for index in range(len(plan.stacks)):
            _write_stack(events, plan, index, size)
        events.write("end", stack=None, status="done", error=None, step=None, seconds=None)
    return folder


def _write_stack(events: EventWriter, plan: Plan, index: int, size: Size) -> None:
    trials, rng = len(plan.stacks[index].trials), np.random.default_rng(index)
    layers = size.layers + 1
    rows = [{"name": f"{row} dense", "kind": "dense", "weight": [5, 5]} for row in range(layers)]
    events.write("stack", stack=index, step=0, layers=rows, steps=size.steps, steps_per_epoch=1, train=4,
                 validation=0, test=4, classes=2)  # fmt: skip
    probed = set(np.linspace(0, size.steps - 1, size.probes).astype(int).tolist())
    evaluated = set(np.linspace(0, size.steps, size.evaluations).astype(int).tolist())
    for step in sorted(probed | evaluated):
        if step in evaluated:
            events.write(
                "metrics", stack=index, step=step, epoch=step, seconds=step * 1e-3, **metrics(rng, trials, step)
            )
        if step in probed:
            events.write("probe", stack=index, step=step, cost=0.01, **probe(rng, trials, layers))
    events.write("end", stack=index, status="done", error=None, step=size.steps, seconds=size.steps * 1e-3)


def metrics(rng: np.random.Generator, trials: int, step: int) -> dict[str, Any]:
    """One evaluation of every trial: losses that fall with noise."""
    loss = (np.exp(-step / 4000) * rng.lognormal(0, 0.2, trials)).astype(np.float32)
    accuracy = (1 - loss / 4).astype(np.float32)
    return {"train_loss": loss, "train_accuracy": accuracy, "validation_loss": None, "validation_accuracy": None,
            "test_loss": 1.2 * loss, "test_accuracy": accuracy, "batch_loss": loss}  # fmt: skip


def probe(rng: np.random.Generator, trials: int, layers: int) -> dict[str, Any]:
    """One probe of every trial and layer: norms that fall towards the input by a third a layer, five digits each."""
    depth = 3.0 ** (np.arange(layers) - layers)
    values = {name: depth * rng.lognormal(0, 0.5, (trials, layers)) for name in MEASURES}
    rounded = {
        name: np.array([f"{v:.4e}" for v in array.flat], np.float32).reshape(array.shape)
        for name, array in values.items()
    }
    counts = rng.poisson(1.0, (trials, layers, BINS)).astype(np.int32)
    return {**rounded, HISTOGRAM: counts, ZEROS: np.zeros((trials, layers), np.int32)}
