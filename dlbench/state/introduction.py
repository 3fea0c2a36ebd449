"""How a worker introduces itself and each stack: who it is, what the stack is, and what of it was there already."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from dlbench.state.event_fields import Event, count, number, numbers, positions, text, whole_numbers
from dlbench.state.event_records import LayerFacts, NetBlock, TakenUp, WorkerFacts
from dlbench.state.stack_state import StackState

DEEPEST = 64
"""Layers in layers that a net is read to have."""


def describe(stack: StackState, event: Event) -> None:
    """Take over the facts of a `stack` event."""
    layers = event.get("layers")
    stack.layers = [_layer(item) for item in layers if isinstance(item, Mapping)] if isinstance(layers, list) else []
    stack.net = _chain(event.get("net"))
    stack.steps_per_epoch = count(event, "steps_per_epoch")
    stack.classes = count(event, "classes")
    counts = {split: count(event, split) for split in ("train", "validation", "test")}
    stack.samples = {split: count for split, count in counts.items() if count is not None}
    names = event.get("class_names")
    stack.class_names = [str(name) for name in names] if isinstance(names, list) else []
    stack.class_counts = _class_counts(event.get("class_counts"))
    told = event.get("chance")
    known = {str(name): number(value) for name, value in told.items()} if isinstance(told, Mapping) else {}
    stack.chance = {name: value for name, value in known.items() if value is not None}


def taken_up(stack: StackState, event: Event, step: int) -> TakenUp:
    """What the session found at that step."""
    trials = len(stack.plan.trials)
    rates = numbers(event.get("rates"), (trials,), np.float64)
    dropped = None if event.get("dropped") is None else frozenset(positions(event, "dropped", trials))
    return TakenUp(step, None if rates is None else tuple(rates.tolist()), dropped)


def _class_counts(told: object) -> dict[str, list[int]]:
    """How many samples each split has of each class; without those that are no lists of counts."""
    splits = told if isinstance(told, Mapping) else {}
    known = {split: whole_numbers(counts, 1) for split, counts in splits.items()}
    return {split: counts.tolist() for split, counts in known.items() if counts is not None and counts.sum()}


def _layer(item: Mapping[str, Any]) -> LayerFacts:
    return LayerFacts(str(item.get("name", "?")), str(item.get("kind", "?")), _shape(item.get("weight")))


def _chain(told: object, depth: int = 0) -> tuple[NetBlock, ...]:
    """Layers in a row; what is none is left out, and what lies deeper than any net has layers in layers."""
    items = told if isinstance(told, list) and depth < DEEPEST else []
    return tuple(_block(item, depth) for item in items if isinstance(item, Mapping))


def _block(item: Mapping[str, Any], depth: int) -> NetBlock:
    branches = item.get("branches")
    return NetBlock(
        str(item.get("name", "?")),
        str(item.get("kind", "?")),
        _shape(item.get("output")) or (),
        count(item, "parameters") or 0,
        tuple(_chain(branch, depth + 1) for branch in branches) if isinstance(branches, list) else (),
    )


def _shape(told: object) -> tuple[int, ...] | None:
    return tuple(n for n in told if isinstance(n, int)) if isinstance(told, list) else None


def introduced(event: Event, session: int, stacks: tuple[int, ...]) -> WorkerFacts:
    """What a worker says of itself in its `run` event; `stacks` are those of its list that there are."""
    return WorkerFacts(
        session,
        count(event, "worker") or 0,
        stacks,
        device=text(event, "device"),
        device_name=text(event, "device_name"),
        threads=count(event, "threads"),
        host=text(event, "host"),
        pid=count(event, "pid"),
        torch=text(event, "torch"),
    )
