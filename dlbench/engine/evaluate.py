"""Metrics and answers of every trial on whole splits, with running statistics, and without dropout unless it is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dlbench.engine.batches import DataSplit
from dlbench.engine.devices import precise
from dlbench.engine.stacked_net import Net
from dlbench.parts.tasks import Task
from dlbench.plan.memory import LEAST, ROOM, ROOM_OF_TRIAL


@dataclass(frozen=True)
class Answers:
    """The classes that every trial says, `[trials, samples]`, beside the true ones, `[samples]`."""

    predicted: NDArray[np.integer]
    labels: NDArray[np.int64]

    @property
    def right(self) -> NDArray[np.bool_]:
        """Which samples a trial is right about, `[trials, samples]`."""
        right: NDArray[np.bool_] = self.predicted == self.labels
        return right

    def confusion(self, classes: int) -> NDArray[np.int64]:
        """How many samples of each true class each trial says to be of each class, `[trials, true, predicted]`."""
        pairs = self.labels * classes + self.predicted.astype(np.int64)
        counts = [np.bincount(row, minlength=classes * classes) for row in pairs]
        return np.stack(counts).reshape(-1, classes, classes)


class Evaluation:
    """The evaluations of a stack on its splits, `None` where there is none; the answers of the last one are kept for its end."""

    def __init__(self, nets: Sequence[Net], splits: Mapping[str, DataSplit | None], task: Task) -> None:
        self._nets, self._task = nets, task
        self._splits = {name: split for name, split in splits.items() if split is not None}
        self._missing = dict.fromkeys(splits.keys() - self._splits.keys())
        self._predicted: dict[str, Tensor] = {}

    def means(self) -> dict[str, Tensor | None]:
        """The task's metrics on every split, `[metrics, trials]`, still on the device."""
        found = {name: evaluate(self._nets, split, self._task) for name, split in self._splits.items()}
        self._predicted = {name: predicted for name, (_, predicted) in found.items() if predicted is not None}
        return {**{name: means for name, (means, _) in found.items()}, **self._missing}

    def forget(self) -> None:
        """The weights have changed since: what was answered is no longer what the trials say."""
        self._predicted = {}

    def answers(self) -> dict[str, Answers]:
        """Which classes every trial says now, by split: the answers of the last evaluation, if nothing has changed since.

        Empty where the task has no classes.
        """
        if not self._predicted:
            self.means()
        return {
            name: Answers(self._predicted[name].cpu().numpy(), split.labels.cpu().numpy())  # sync
            for name, split in self._splits.items()
            if name in self._predicted
        }

    def outputs(self, name: str) -> tuple[NDArray[np.float32], NDArray[Any]]:
        """The outputs of every trial for a split now, `[trials, samples, outputs]`, and its labels `[samples, ...]`."""
        split = self._splits[name]
        return outputs_of(self._nets, split), split.labels.cpu().numpy()  # sync


@torch.no_grad()
def outputs_of(nets: Sequence[Net], split: DataSplit) -> NDArray[np.float32]:
    """The outputs of every trial for a split, `[trials, samples, outputs]`."""
    found: list[list[Tensor]] = [[] for _ in nets]
    for place, outputs, _ in _batches(nets, split):
        found[place].append(outputs)
    every: NDArray[np.float32] = torch.cat([torch.cat(own, dim=1) for own in found]).cpu().numpy()  # sync
    return every


@torch.no_grad()
def evaluate(nets: Sequence[Net], split: DataSplit, task: Task) -> tuple[Tensor, Tensor | None]:
    """The task's metrics of a split, `[metrics, trials]`, and the predicted classes `[trials, samples]`, if any; on the device."""
    device = split.labels.device
    totals = [torch.zeros(task.numbers, net.trials, dtype=precise(device), device=device) for net in nets]
    answers: list[list[Tensor]] = [[] for _ in nets]
    for place, outputs, labels in _batches(nets, split):
        sums, predicted = task.judged(outputs, labels)
        totals[place] += sums
        if predicted is not None:
            answers[place].append(predicted.to(torch.uint8 if task.outputs <= 1 << 8 else torch.int32))
    every = [torch.cat(own, dim=1) for own in answers if own]
    measured = torch.cat([task.measured(total, len(split)) for total in totals], dim=1)
    return measured, torch.cat(every) if every else None


def _batch(net: Net, device: torch.device) -> int:
    """How many samples; kernels round by it."""
    if device.type == "cpu" and not net.goes_alone:
        return max(LEAST, ROOM_OF_TRIAL // net.widest)
    return max(1, ROOM // (net.trials * net.widest))


def _batches(nets: Sequence[Net], split: DataSplit) -> Iterator[tuple[int, Tensor, Tensor]]:
    """A net's place, its outputs `[trials, batch, outputs]` and labels `[batch, ...]`, as many samples as there is room for.

    Nets that take as many go through a batch one after the other, so that it is read once for all.
    """
    sizes = [_batch(net, split.labels.device) for net in nets]
    for size in dict.fromkeys(sizes):
        own = [(place, net) for place, net in enumerate(nets) if sizes[place] == size]
        for _, net in own:
            net.rewind()
        for x, labels in split.pieces(size):
            for place, net in own:
                yield place, net.forward(x.expand(net.trials, *x.shape), training=False), labels
