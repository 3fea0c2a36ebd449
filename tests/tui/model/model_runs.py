"""Runs that never were, for the model behind the screens: a plan, its events, and their folder."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import orjson

from dlbench.plan import Candidate, Plan, Stack, Trial, WorkerPlan
from dlbench.run.folder import RunFolder
from dlbench.tui.model.feed import Feed
from dlbench.tui.model.source import ListSource
from dlbench.tui.model.view import RunInfo, View

STEPS = 1000
LAYERS = [
    {"name": "dense1", "kind": "dense", "weight": [2, 5]},
    {"name": "activation1", "kind": "activation", "weight": None},
    {"name": "dense2", "kind": "dense", "weight": [5, 5]},
    {"name": "output", "kind": "dense", "weight": [5, 1]},
]
HEALTHY = {
    "gradient_norm": [0.1, None, 0.2, 0.3],
    "weight_norm": [1.0, None, 2.0, 1.0],
    "update_ratio": [1e-3, None, 1e-3, 2e-3],
    "activation_mean": [0.1, 0.2, 0.1, 0.0],
    "activation_std": [1.0, 0.5, 1.0, 1.0],
    "zero_fraction": [0.0, 0.5, 0.0, 0.0],
    "saturated_fraction": [None, None, None, None],
    "unit_spread": [0.5, 0.6, 0.5, None],
}
RECIPE = '[model]\nlayers = [{ kind = "dense", units = 5 }]\n\n[data]\nkind = "xor"\n\n[train]\nsteps = 1000\n'


def make_plan(
    variants: Sequence[str] = ("sigmoid", "relu"), seeds: int = 2, *, choices: Sequence[dict[str, Any]] = ({},)
) -> Plan:
    """A stack a variant, all in one worker; with several `choices` each variant searches."""
    candidates = [Candidate(name, choice, {}) for name in variants for choice in choices]
    trials = [
        Trial(f"{index}-{seed}", candidate.variant, candidate.choice, seed, index)
        for index, candidate in enumerate(candidates)
        for seed in range(seeds)
    ]
    stacks = [
        Stack([i for i, trial in enumerate(trials) if trial.variant == name], STEPS, 41, 1.0) for name in variants
    ]
    return Plan("made-up", candidates, trials, stacks, [WorkerPlan("cpu", 1, list(range(len(stacks))))])


def begins(stack: int = 0, step: int = 0, **fields: Any) -> dict[str, Any]:
    """A stack is taken up."""
    facts = {
        "layers": LAYERS,
        "steps": STEPS,
        "steps_per_epoch": 10,
        "train": 4,
        "validation": 0,
        "test": 4,
        "classes": 2,
    }
    return {"kind": "stack", "stack": stack, "step": step} | facts | fields


def evaluated(step: int, losses: Sequence[float | None], stack: int = 0, **fields: Any) -> dict[str, Any]:
    """An evaluation with a train loss a trial."""
    return {"kind": "metrics", "stack": stack, "step": step, "seconds": step / 100, "train_loss": losses} | fields


def probed(step: int, trials: int = 2, stack: int = 0, **measures: Sequence[float | None]) -> dict[str, Any]:
    """A probe, the same for all trials: a healthy one but for what is given, `[layers]`."""
    values = {name: [list(row)] * trials for name, row in (HEALTHY | measures).items()}
    return {"kind": "probe", "stack": stack, "step": step, "cost": 0.02} | values


def ended(stack: int | None = 0, status: str = "done", **fields: Any) -> dict[str, Any]:
    """The end of a stack, or without one of its worker."""
    return {"kind": "end", "stack": stack, "status": status, "error": None, "step": STEPS, "seconds": 1.0} | fields


def diverged(step: int, trial: int = 0, stack: int = 0) -> dict[str, Any]:
    """A trial's loss is NaN or infinite."""
    return {"kind": "diverged", "stack": stack, "step": step, "trial": trial, "last_loss": 9e9}


def view_of(plan: Plan, events: Iterable[dict[str, Any]], **subject: Any) -> View:
    """A view that has taken in all events."""
    view = View(RunInfo("made-up/now", plan, **subject))
    feed = Feed(view, ListSource(list(events)))
    while feed.beat():
        pass
    return view


def write_events(
    folder: RunFolder, events: Iterable[dict[str, Any]], *, session: int = 0, worker: int = 0, start: float = 1e9
) -> None:
    """Append events to a worker's file as a worker would; without a `time` of their own they are a second apart."""
    with folder.events_file(session, worker).open("ab") as file:
        for seq, event in enumerate(events):
            head = {"v": 1, "seq": seq, "time": start + seq, "kind": event["kind"]}
            file.write(orjson.dumps(head | event, option=orjson.OPT_APPEND_NEWLINE))


def make_folder(path: Path, plan: Plan, recipe: str = RECIPE) -> RunFolder:
    """The folder of a run that has not begun."""
    folder = RunFolder(path / "made-up" / "20260101-000000")
    folder.events.mkdir(parents=True)
    folder.write_plan(plan)
    folder.write_recipe(recipe)
    return folder
