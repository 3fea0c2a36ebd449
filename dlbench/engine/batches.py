"""Data as tensors on the device, and the batches that each trial sees."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dlbench.engine.rng import stream, stream_seed
from dlbench.parts.datasets import Arrays, load_data
from dlbench.parts.datasets.base import Preparation, TargetScale
from dlbench.parts.datasets.splits import split_off


@dataclass(frozen=True)
class DataSplit:
    """`x` `[samples, ...]` (float32) and `labels` on the device: classes `[samples]` (int64) or numbers `[samples, targets]`."""

    x: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def sample(self, samples: int) -> DataSplit:
        """So many samples in proportion to the classes, if any, in their order, always the same; all where there are no more."""
        if samples >= len(self):
            return self
        labels = self.labels.cpu().numpy()
        random = np.random.default_rng(stream_seed(0, "train metrics", samples))
        _, chosen = split_off("random" if labels.ndim > 1 else "stratified", labels, samples, random)
        at = torch.from_numpy(chosen).to(self.labels.device)
        return DataSplit(self.x.index_select(0, at), self.labels.index_select(0, at))


@dataclass(frozen=True)
class Data:
    """The three splits of a dataset; `validation` may be absent.

    `everything`, where it was asked for, is `x` of all training samples, those that a limit leaves out among them. `scale` is that
    of targets which are numbers, `preparation` says how x was made.
    """

    train: DataSplit
    validation: DataSplit | None
    test: DataSplit
    everything: Tensor | None = None
    scale: TargetScale | None = None
    preparation: Preparation = field(default_factory=Preparation)

    @property
    def sizes(self) -> dict[str, int]:
        """How many samples each has."""
        splits = {"train": self.train, "validation": self.validation, "test": self.test}
        return {name: 0 if split is None else len(split) for name, split in splits.items()}

    def own_units(self, numbers: NDArray[Any]) -> NDArray[Any]:
        """Outputs or labels as they are told: of targets that are numbers in their own units, in float32."""
        return numbers if self.scale is None else self.scale.own_units(numbers).astype(np.float32)

    def class_counts(self, classes: int) -> dict[str, list[int] | None]:
        """How many samples of each class each split has, as they are trained and tested on."""
        splits = {"train": self.train, "validation": self.validation, "test": self.test}
        return {name: None if one is None else _tally(one.labels, classes) for name, one in splits.items()}


def _tally(labels: Tensor, classes: int) -> list[int]:
    counts: list[int] = torch.bincount(labels.cpu(), minlength=classes).tolist()
    return counts


def load(
    settings: dict[str, Any],
    device: torch.device,
    *,
    everything: bool = False,
    look: Callable[[Arrays], None] | None = None,
) -> Data:
    """The dataset that a recipe's `[data]` names, on the device; with `everything`, also what a limit leaves out.

    `look` is shown the arrays before they go there.
    """
    arrays = load_data(settings, everything=everything)
    if look is not None:
        look(arrays)

    def split(x: Any, y: Any) -> DataSplit:
        return DataSplit(torch.from_numpy(x).to(device), torch.from_numpy(y).to(device))

    validation = None if arrays.x_validation is None else split(arrays.x_validation, arrays.y_validation)
    train, test = split(arrays.x_train, arrays.y_train), split(arrays.x_test, arrays.y_test)
    everything_here = None
    if arrays.x_all is not None:
        everything_here = train.x if arrays.x_all is arrays.x_train else torch.from_numpy(arrays.x_all).to(device)
    return Data(train, validation, test, everything_here, arrays.scale, arrays.preparation)


class FullBatch:
    """Every step sees the whole training set."""

    steps_per_epoch = 1

    def __init__(self, train: DataSplit, trials: int) -> None:
        # A copy a trial is faster to multiply than a broadcast, as long as it is small.
        x = train.x.expand(trials, *train.x.shape)
        self._x = x.contiguous() if x.numel() < 1 << 22 else x
        self._labels = train.labels.expand(trials, *train.labels.shape)
        self.batch_size = len(train)

    def size(self, step: int) -> int:
        """How many samples a step sees."""
        del step
        return self.batch_size

    def left(self, step: int) -> int:
        """For how many steps from this one on `order_at` says the same."""
        del step
        return 1 << 62

    def order_at(self, step: int) -> Tensor | None:
        """The order in which each trial sees its samples in the epoch of a step, `[trials, samples]`; `None`: as they are."""
        del step
        return None

    def take(self, step: int) -> tuple[Tensor, Tensor]:
        """`x` `[trials, samples, ...]` and labels `[trials, samples, ...]`."""
        del step
        return self._x, self._labels


class MiniBatches:
    """Each epoch is a new permutation a seed, a function of (seed, epoch); the last batch may be smaller, or is dropped."""

    def __init__(self, train: DataSplit, seeds: Sequence[int], batch_size: int, *, drop_last: bool = False) -> None:
        self._train = train
        self._seeds = list(seeds)
        self.batch_size = batch_size
        self.steps_per_epoch = len(train) // batch_size if drop_last else -(-len(train) // batch_size)
        self._epoch = -1
        self._order = torch.empty(0)

    def take(self, step: int) -> tuple[Tensor, Tensor]:
        """`x` `[trials, batch, ...]` and labels `[trials, batch, ...]` of a step."""
        start = step % self.steps_per_epoch * self.batch_size
        at = self.order_at(step)[:, start : start + self.batch_size]
        # index_select is three times faster here than indexing by a matrix.
        chosen = at.reshape(-1)
        x = self._train.x.index_select(0, chosen).view(*at.shape, *self._train.x.shape[1:])
        labels = self._train.labels.index_select(0, chosen)
        return x, labels.view(*at.shape, *labels.shape[1:])

    def size(self, step: int) -> int:
        """How many samples a step sees."""
        return min(self.batch_size, len(self._train) - step % self.steps_per_epoch * self.batch_size)

    def left(self, step: int) -> int:
        """For how many steps from this one on `order_at` says the same: to the end of the epoch."""
        return self.steps_per_epoch - step % self.steps_per_epoch

    def order_at(self, step: int) -> Tensor:
        """The order in which each trial sees its samples in the epoch of a step, `[trials, samples]`."""
        epoch = step // self.steps_per_epoch
        if epoch != self._epoch:
            self._epoch, self._order = epoch, self._permutations(epoch)
        return self._order

    def _permutations(self, epoch: int) -> Tensor:
        """`[trials, samples]`; trials of one seed share theirs."""
        of_seed = {seed: order(len(self._train), seed, epoch) for seed in dict.fromkeys(self._seeds)}
        return torch.stack([of_seed[seed] for seed in self._seeds]).to(self._train.labels.device)


def order(samples: int, seed: int, epoch: int) -> Tensor:
    """The order in which a seed sees so many samples in an epoch, `[samples]`, on the CPU."""
    return torch.randperm(samples, generator=stream(seed, "order", epoch))


def batches(
    train: DataSplit, seeds: Sequence[int], batch_size: int | str, *, drop_last: bool = False
) -> FullBatch | MiniBatches:
    """The batches that `batch_size` asks for: "full", or a number of samples; with `drop_last`, no smaller one at the end."""
    if batch_size == "full" or int(batch_size) >= len(train):
        return FullBatch(train, len(seeds))
    return MiniBatches(train, seeds, int(batch_size), drop_last=drop_last)
