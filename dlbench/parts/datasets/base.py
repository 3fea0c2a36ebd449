"""What a dataset is: a function of recipe arguments that returns a `Source`, numpy arrays to be loaded. Imports no torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import add
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlbench.catalog import Catalog
from dlbench.errors import SetupError
from dlbench.parts.datasets.samples import Numbers, Samples

Labels: TypeAlias = NDArray[np.int64]
Targets: TypeAlias = NDArray[np.float32 | np.float64]


@dataclass(frozen=True)
class TargetScale:
    """How targets of numbers are learned: less `shift`, divided by `unit`, `[targets]` each."""

    shift: NDArray[np.float64]
    unit: NDArray[np.float64]

    def own_units(self, y: Targets) -> Targets:
        """Numbers `[..., targets]` as they were before, in float64."""
        own: Targets = y.astype(np.float64) * self.unit + self.shift
        return own


@dataclass(frozen=True)
class Preparation:
    """What the common arguments took from the training samples; `None` where nothing is filled, shifted or divided.

    `fill` `[features]` stands for missing numbers, `mean` is subtracted and `std` divides, both `[1, features, 1, ...]`.
    """

    fill: NDArray[np.float64] | None = None
    mean: Numbers | None = None
    std: Numbers | None = None


@dataclass(frozen=True)
class Arrays:
    """A loaded dataset: each x is `[samples, *shape]` in float32, each y is `[samples]` of labels 0..classes-1 in int64.

    Where the source has `targets`, each y is `[samples, targets]` of numbers: in their own units, until the common arguments are
    applied; then in float32, as `scale` says.

    The validation arrays are `None` where nothing is split off for validation. `x_all`, where it was asked for, is every
    training sample, those that a limit leaves out among them.

    Each x is an array, or `OnDisk` all of them. Before the common arguments are applied, x may be float64, whose digits
    `normalize` needs; and with `fill` it may hold NaN, in place of which comes this statistic of the training samples.

    `notes` say to people what became of the numbers on the way.
    """

    x_train: Samples
    y_train: NDArray[Any]
    x_test: Samples
    y_test: NDArray[Any]
    x_validation: Samples | None = None
    y_validation: NDArray[Any] | None = None
    x_all: Samples | None = None
    fill: Literal["mean", "median"] | None = None
    notes: tuple[str, ...] = ()
    scale: TargetScale | None = None
    preparation: Preparation = field(default_factory=Preparation)
    """How x was made of what was read."""

    def own_units(self, y: Targets) -> Targets:
        """Targets as they were before they were scaled."""
        return y if self.scale is None else self.scale.own_units(y)


def on_board() -> str | None:
    """The `missing` of a dataset that needs no files."""
    return None


@dataclass(frozen=True)
class Source:
    """A dataset that is described but not yet loaded.

    `shape` is one sample's, `train`, `validation` and `test` count samples. `load` reads or makes the arrays. `missing` says
    what is not there, where it was looked for and what to do, or `None`; then `load` goes ahead, else it raises `SetupError`.
    `train_per_class`, `validation_per_class` and `test_per_class` count each split's samples of each class, before label noise;
    `per_class` counts all splits together; `None` where only the loaded labels tell, as for a validation set off the end.
    `class_names` is empty where classes are called "0", "1", ... . `notes` say to people what is odd about the data,
    `feature_names` is empty where features have no names. `test_repeats_train`: the test set is made of training samples on
    purpose, and `per_class` counts them once.
    """

    shape: tuple[int, ...]
    classes: int
    train: int
    test: int
    load: Callable[[], Arrays]
    missing: Callable[[], str | None]
    train_per_class: tuple[int, ...] | None
    test_per_class: tuple[int, ...] | None
    validation: int = 0
    validation_per_class: tuple[int, ...] | None = None
    per_class: tuple[int, ...] | None = None
    left_out: int = 0
    """Training samples that a limit leaves out; what learns without labels may still see them."""
    class_names: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    feature_names: tuple[str, ...] = ()
    bytes_per_number: int = 4
    """What a number of its samples takes at most while they are loaded."""
    on_disk: bool = False
    """Whether its samples stay on disk, and are read batch by batch."""
    remedy: str = ""
    """What to do where it does not fit into memory, if there is anything."""
    test_repeats_train: bool = False
    task: str = "classification"
    """What is learned of it: one of the catalogue of tasks."""
    targets: tuple[str, ...] = ()
    """What its numbers to be learned are called, where these are no classes; then it has no classes, and no counts of them."""
    form: Mapping[str, Any] = field(default_factory=dict)
    """What data must look like to be read as this was, beside its shape, as plain data: the columns of a table."""

    @property
    def names(self) -> tuple[str, ...]:
        """What each class is called."""
        return self.class_names or tuple(map(str, range(self.classes)))

    @classmethod
    def of(
        cls,
        shape: tuple[int, ...],
        train_per_class: Sequence[int],
        test_per_class: Sequence[int],
        load: Callable[[], Arrays],
        missing: Callable[[], str | None] = on_board,
        *,
        class_names: Sequence[str] = (),
        notes: Sequence[str] = (),
    ) -> Source:
        """The source of a whole dataset, its counts following from the samples of each class; nothing is split off yet.

        `load` may count on the data being there: without it, the source's own `load` raises `SetupError` instead.
        """
        train, test = tuple(map(int, train_per_class)), tuple(map(int, test_per_class))
        return cls(
            shape,
            classes=len(train),
            train=sum(train),
            test=sum(test),
            load=_where_there(load, missing),
            missing=missing,
            train_per_class=train,
            test_per_class=test,
            validation_per_class=(0,) * len(train),
            per_class=tuple(map(add, train, test)),
            class_names=tuple(class_names),
            notes=tuple(notes),
        )

    @classmethod
    def of_numbers(
        cls,
        shape: tuple[int, ...],
        targets: Sequence[str],
        samples: tuple[int, int],
        load: Callable[[], Arrays],
        missing: Callable[[], str | None] = on_board,
        *,
        notes: Sequence[str] = (),
    ) -> Source:
        """The same of a dataset whose `targets` are numbers, with so many training and test `samples`."""
        train, test = samples
        return cls(
            shape,
            classes=0,
            train=train,
            test=test,
            load=_where_there(load, missing),
            missing=missing,
            train_per_class=None,
            test_per_class=None,
            notes=tuple(notes),
            task="regression",
            targets=tuple(targets),
        )


def _where_there(load: Callable[[], Arrays], missing: Callable[[], str | None]) -> Callable[[], Arrays]:
    """The same, raising `SetupError` where something is missing."""

    def load_what_is_there() -> Arrays:
        if what := missing():
            raise SetupError(what)
        return load()

    return load_what_is_there


MEANINGS = {
    "path": "the file or folder, seen from the current folder, the recipe's or the data folders.",
    "folder": "a data folder that is searched before DLBENCH_DATA, ./data and the user's cache.",
    "seed": "what draws everything that is random in the data; trials share it.",
    "samples": "how many samples the training set has, shared out over the classes; the test set has as many.",
}
"""What arguments mean that several of them have."""

DATASETS: Catalog[Callable[..., Source]] = Catalog(
    "datasets", title="the data to learn from, with its labels or targets", meanings=MEANINGS
)
"""Trait `origin`: "on board", "file" or "download"; trait `download`: what a download consists of, or absent."""


def stream(seed: int, purpose: str) -> np.random.Generator:
    """A random stream that is a function of the seed and what it is for, and of nothing else."""
    return np.random.default_rng([seed, *purpose.encode()])
