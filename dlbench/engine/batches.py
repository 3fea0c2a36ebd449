"""Data as tensors on the device, and the batches that each trial sees."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dlbench.engine.devices import free_memory
from dlbench.engine.host_samples import Held, HostSamples, ReadAhead, pieces, whole, without_repeats
from dlbench.engine.rng import stream, stream_seed
from dlbench.parts.datasets import Arrays, load_data
from dlbench.parts.datasets.base import Preparation, TargetScale
from dlbench.parts.datasets.samples import OnDisk, Samples
from dlbench.parts.datasets.splits import split_off


@dataclass(frozen=True)
class DataSplit:
    """`x` `[samples, ...]` (float32) and `labels`: classes `[samples]` (int64) or numbers `[samples, targets]`.

    Labels are on the device; x too, unless it has no room for them there, or they stay on disk.
    """

    x: Held
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
        x = self.x.index_select(0, at) if isinstance(self.x, Tensor) else self.x.chosen(at)
        return DataSplit(x, self.labels.index_select(0, at))

    def pieces(self, size: int) -> Iterator[tuple[Tensor, Tensor]]:
        """All of it on the device, `size` samples at a time."""
        return zip(pieces(self.x, size), torch.split(self.labels, size), strict=True)


@dataclass(frozen=True)
class Data:
    """The three splits of a dataset; `validation` may be absent.

    `everything`, where it was asked for, is `x` of all training samples, those that a limit leaves out among them. `scale` is that
    of targets which are numbers, `preparation` says how x was made.
    """

    train: DataSplit
    validation: DataSplit | None
    test: DataSplit
    everything: Held | None = None
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

    room = DeviceRoom(device)

    def split(x: Samples, y: Any) -> DataSplit:
        return DataSplit(room.put(x), torch.from_numpy(y).to(device))

    train, test = split(arrays.x_train, arrays.y_train), split(arrays.x_test, arrays.y_test)
    validation = None if arrays.x_validation is None else split(arrays.x_validation, arrays.y_validation)
    everything_here = None
    if arrays.x_all is not None:
        everything_here = train.x if arrays.x_all is arrays.x_train else room.put(arrays.x_all)
    return Data(train, validation, test, everything_here, arrays.scale, arrays.preparation)


class DeviceRoom:
    """Puts samples where they have room: on the device as long as half of what is free there stays for nets, else on the host."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._left = free_memory(device) / 2

    def put(self, x: Samples) -> Held:
        """Samples on the device, or for it."""
        if isinstance(x, OnDisk):
            return HostSamples(x, self._device)
        tensor = torch.from_numpy(x)
        if self._device.type == "cpu":
            return tensor
        self._left -= tensor.nbytes
        return tensor.to(self._device) if self._left >= 0 else HostSamples(tensor, self._device)


class FullBatch:
    """Every step sees the whole training set."""

    steps_per_epoch = 1

    def __init__(self, train: DataSplit, trials: int) -> None:
        # A copy a trial is faster to multiply than a broadcast, as long as it is small.
        every = whole(train.x)
        x = every.expand(trials, *every.shape)
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
        self._orders: dict[int, Tensor] = {}
        self._ahead: ReadAhead[Tensor] = ReadAhead()

    def take(self, step: int) -> tuple[Tensor, Tensor]:
        """`x` `[trials, batch, ...]` and labels `[trials, batch, ...]` of a step."""
        if isinstance(self._train.x, HostSamples):
            return self._read(self._train.x, step)
        at = self._positions(step)
        # index_select is three times faster here than indexing by a matrix.
        chosen = at.reshape(-1)
        x = self._train.x.index_select(0, chosen).view(*at.shape, *self._train.x.shape[1:])
        return x, self._labels(at)

    def _read(self, x: HostSamples, step: int) -> tuple[Tensor, Tensor]:
        """The same of samples on the host; those of the next step are read meanwhile."""
        at, following = self._positions(step), self._positions(step + 1)
        once, places = without_repeats(at.reshape(-1))
        then, _ = without_repeats(following.reshape(-1))
        found = x.arrived(self._ahead.take(step, lambda: x.read(once), (step + 1, lambda: x.read(then))))
        found = found if places is None else found.index_select(0, places.to(found.device))
        return found.view(*at.shape, *x.shape[1:]), self._labels(at)

    def _positions(self, step: int) -> Tensor:
        """Which samples each trial sees in a step, `[trials, batch]`."""
        start = step % self.steps_per_epoch * self.batch_size
        return self.order_at(step)[:, start : start + self.batch_size]

    def _labels(self, at: Tensor) -> Tensor:
        labels = self._train.labels.index_select(0, at.reshape(-1))
        return labels.view(*at.shape, *labels.shape[1:])

    def size(self, step: int) -> int:
        """How many samples a step sees."""
        return min(self.batch_size, len(self._train) - step % self.steps_per_epoch * self.batch_size)

    def left(self, step: int) -> int:
        """For how many steps from this one on `order_at` says the same: to the end of the epoch."""
        return self.steps_per_epoch - step % self.steps_per_epoch

    def order_at(self, step: int) -> Tensor:
        """The order in which each trial sees its samples in the epoch of a step, `[trials, samples]`."""
        epoch = step // self.steps_per_epoch
        if epoch not in self._orders:
            # Two of them, since the batch of the next step is chosen in this one.
            self._orders = {last: kept for last, kept in self._orders.items() if last == epoch - 1}
            self._orders[epoch] = self._permutations(epoch)
        return self._orders[epoch]

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
