"""Runs for the panes of pictures: plans of any size, and events whose numbers follow from layer and step."""

import numpy as np

from dlbench.measures.catalog import MEASURES
from dlbench.measures.names import HISTOGRAM, ZEROS
from dlbench.plan import Candidate, Plan, Stack, Trial, WorkerPlan
from dlbench.tui.model.view import RunInfo, View

BINS = 40
FACTORS = {"sigmoid": 0.25, "relu": 0.9, "tanh": 0.6}
"""What each variant's gradient is multiplied by from a layer to the one before."""


def make_plan(variants=("sigmoid", "relu"), *, seeds=2, steps=1000, points=200):
    """A plan with one stack a variant."""
    settings = {"probes": {"points": points, "histograms": True}}
    candidates = [Candidate(name, {}, settings) for name in variants]
    trials = [Trial(f"{c}-{s}", name, {}, s, c) for c, name in enumerate(variants) for s in range(seeds)]
    stacks = [Stack(list(range(c * seeds, (c + 1) * seeds)), steps, 100, 1.0) for c in range(len(candidates))]
    return Plan("pictured", candidates, trials, stacks, [WorkerPlan("cpu", 1, list(range(len(stacks))))])


def layers_of(count):
    """Descriptions of so many dense layers, the last one the output."""
    names = [f"{index} dense" for index in range(count - 1)] + ["output"]
    return [{"name": name, "kind": "dense", "weight": [5, 5]} for name in names]


def begin(plan, stack, layers):
    """The events with which a stack begins."""
    return [
        {"v": 1, "kind": "run", "session": 0, "worker": 0, "stacks": list(range(len(plan.stacks)))},
        {
            "v": 1, "kind": "stack", "session": 0, "stack": stack, "step": 0, "layers": layers_of(layers),
            "steps": plan.stacks[stack].steps, "steps_per_epoch": 10, "train": 4, "validation": 0, "test": 4, "classes": 2,
        },
    ]  # fmt: skip


def probe(plan, stack, step, layers):
    """A probe: the gradient shrinks towards the input by the variant's factor, the same at every step."""
    trials = plan.stacks[stack].trials
    factor = FACTORS.get(plan.trials[trials[0]].variant, 0.5)
    norms = [[factor ** (layers - 1 - layer) for layer in range(layers)] for _ in trials]
    values = {name: [[0.5] * layers for _ in trials] for name in MEASURES} | {"gradient_norm": norms}
    values["update_ratio"] = (np.array(norms) / 100).tolist()
    counts = np.zeros((len(trials), layers, BINS), int)
    counts[:, :, 30] = 20
    zeros = np.full((len(trials), layers), 5)
    arrays = {HISTOGRAM: counts.tolist(), ZEROS: zeros.tolist()}
    return {"v": 1, "kind": "probe", "session": 0, "stack": stack, "step": step, "cost": 0.01} | values | arrays


def metrics(plan, stack, step):
    """An evaluation: the loss halves every hundred steps, the accuracy grows towards 1."""
    trials = plan.stacks[stack].trials
    loss, accuracy = 0.5 ** (step / 100), 1 - 0.5 ** (1 + step / 200)
    values = {"train_loss": loss, "test_loss": 1.2 * loss, "train_accuracy": accuracy, "test_accuracy": accuracy}
    event = {
        "v": 1,
        "kind": "metrics",
        "session": 0,
        "stack": stack,
        "step": step,
        "epoch": step / 10,
        "seconds": step / 9,
    }
    return (
        event | {name: [value] * len(trials) for name, value in values.items()} | {"batch_loss": [loss] * len(trials)}
    )


def training(plan, *, layers=10, every=50, until=1000, stacks=None):
    """The events of stacks that have come to a step."""
    events = []
    for stack in range(len(plan.stacks)) if stacks is None else stacks:
        events += begin(plan, stack, layers)
        for step in range(0, until + 1, every):
            events += [metrics(plan, stack, step), probe(plan, stack, step, layers)]
    return events


def told(stack, layer, step, phase="train", file="pictures/it.npz"):
    """A file of pictures was written."""
    event = {"v": 1, "kind": "pictures", "session": 0, "stack": stack, "layer": layer, "step": step}
    return event | {"phase": phase, "file": file}


def pretrained(plan, stack, layer, step):
    """A measurement of pre-training: the error halves every hundred steps, every trial's a little higher than the one before."""
    errors = [0.5 ** (step / 100) * (1 + position / 10) for position in range(len(plan.stacks[stack].trials))]
    event = {"v": 1, "kind": "pretrain", "session": 0, "stack": stack, "layer": layer, "step": step, "epoch": step / 10}
    measures = {"reconstruction_error": errors, "pseudo_likelihood": [-100 * error for error in errors]}
    return event | {"seconds": step / 9} | measures


def save_pictures(folder, file="pictures/it.npz", *, trials=10, units=6, size=8, channels=None, **arrays):
    """Write a file: each unit sees one column of pixels, light in the first trial and less in each that follows."""
    shape = (size, size) if channels is None else (channels, size, size)
    filters = np.zeros((trials, units, *shape), np.float32)
    for trial, unit in np.ndindex(trials, units):
        filters[trial, unit, ..., unit % size] = 0.8 / (1 + trial)
        filters[trial, unit, ..., (unit + 1) % size] = -0.8 / (1 + trial)
    inputs = np.zeros((trials, 3, *shape), np.float32)
    inputs[..., size // 2, :] = 1.0
    found = {"filters": filters, "inputs": inputs, "reconstructions": inputs / 2} | arrays
    path = folder / file
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **{name: values for name, values in found.items() if values is not None})


def make_view(plan, events=()):
    """A view of a plan that has read some events."""
    view = View(RunInfo("pictured", plan))
    view.state.apply(events)
    view.loading = None
    return view


def failed(plan, *, layers=3, error="out of memory on cuda:0"):
    """The events of a stack that failed in its middle."""
    end = {
        "v": 1,
        "kind": "end",
        "session": 0,
        "stack": 0,
        "status": "failed",
        "error": error,
        "step": 100,
        "seconds": 1.0,
    }
    return [*training(plan, layers=layers, until=100, stacks=[0]), end]


def conditions():
    """Runs in every condition: a view, and what every pane must say of it."""
    plan = make_plan()
    waiting = make_view(plan, training(plan, stacks=[1]))
    stopped = make_view(plan)
    stopped.status = "stopped"
    loading = make_view(plan)
    loading.loading = 0.4
    bare = [*begin(plan, 0, 3)]
    broken = make_view(plan)
    broken.problem = "events of version 9"
    early = {"v": 1, "kind": "end", "session": 0, "stack": 0, "status": "failed", "error": "no such device", "step": 0}
    return {
        "starting": (make_view(plan), "Starting the workers"),
        "waiting": (waiting, "waits for its turn"),
        "stopped before": (stopped, "never began: the run is stopped"),
        "loading": (loading, "Reading the run's events: 40%"),
        "begun": (make_view(plan, bare), "waiting for the first"),
        "unreadable": (broken, "events of version 9"),
        "failed at once": (make_view(plan, [*bare, early]), "no such device"),
    }
