"""The arguments that every dataset takes besides its own, and what is done to the samples of all of them alike.

The order is: keep `classes`, split off `validation` as `validation_split` says, take `limit` or `limit_per_class`, replace labels,
fill gaps, normalize.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from math import prod
from typing import Annotated, Literal

import psutil
from annotated_types import Ge, Le

from dlbench.parts.arguments import Settings
from dlbench.parts.datasets.base import Arrays, Preparation, Source
from dlbench.parts.datasets.normalize import as_float32, fill_missing, lost_in_float32, normalize
from dlbench.parts.datasets.preparation import prepared
from dlbench.parts.datasets.samples import OnDisk, Samples
from dlbench.parts.datasets.splits import ValidationSplit


@dataclass(frozen=True, kw_only=True)
class Common:
    """The arguments that every dataset takes.

    classes: keep only the samples of these labels, which are renumbered 0, 1, ... in the order given.
    validation: so many samples are split off the training set, the same for every trial.
    validation_split: which ones: "stratified" takes a random sample in proportion to the classes, "random" one without regard
        to them, "end" the last ones. The others keep their order.
    split_seed: what draws them, so that another one gives another split.
    split_per_seed: each trial's own seed is added to `split_seed`, so that the split varies from seed to seed.
    limit: train on so many of the remaining samples, class-balanced: the first of each class, then the second, and so on.
    limit_per_class: the same, told as so many of each class.
    label_noise: this share of the training labels is replaced by a random other label, drawn by the dataset's `seed` (0
        where it has none); validation and test keep theirs. Samples are hit in one order, each by one label, whatever share
        and limit are: what is wrong with 0.1 is wrong with 0.2 too.
    normalize: "standard" gives each feature, or each channel of an image, mean 0 and deviation 1 over the training
        samples; "center" only mean 0. Validation and test are moved along by the training set's numbers.
    normalize_target: the same of a target of numbers; as `normalize` says, if left out. RMSE and mean absolute error stay in the
        target's own units, the loss is of what is learned.
    """

    limit: Annotated[int, Ge(1)] | None = None
    limit_per_class: Annotated[int, Ge(1)] | None = None
    validation: Annotated[int, Ge(0)] = 0
    validation_split: ValidationSplit = "stratified"
    split_seed: Annotated[int, Ge(0)] = 0
    split_per_seed: bool = False
    classes: list[Annotated[int, Ge(0)]] | None = None
    normalize: Literal["none", "standard", "center"] = "none"
    normalize_target: Literal["none", "standard", "center"] | None = None
    label_noise: Annotated[float, Ge(0), Le(1)] = 0.0


BEFORE_SPLITS: Settings = {"validation_split": "end"}
"""What the settings of runs mean that are older than the choice of a split."""

COMMON: Mapping[str, inspect.Parameter] = inspect.signature(Common, eval_str=True).parameters
"""The common arguments as a signature, to be merged with each dataset's own."""


def check_memory(source: Source) -> None:
    """Refuse what cannot fit before any of it is made; of data on disk a sample."""
    samples = 1 if source.on_disk else source.train + source.test
    needed = source.bytes_per_number * samples * prod(source.shape)
    available = psutil.virtual_memory().available
    if needed > available:
        what = "a sample of this data" if source.on_disk else "this data"
        remedy = f"; {source.remedy}" if source.remedy and not source.on_disk else ""
        raise ValueError(
            f"{what} takes {needed / 2**30:,.1f} GiB of memory, but {available / 2**30:,.1f} GiB are free here{remedy}"
        )


def check_split(common: Common) -> None:
    """Refuse a split that shall vary and cannot."""
    if common.split_per_seed and not common.validation:
        raise ValueError("'split_per_seed' varies the validation set, but 'validation' is 0")
    if common.split_per_seed and common.validation_split == "end":
        raise ValueError(
            '\'split_per_seed\' needs validation_split = "stratified" or "random": the end is always the same'
        )


def check_limit(limit: int | None, train: int) -> None:
    """Refuse to train on more samples than there are."""
    if limit is not None and limit > train:
        raise ValueError(f"'limit' is {limit}, but there are only {train} samples to train on")


def check_validation(common: Common, train: int) -> None:
    """Refuse a validation set that leaves nothing of the `train` samples to train on."""
    if train <= common.validation:
        raise ValueError(f"'validation' takes {common.validation} of {train} training samples, all")


@dataclass(frozen=True)
class Parts:
    """The samples of a dataset by what becomes of them; `whole` are all training samples, where a limit leaves some out."""

    train: Samples
    test: Samples
    validation: Samples | None
    whole: Samples | None
    notes: tuple[str, ...] = ()
    preparation: Preparation = field(default_factory=Preparation)


def finished(common: Common, data: Arrays, parts: Parts, names: Sequence[str]) -> Parts:
    """The samples with gaps filled, normalized, in float32, with notes on what that has lost of them.

    Changed in place where that saves a copy; `names` are those of the features.
    """
    others = [part for part in (parts.validation, parts.test, parts.whole) if part is not None]
    fill = fill_missing(data.fill, parts.train, others, names)
    how = Preparation(fill, *normalize(common.normalize, parts.train, others))
    lost = lost_in_float32(parts.train, names)
    validation, whole = (None if part is None else in_float32(part, how) for part in (parts.validation, parts.whole))
    return Parts(in_float32(parts.train, how), in_float32(parts.test, how), validation, whole, tuple(lost), how)


def in_float32(x: Samples, how: Preparation) -> Samples:
    """An array, which is prepared already, rounded; what is on disk, to be prepared when it is read."""
    return x.prepared_by(partial(prepared, how=how)) if isinstance(x, OnDisk) else as_float32(x)
