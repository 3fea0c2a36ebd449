"""Taking the steps of a stack: what the trainer asks for, and torch's way, which can train everything on every device."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from dlbench.engine.batches import FullBatch, MiniBatches
from dlbench.engine.devices import wait
from dlbench.engine.early_stopping import EarlyStopper
from dlbench.engine.slices import learned
from dlbench.engine.stacked_net import Net, Taps, Tensors
from dlbench.engine.step_clock import StepClock
from dlbench.engine.update import Update
from dlbench.parts.tasks import Task


@dataclass(frozen=True)
class ProbedTensors:
    """What a step hands out: losses `[trials]`, the gradient in rows as the backward pass left it, and what the layers put out."""

    losses: Tensor
    gradient: Tensor
    taps: Taps
    seconds: float = 0.0
    """What handing it out has taken."""


class Steps(Protocol):
    """Changes a stack's tensors step by step; a probed step changes them to the same bits as any other."""

    def take(self, step: int, steps: int) -> Tensor:
        """Take so many steps from `step` on; the losses before each of them, `[steps, trials]`."""

    def probed(self, step: int) -> ProbedTensors:
        """Take one step, and hand out its insides."""


class TorchSteps:
    """One operation of torch after the other for all trials together, or slice by slice."""

    def __init__(
        self,
        nets: Sequence[Net],
        task: Task,
        tensors: Tensors,
        batches: FullBatch | MiniBatches,
        update: Update,
        stopping: EarlyStopper,
        clock: StepClock,
    ) -> None:
        self._nets, self._task, self._tensors, self.device = nets, task, tensors, tensors.weights.device
        self._batches, self._update, self._stopping, self._clock = batches, update, stopping, clock

    def take(self, step: int, steps: int) -> Tensor:
        """One after the other."""
        losses = self._tensors.weights.new_empty(steps, len(self._tensors.weights))
        for row in range(steps):
            losses[row] = self._gradients(step + row)
            self._apply(step + row)
        return losses

    def probed(self, step: int) -> ProbedTensors:
        """The same operations."""
        taps = [Taps() for _ in self._nets]
        losses = self._gradients(step, taps)
        wait(self.device)  # sync: a probe is not charged for the step before it
        started = time.perf_counter()
        gradient = self._tensors.gradient.clone()
        seconds = time.perf_counter() - started
        self._apply(step)
        return ProbedTensors(losses, gradient, Taps.joined(taps), seconds)

    def _gradients(self, step: int, taps: list[Taps] | None = None) -> Tensor:
        with self._clock.on("batches"):
            x, labels = self._batches.take(step)
        return learned(self._nets, x, labels, self._task, taps)

    @torch.no_grad()
    def _apply(self, step: int) -> None:
        """Change the weights of those that still train."""
        with self._clock.on("optimizer"):
            self._update.apply(step)
            self._stopping.hold()
