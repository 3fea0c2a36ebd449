"""From gradients to new weights: regularizers, schedule and optimizer, once for each group of equal numbers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from torch import Tensor

from dlbench.parts import optimizers, regularizers, schedules
from dlbench.parts.rows import Rows, Slot


@dataclass(frozen=True)
class Group:
    """Neighbouring trials, from `first` to before `last`, that train with the same numbers."""

    first: int
    last: int
    train: dict[str, Any]


def groups_of(trains: Sequence[dict[str, Any]]) -> list[Group]:
    """The runs of equal `[train]` settings among a stack's trials; the plan has put equals side by side."""
    groups: list[Group] = []
    start = 0
    for _, run in groupby(trains, key=lambda train: json.dumps(train, sort_keys=True)):
        members = list(run)
        groups.append(Group(start, start + len(members), members[0]))
        start += len(members)
    return groups


class Update:
    """One training step's arithmetic after the backward pass, on a stack's `weights` and `gradient` `[trials, parameters]`.

    `states` holds what the optimizers remember.
    """

    def __init__(
        self, groups: Sequence[Group], weights: Tensor, gradient: Tensor, slots: Sequence[Slot], steps: int
    ) -> None:
        self._steps = steps
        self._device = weights.device
        self.states: dict[str, Tensor] = {}
        self._groups = [
            (Rows(weights[part], gradient[part], self.states, slots, len(weights), group.first), group.train)
            for group in groups
            for part in [slice(group.first, group.last)]
        ]

    def restore(self, states: dict[str, Tensor]) -> None:
        """Take up what the optimizers remembered: one number a trial stays on the CPU, as `Rows.scalar` keeps it."""
        device = self._device
        self.states.update({name: kept if kept.dim() == 1 else kept.to(device) for name, kept in states.items()})

    def apply(self, step: int) -> None:
        """Change the weights by step number `step` (0-based), once their gradient is in its place."""
        for rows, train in self._groups:
            rows.step = step + 1
            self._regularize(rows, train, after_step=False)
            factor = schedules.factor(train["schedule"], step, self._steps)
            optimizers.update(train["optimizer"], rows, factor)
            self._regularize(rows, train, after_step=True)

    @staticmethod
    def _regularize(rows: Rows, train: dict[str, Any], *, after_step: bool) -> None:
        for settings in train["regularizers"]:
            if regularizers.is_after_step(settings) == after_step:
                regularizers.apply(settings, rows)
