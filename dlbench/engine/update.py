"""From gradients to new weights: regularizers, schedule and optimizer, once for each group of equal numbers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from torch import Tensor

from dlbench.parts import optimizers, regularizers, schedules
from dlbench.parts.rows import Rows, Slot


@dataclass(frozen=True)
class UpdateGroup:
    """Neighbouring trials, from `first` to before `last`, that train with the same numbers."""

    first: int
    last: int
    train: dict[str, Any]


def groups_of(trains: Sequence[dict[str, Any]]) -> list[UpdateGroup]:
    """The runs of equal `[train]` settings among a stack's trials; the plan has put equals side by side."""
    groups: list[UpdateGroup] = []
    start = 0
    for _, run in groupby(trains, key=lambda train: json.dumps(train, sort_keys=True)):
        members = list(run)
        groups.append(UpdateGroup(start, start + len(members), members[0]))
        start += len(members)
    return groups


class Update:
    """One training step's arithmetic after the backward pass, on a stack's `weights` and `gradient` `[trials, parameters]`.

    `trains` are the `[train]` settings of its trials; `states` holds what the optimizers remember.
    """

    def __init__(
        self, trains: Sequence[dict[str, Any]], weights: Tensor, gradient: Tensor, slots: Sequence[Slot], steps: int
    ) -> None:
        self._trains = list(trains)
        self._weights, self._gradient, self._slots, self._steps = weights, gradient, slots, steps
        self.states: dict[str, Tensor] = {}
        self._groups = self._grouped()

    def _grouped(self) -> list[tuple[Rows, dict[str, Any]]]:
        trials = len(self._weights)
        return [
            (
                Rows(self._weights[part], self._gradient[part], self.states, self._slots, trials, group.first),
                group.train,
            )
            for group in groups_of(self._trains)
            for part in [slice(group.first, group.last)]
        ]

    @property
    def rates(self) -> list[float]:
        """The learning rate of each trial, before the schedule's factor."""
        return [train["optimizer"]["lr"] for train in self._trains]

    def change_rates(self, changes: Iterable[tuple[int, float]]) -> None:
        """Train trials with another learning rate from the next step on; what the optimizers remember stays."""
        for trial, lr in changes:
            train = self._trains[trial]
            self._trains[trial] = {**train, "optimizer": {**train["optimizer"], "lr": lr}}
        self._groups = self._grouped()

    def restore(self, states: dict[str, Tensor]) -> None:
        """Take up what the optimizers remembered: one number a trial stays on the CPU, as `Rows.scalar` keeps it."""
        device = self._weights.device
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
