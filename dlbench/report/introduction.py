"""How a session introduces a stack by its `stack` event: what the stack is, and what of it was there already."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from dlbench.report.fields import Event, count, numbers, positions
from dlbench.report.marks import TakenUp
from dlbench.report.stack_state import Layer, StackState


def describe(stack: StackState, event: Event) -> None:
    """Take over the facts of a `stack` event."""
    layers = event.get("layers")
    stack.layers = [_layer(item) for item in layers if isinstance(item, Mapping)] if isinstance(layers, list) else []
    stack.steps_per_epoch = count(event, "steps_per_epoch")
    stack.classes = count(event, "classes")
    counts = {split: count(event, split) for split in ("train", "validation", "test")}
    stack.samples = {split: count for split, count in counts.items() if count is not None}


def taken_up(stack: StackState, event: Event, step: int) -> TakenUp:
    """What the session found at that step."""
    trials = len(stack.plan.trials)
    rates = numbers(event.get("rates"), (trials,), np.float64)
    dropped = None if event.get("dropped") is None else frozenset(positions(event, "dropped", trials))
    return TakenUp(step, None if rates is None else tuple(rates.tolist()), dropped)


def _layer(item: Mapping[str, Any]) -> Layer:
    weight = item.get("weight")
    shape = tuple(n for n in weight if isinstance(n, int)) if isinstance(weight, list) else None
    return Layer(str(item.get("name", "?")), str(item.get("kind", "?")), shape)
