"""Rows: the weights of trials that agree on every number, as optimizers and regularizers see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Annotated, TypeAlias

from dlbench.parts.arguments import PerTrial
from dlbench.parts.lazy import torch

RowNumber: TypeAlias = Annotated[float, PerTrial()]
"""A number that trials of a stack may disagree on; the rows of a group agree, so it arrives as a plain float."""


@dataclass(frozen=True)
class Slot:
    """Where one weight lies in a row: columns `start` up to `stop`, which hold `shape` in C order."""

    name: str
    start: int
    stop: int
    shape: tuple[int, ...]
    is_bias: bool
    fan_in: int
    outputs_first: bool = False
    """Whether the first axis of a matrix counts units, as torch has it, and not inputs."""

    def of(self, rows: torch.Tensor) -> torch.Tensor:
        """The weight's part of `rows`, a view `[trials, *shape]` of `[trials, parameters]`."""
        return rows[:, self.start : self.stop].view(rows.shape[0], *self.shape)


def lay_out(weights: Sequence[tuple[str, tuple[int, ...], bool, int]]) -> list[Slot]:
    """Put weights, given as (name, shape, is_bias, fan_in), one after the other into a row."""
    slots: list[Slot] = []
    for name, shape, is_bias, fan_in in weights:
        start = slots[-1].stop if slots else 0
        slots.append(Slot(name, start, start + prod(shape), shape, is_bias, fan_in))
    return slots


@dataclass
class Rows:
    """The trials `first` up to `first + group` of a stack of `trials`, which are updated together.

    `weights` and `gradient` are `[group, parameters]`: contiguous slices of the stack's buffers, changed in place and never
    recorded by autograd. (Where `parameters` is a multiple of 16, fused kernels compute every group in whole vectors, so
    that no bit of a trial depends on the others in its group.) `states` belongs to the whole stack and holds what optimizers
    remember, every tensor with all `trials` in front; keep it and put it back, and training goes on as if it had not
    stopped. Make one `Rows` a group and count `step` up, from 1.
    """

    weights: torch.Tensor
    gradient: torch.Tensor
    states: dict[str, torch.Tensor]
    slots: Sequence[Slot]
    trials: int
    first: int = 0
    step: int = 1

    def state(self, name: str, fill: float = 0.0) -> torch.Tensor:
        """What `name` remembers of every weight, `[group, parameters]`, full of `fill` at its first use."""
        if name not in self.states:
            size = (self.trials, *self.weights.shape[1:])
            self.states[name] = self.weights.new_full(size, fill)
        return self._mine(name)

    def scalar(self, name: str, fill: float = 0.0) -> torch.Tensor:
        """One number a trial, `[group]`, always on the CPU, where reading it makes no device wait."""
        if name not in self.states:
            self.states[name] = torch.full((self.trials,), fill)
        return self._mine(name)

    def _mine(self, name: str) -> torch.Tensor:
        return self.states[name][self.first : self.first + self.weights.shape[0]]

    @cached_property
    def is_weight(self) -> torch.Tensor:
        """`[parameters]`: 1 for weights, 0 for biases and for columns that no slot covers."""
        mask = self.weights.new_zeros(self.weights.shape[1])
        for slot in self.slots:
            mask[slot.start : slot.stop] = float(not slot.is_bias)
        return mask
