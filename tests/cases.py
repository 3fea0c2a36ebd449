"""Resolved settings, plans and trainers for tests, without the recipe's room."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from part_examples import example

from dlbench.engine.batches import load
from dlbench.engine.pretraining.greedy import wants_everything
from dlbench.engine.trainer import Trainer
from dlbench.plan import Candidate, Plan, Way
from dlbench.plan.make import make_plan
from dlbench.plan.questions import Questions

XAVIER = {"kind": "xavier", "distribution": "uniform", "fan": "avg"}
ZEROS = {"kind": "zeros"}
CPU = torch.device("cpu")


def dense(units: int, activation: str = "tanh", *, repeat: int = 1, init: dict[str, Any] = XAVIER) -> dict[str, Any]:
    """A dense layer's settings."""
    return {
        "kind": "dense",
        "units": units,
        "repeat": repeat,
        "activation": {"kind": activation},
        "init": init,
        "bias": True,
        "bias_init": ZEROS,
    }


def pretraining(kind: str = "rbm", **changes: Any) -> dict[str, Any]:
    """A way of pre-training with its defaults, but for some changes."""
    return example("pretraining", kind, **changes)


def settings(
    layers: Sequence[dict[str, Any]] = (),
    *,
    data: str | dict[str, Any] = "xor",
    init: dict[str, Any] = XAVIER,
    optimizer: dict[str, Any] | None = None,
    regularizers: Sequence[dict[str, Any]] = (),
    batch_size: int | str = "full",
    steps: int | None = 50,
    epochs: int | None = None,
    points: int = 20,
    every: int | str = "auto",
    pretrain: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """A resolved recipe, as `Candidate.settings` holds it."""
    return deepcopy(
        {
            "data": {"kind": data} if isinstance(data, str) else data,
            "model": {
                "activation": {"kind": "tanh"},
                "init": init,
                "bias_init": ZEROS,
                "layers": list(layers),
                "output": {"init": init, "bias_init": ZEROS, "bias": True},
            },
            "train": {
                "optimizer": optimizer or {"kind": "sgd", "lr": 0.5},
                "schedule": {"kind": "constant"},
                "regularizers": list(regularizers),
                "batch_size": batch_size,
                "steps": steps if epochs is None else None,
                "epochs": epochs,
                "pretrain": pretrain,
            },
            "evaluate": {"every": every, "train_samples": 10_000},
            "probes": {"points": points, "histograms": True},
        }
    )


@dataclass(frozen=True)
class Recipe:
    """What the plan reads of a recipe."""

    name: str
    candidates: list[Candidate]
    seeds: list[int]
    breakpoints: Sequence[str] = ()
    questions: Questions = field(default_factory=Questions)


def plan_of(
    variants: dict[str, dict[str, Any]], seeds: Sequence[int] = (0,), *, breakpoints: Sequence[str] = (), **options: Any
) -> Plan:
    """A plan of variants, given by their settings, on the CPU in one worker."""
    recipe = Recipe("case", [Candidate(name, {}, own) for name, own in variants.items()], list(seeds), breakpoints)
    return make_plan(recipe, **{"device": "cpu", "workers": 1, **options})


def in_way(plan: Plan, way: Way) -> Plan:
    """The same plan, every stack to be trained in one way."""
    return replace(plan, stacks=[replace(stack, way=way) for stack in plan.stacks])


class Events(list[dict[str, Any]]):
    """A sink that keeps the events in memory."""

    def __call__(self, kind: str, **fields: Any) -> None:
        """Keep one event."""
        self.append({"kind": kind, **fields})

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The events of a kind."""
        return [event for event in self if event["kind"] == kind]


def trainer_of(plan: Plan, stack: int = 0, *, slices: int = 1, write: Events | None = None) -> tuple[Trainer, Events]:
    """A trainer of one stack and its events."""
    events = Events() if write is None else write
    first = plan.candidates[plan.trials[plan.stacks[stack].trials[0]].candidate]
    data = load(first.settings["data"], CPU, everything=wants_everything(first.settings["train"]))
    return Trainer(plan, stack, CPU, data, events, slices=slices), events


def trained(plan: Plan, stack: int = 0, *, slices: int = 1) -> tuple[Trainer, Events]:
    """The same after training to the end."""
    trainer, events = trainer_of(plan, stack, slices=slices)
    trainer.train(never)
    return trainer, events


def gradient_at(trainer: Trainer, step: int) -> torch.Tensor:
    """The gradient of a step in rows, as the backward pass leaves it; the weights stay what they are."""
    before = trainer.tensors.weights.clone()
    found = trainer.ways.steps.probed(step).gradient
    trainer.tensors.weights.copy_(before)
    return found


def never(trainer: Trainer) -> bool:
    """A pause that does not stop the training."""
    del trainer
    return False


Pause = Callable[[Trainer], bool]
