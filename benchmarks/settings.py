"""The two lessons that are measured, as dlbench's engine takes them: resolved settings and a plan of one stack."""

from __future__ import annotations

from itertools import pairwise
from math import prod
from typing import Any

from dlbench.plan import Candidate, Plan, Stack, Trial, WorkerPlan

XOR_STEPS = 10_000
"""Steps of the nine-layer lesson."""

MNIST_STEPS = 15 * 600
"""Steps of an MNIST lesson: fifteen epochs of 60,000 samples, 100 a batch."""

POINTS = 200
"""Probe points of a run by default."""

XOR: dict[str, Any] = {
    "data": {"kind": "xor"},
    "model": {"layers": [{"kind": "dense", "units": 5, "activation": {"kind": "sigmoid"}}] * 10},
    "train": {"optimizer": {"kind": "sgd", "lr": 0.1}, "batch_size": "full"},
}

MNIST: dict[str, Any] = {
    "data": {"kind": "mnist"},
    "model": {
        "layers": [{"kind": "flatten"}, *[{"kind": "dense", "units": 256, "activation": {"kind": "relu"}}] * 2],
    },
    "train": {"optimizer": {"kind": "adam", "lr": 0.001}, "batch_size": 100},
}

LESSONS = {"xor": XOR, "mnist": MNIST}
FULL_STEPS = {"xor": XOR_STEPS, "mnist": MNIST_STEPS}
INITS: dict[str, dict[str, Any]] = {"xor": {"kind": "uniform", "low": -1.0, "high": 1.0}, "mnist": {"kind": "he"}}


def one_stack(lesson: str, *, trials: int, steps: int, probes: bool) -> Plan:
    """A plan of `trials` seeds of a lesson, all in one stack, for `steps` steps.

    The probes are as dense as by default in a run of the lesson's full length, so that a short lap bears its fair share.
    """
    points = max(2, round(POINTS * steps / FULL_STEPS[lesson])) if probes else 0
    settings = _complete(lesson, steps, points)
    members = [Trial(id=f"{seed:08x}", variant=lesson, choice={}, seed=seed, candidate=0) for seed in range(trials)]
    stack = Stack(trials=list(range(trials)), steps=steps, parameters=_parameters(lesson), cost=1.0)
    return Plan(
        recipe=lesson,
        candidates=[Candidate(lesson, {}, settings)],
        trials=members,
        stacks=[stack],
        workers=[WorkerPlan("cpu", 1, [0])],
    )


def _complete(lesson: str, steps: int, points: int) -> dict[str, Any]:
    """The lesson's settings with the defaults of a recipe that matter here, evaluated at the first and last step only."""
    own = LESSONS[lesson]
    init = {"init": INITS[lesson], "bias_init": {"kind": "zeros"}}
    layers = [{**layer, **init} if layer["kind"] == "dense" else layer for layer in own["model"]["layers"]]
    train = {"schedule": {"kind": "constant"}, "regularizers": [], "steps": steps, "epochs": None}
    data = {"limit": None, "validation": 0, "classes": None, "normalize": "none", "label_noise": 0.0}
    return {
        "data": {**own["data"], **data},
        "model": {"activation": {"kind": "identity"}, **init, "layers": layers, "output": {**init, "bias": True}},
        "train": {**own["train"], **train},
        "evaluate": {"every": steps, "train_samples": 1},
        "probes": {"points": points, "histograms": True},
    }


def _parameters(lesson: str) -> int:
    sizes = [2, *[5] * 10, 1] if lesson == "xor" else [784, 256, 256, 10]
    return sum(prod(pair) + pair[1] for pair in pairwise(sizes))
