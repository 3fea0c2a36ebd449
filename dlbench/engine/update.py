"""From gradients to new weights: regularizers, schedule and optimizer, once for each group of equal numbers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dlbench.engine.early_stopping import Losses
from dlbench.engine.plateaus import Plateaus
from dlbench.engine.stacked_net import Tensors
from dlbench.metrics.names import CLIPPED_FRACTION, LEARNING_RATE
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
    """One training step's arithmetic after the backward pass, on the rows of a stack's `tensors`, `[trials, parameters]`.

    `trains` are the `[train]` settings of its trials.
    """

    def __init__(
        self,
        trains: Sequence[dict[str, Any]],
        tensors: Tensors,
        slots: Sequence[Slot],
        steps: int,
        steps_per_epoch: int,
    ) -> None:
        self._trains = list(trains)
        self._weights, self._gradient, self._slots = tensors.weights, tensors.gradient, slots
        self.length = steps, steps_per_epoch
        self._states: dict[str, Tensor] = {}
        """What the optimizers remember."""
        self._plateaus = Plateaus(trains)
        self._clips = any(regularizers.clips(own) for train in trains for own in train["regularizers"])
        self._clipped = torch.zeros(len(trains), dtype=torch.int64, device=self._weights.device)
        """In how many steps each trial's gradient was cut; it stays on the device until an evaluation asks."""
        self.groups = self._grouped()
        """The rows that train with the same numbers, and the settings that hold for them now; a new list whenever they change."""

    def _grouped(self) -> list[tuple[Rows, dict[str, Any]]]:
        """What `groups` is, of the rates as they are now."""
        trials = len(self._weights)
        trains = [_at_rate(train, rate) for train, rate in zip(self._trains, self._adapted, strict=True)]
        return [
            (
                Rows(self._weights[part], self._gradient[part], self._states, self._slots, trials, group.first),
                group.train,
            )
            for group in groups_of(trains)
            for part in [slice(group.first, group.last)]
        ]

    @property
    def rates(self) -> list[float]:
        """The learning rate of each trial, before the schedule's factor."""
        return [train["optimizer"]["lr"] for train in self._trains]

    @property
    def _adapted(self) -> list[float]:
        """The same times what evaluations have made of it."""
        return [rate * factor for rate, factor in zip(self.rates, self._plateaus.factors, strict=True)]

    def change_rates(self, changes: Iterable[tuple[int, float]]) -> None:
        """Train trials with another learning rate from the next step on; what the optimizers remember stays."""
        for trial, lr in changes:
            self._trains[trial] = _at_rate(self._trains[trial], lr)
        self.groups = self._grouped()

    def apply(self, step: int) -> None:
        """Change the weights by step number `step` (0-based), once their gradient is in its place."""
        for rows, train in self.groups:
            rows.step = step + 1
            self._regularize(rows, train, after_step=False)
            optimizers.update(train["optimizer"], rows, self._factor(train, step))
            self._regularize(rows, train, after_step=True)

    def _factor(self, train: dict[str, Any], step: int) -> float:
        return schedules.factor(train["schedule"], step, *self.length)

    def _regularize(self, rows: Rows, train: dict[str, Any], *, after_step: bool) -> None:
        """Apply the regularizers of one side of the step, and count the trials whose gradient any of them has cut."""
        applied = [own for own in train["regularizers"] if regularizers.is_after_step(own) == after_step]
        cuts = [cut for own in applied if (cut := regularizers.apply(own, rows)) is not None]
        if cuts:
            trials = slice(rows.first, rows.first + len(rows.weights))
            self._clipped[trials] += cuts[0] if len(cuts) == 1 else torch.stack(cuts).any(dim=0)

    def memory(self, name: str) -> Tensor:
        """What the optimizer remembers of every weight by that name, `[trials, parameters]`; zeros at its first use."""
        if name not in self._states:
            self._states[name] = torch.zeros_like(self._weights)
        return self._states[name]

    def count_clipped(self, steps: Tensor) -> None:
        """Count steps in which each trial's gradient was cut, `[trials]`."""
        self._clipped += steps

    # --- what evaluations see, and what they change ---------------------------------------------------------------

    def facts(self, steps: int) -> dict[str, Losses | None]:
        """Of the first `steps` steps, `[trials]`: the learning rate of the last one, and the share of them that clipping cut.

        Before the first step, the rate that it will have, and no share. `None` where nothing clips.
        """
        factors = [self._factor(train, max(steps - 1, 0)) for train in self._trains]
        found = {LEARNING_RATE: np.multiply(self._adapted, factors).astype(np.float32), CLIPPED_FRACTION: None}
        if self._clips:
            counts = self._clipped.cpu().numpy()  # sync
            found[CLIPPED_FRACTION] = np.divide(counts, steps or np.nan).astype(np.float32)
        return found

    def evaluated(self, step: int, metrics: Mapping[str, Losses | None], is_idle: NDArray[np.bool_]) -> None:
        """Show the evaluation before `step` to the schedules that follow it; `is_idle` `[trials]` train no more."""
        if self._plateaus.judge(step, metrics, self.rates, is_idle):
            self.groups = self._grouped()

    # --- surviving ------------------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """How far it has come, for a checkpoint."""
        return {
            "states": self._states,
            "rates": self.rates,
            "schedule": self._plateaus.state(),
            "clipped": self._clipped.tolist() if self._clips else [],
        }

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Go on where `state` left it.

        What optimizers remember as one number a trial stays on the CPU, as `Rows.scalar` keeps it.
        """
        device = self._weights.device
        self._states.update(
            {name: kept if kept.dim() == 1 else kept.to(device) for name, kept in saved["states"].items()}
        )
        if saved["clipped"]:
            self._clipped.copy_(torch.tensor(saved["clipped"]))
        self._plateaus.restore(saved["schedule"])
        self.change_rates(enumerate(saved["rates"]))


def _at_rate(train: dict[str, Any], lr: float) -> dict[str, Any]:
    """The same settings with another learning rate."""
    return {**train, "optimizer": {**train["optimizer"], "lr": lr}}
