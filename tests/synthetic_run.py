"""Runs that never were: plans and events whose numbers a test chooses."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from dlbench.plan import Candidate, Plan, Stack, Trial, WorkerPlan
from dlbench.state.run_state import RunState

LN2 = 0.6931471805599453
STEPS = 100
LAYERS = [
    {"name": "0 dense", "kind": "dense", "weight": [2, 5]},
    {"name": "1 dropout", "kind": "dropout", "weight": None},
    {"name": "output", "kind": "dense", "weight": [5, 1]},
]


def make_plan(variants: dict[str, list[dict[str, Any]]] | Iterable[str], seeds: int = 5) -> Plan:
    """A plan with one stack a candidate; variants by name, or with their choices of a search."""
    choices = variants if isinstance(variants, dict) else {name: [{}] for name in variants}
    candidates = [Candidate(name, choice, {}) for name, own in choices.items() for choice in own]
    trials = [
        Trial(f"{index}-{seed}", candidate.variant, candidate.choice, seed, index)
        for index, candidate in enumerate(candidates)
        for seed in range(seeds)
    ]
    stacks = [
        Stack([i for i, trial in enumerate(trials) if trial.candidate == index], STEPS, 21, 1.0)
        for index in range(len(candidates))
    ]
    return Plan("xor", candidates, trials, stacks, [WorkerPlan("cpu", 1, list(range(len(stacks))))])


Final = Callable[[Trial], dict[str, float | None]]


def stack_event(stack: int, step: int = 0, **fields: Any) -> dict[str, Any]:
    """A stack begins, or goes on at `step`."""
    return {
        "v": 1, "kind": "stack", "stack": stack, "step": step, "layers": LAYERS, "steps": STEPS, "steps_per_epoch": 10,
        "train": 4, "validation": 0, "test": 4, "classes": 2,
    } | fields  # fmt: skip


def metrics_event(stack: int, step: int, rows: list[dict[str, float | None]], **fields: Any) -> dict[str, Any]:
    """An evaluation: `rows` has one mapping a trial; names that are in none are `null`."""
    names = ("train_loss", "train_accuracy", "validation_loss", "validation_accuracy", "test_loss", "test_accuracy")
    values = {name: [row.get(name) for row in rows] if any(name in row for row in rows) else None for name in names}
    batch = {"batch_loss": [row.get("train_loss") for row in rows]}
    return {"v": 1, "kind": "metrics", "stack": stack, "step": step, "epoch": step / 10, "seconds": 0.01 * step} | (
        values | batch | fields
    )


def probe_event(stack: int, step: int, norms: list[list[float | None]], **fields: Any) -> dict[str, Any]:
    """A probe: gradient norms `[trials][layers]`."""
    return {"v": 1, "kind": "probe", "stack": stack, "step": step, "gradient_norm": norms, "cost": 0.02} | fields


def control_event(action: str, stack: int, step: int, **fields: Any) -> dict[str, Any]:
    """A control has taken effect."""
    return {
        "v": 1,
        "kind": "control",
        "id": "c1",
        "action": action,
        "stack": stack,
        "step": step,
        "error": None,
    } | fields


def breakpoint_event(stack: int, step: int, trial: int, **fields: Any) -> dict[str, Any]:
    """A breakpoint was hit."""
    return {
        "v": 1, "kind": "breakpoint", "stack": stack, "step": step, "trial": trial, "layer": "0 dense",
        "when": "gradient_norm < 1e-6", "value": 3.1e-7, "paused": False,
    } | fields  # fmt: skip


def ends_with(accuracies: dict[str, list[float | None]]) -> Final:
    """Trials end with these test accuracies, by variant and seed; `None` is a trial that diverges."""

    def final(trial: Trial) -> dict[str, float | None]:
        value = accuracies[trial.variant][trial.seed]
        if value is None:
            return {"diverged_at": 10}
        losses = {"test_loss": 1 - value, "train_loss": LN2 * (1 - value)}
        return {"test_accuracy": value, "train_accuracy": value, **losses}

    return final


def finished(plan: Plan, final: Final, *, start: dict[str, float] | None = None) -> list[dict[str, Any]]:
    """All events of a run whose trials end with the numbers that `final` gives; `diverged_at` makes one diverge."""
    first = start or {"train_loss": LN2, "train_accuracy": 0.5, "test_loss": LN2, "test_accuracy": 0.5}
    events: list[dict[str, Any]] = [
        {"v": 1, "kind": "run", "session": 0, "worker": 0, "stacks": plan.workers[0].stacks}
    ]
    for index, stack in enumerate(plan.stacks):
        ends = [final(plan.trials[i]) for i in stack.trials]
        events.append(stack_event(index))
        events.append(metrics_event(index, 0, [first] * len(ends)))
        events.append(probe_event(index, 0, [[1e-6, None, 1.0]] * len(ends)))
        for position, end in enumerate(ends):
            if "diverged_at" in end:
                step = end["diverged_at"]
                events.append(
                    {"v": 1, "kind": "diverged", "stack": index, "step": step, "trial": position, "last_loss": 9e9}
                )
        rows = [{} if "diverged_at" in end else end for end in ends]
        events.append(metrics_event(index, STEPS // 2, [first] * len(ends)))
        events.append(metrics_event(index, STEPS, rows))
        events.append(probe_event(index, STEPS - 1, [[0.5, None, 2.0]] * len(ends)))
        events.append({"v": 1, "kind": "end", "stack": index, "step": STEPS, "status": "done", "error": None})
    return events


def state_of(plan: Plan, events: list[dict[str, Any]], **options: Any) -> RunState:
    """The fold of events over a plan."""
    state = RunState(plan, **options)
    state.apply(events)
    return state
