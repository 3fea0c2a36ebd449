"""What every dataset can do besides its own arguments, and the two ways to ask for a dataset: describe and load.

The order is: keep `classes`, split off `validation` as `validation_split` says, take `limit` or `limit_per_class`, replace labels,
fill gaps, normalize.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from operator import sub
from typing import Annotated, Literal

import numpy as np
import psutil
from annotated_types import Ge, Le
from numpy.typing import NDArray

from dlbench.errors import SetupError
from dlbench.parts.arguments import Settings
from dlbench.parts.datasets.base import DATASETS, Arrays, Labels, Numbers, Source, stream
from dlbench.parts.datasets.normalize import as_float32, fill_missing, lost_in_float32, normalize
from dlbench.parts.datasets.splits import ValidationSplit, balanced, balanced_counts, proportional, split_off


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
    """

    limit: Annotated[int, Ge(1)] | None = None
    limit_per_class: Annotated[int, Ge(1)] | None = None
    validation: Annotated[int, Ge(0)] = 0
    validation_split: ValidationSplit = "stratified"
    split_seed: Annotated[int, Ge(0)] = 0
    split_per_seed: bool = False
    classes: list[Annotated[int, Ge(0)]] | None = None
    normalize: Literal["none", "standard", "center"] = "none"
    label_noise: Annotated[float, Ge(0), Le(1)] = 0.0


BEFORE_SPLITS: Settings = {"validation_split": "end"}
"""What the settings of runs mean that are older than the choice of a split."""

COMMON: Mapping[str, inspect.Parameter] = inspect.signature(Common, eval_str=True).parameters
"""The common arguments as a signature, to be merged with each dataset's own."""


def describe(settings: Settings, *, everything: bool = False) -> Source:
    """The source that settings such as `{"kind": "mnist", "limit": 100}` name, common arguments applied; loads no samples.

    `everything`: whether its `load` keeps the samples that a limit leaves out, as `x_all`. Raises `ValueError` where the common arguments ask for more than there is, `SetupError` where a file is wrong.
    """
    common = Common(**BEFORE_SPLITS | {key: value for key, value in settings.items() if key in COMMON})
    own = {key: value for key, value in settings.items() if key != "kind" and key not in COMMON}
    whole = DATASETS[settings["kind"]].make(**own)
    _check_memory(whole)
    classes = _check_classes(common.classes, whole)
    train_per_class = _of_classes(whole.train_per_class, classes)
    test_per_class = _of_classes(whole.test_per_class, classes)
    train = sum(train_per_class) - common.validation
    if not sum(test_per_class):
        raise ValueError(f"'classes' {classes} have no sample to test on")
    if train < 1:
        raise ValueError(f"'validation' takes {common.validation} of {train + common.validation} training samples, all")
    _check_split(common)
    off = _validation_counts(common, train_per_class)
    left = train_per_class if off is None else tuple(map(sub, train_per_class, off))
    limit = _check_limit(common, classes, left, train)
    trained = None if off is None else balanced_counts(left, limit or train)
    before_limit = train_per_class if limit is None else None
    judged = [] if whole.test_repeats_train else [test_per_class]

    def load() -> Arrays:
        return _apply(common, classes, whole, settings.get("seed", 0), everything=everything)

    return replace(
        whole,
        classes=len(classes),
        train=limit or train,
        validation=common.validation,
        test=sum(test_per_class),
        load=load,
        train_per_class=trained,
        validation_per_class=off,
        test_per_class=test_per_class,
        per_class=_sums(before_limit, *judged) or _sums(trained, off, *judged),
        left_out=train - (limit or train),
        class_names=tuple(whole.names[label] for label in classes) if common.classes else whole.class_names,
    )


def load_data(settings: Settings, *, everything: bool = False) -> Arrays:
    """The arrays that settings name, common arguments applied; raises what `describe` raises, and `SetupError` without data."""
    return describe(settings, everything=everything).load()


def _check_memory(source: Source) -> None:
    """Refuse what cannot fit before any of it is made."""
    needed = source.bytes_per_number * (source.train + source.test) * prod(source.shape)
    available = psutil.virtual_memory().available
    if needed > available:
        raise ValueError(
            f"this data takes {needed / 2**30:,.1f} GiB of memory, but {available / 2**30:,.1f} GiB are free here"
        )


def _check_classes(classes: list[int] | None, source: Source) -> list[int]:
    """The labels to keep, all where none are named."""
    if classes is None:
        return list(range(source.classes))
    if len(classes) < 2 or len(set(classes)) < len(classes):
        raise ValueError(f"'classes' is {classes}; it must name two labels at least, each once")
    if unknown := [label for label in classes if not 0 <= label < source.classes]:
        raise ValueError(f"'classes' names {unknown[0]}, but the labels are 0 to {source.classes - 1}")
    return classes


def _of_classes(per_class: Sequence[int] | None, classes: Sequence[int]) -> tuple[int, ...]:
    """The counts of the classes to keep, in their order."""
    assert per_class is not None, "whole datasets know their classes"
    return tuple(per_class[label] for label in classes)


def _check_split(common: Common) -> None:
    """Refuse a split that shall vary and cannot."""
    if common.split_per_seed and not common.validation:
        raise ValueError("'split_per_seed' varies the validation set, but 'validation' is 0")
    if common.split_per_seed and common.validation_split == "end":
        raise ValueError(
            '\'split_per_seed\' needs validation_split = "stratified" or "random": the end is always the same'
        )


def _validation_counts(common: Common, train: Sequence[int]) -> tuple[int, ...] | None:
    """How many of each class are split off, `None` where only the labels tell."""
    is_known = common.validation_split == "stratified" or not common.validation
    return tuple(proportional(train, common.validation)) if is_known else None


def _sums(*per_class: tuple[int, ...] | None) -> tuple[int, ...] | None:
    """Counts of several splits together, where all are known."""
    known = [one for one in per_class if one is not None]
    return tuple(map(sum, zip(*known, strict=True))) if len(known) == len(per_class) else None


def _check_limit(common: Common, classes: list[int], per_class: Sequence[int], train: int) -> int | None:
    """How many samples to train on, `None` for all of the `train` that there are, `per_class` as far as is known."""
    if common.limit_per_class is None:
        if common.limit is not None and common.limit > train:
            raise ValueError(f"'limit' is {common.limit}, but there are only {train} samples to train on")
        return common.limit
    if common.limit is not None:
        raise ValueError("takes either 'limit' or 'limit_per_class', not both")
    asked = common.limit_per_class
    count, label = min(zip(per_class, classes, strict=True))
    if asked > count:
        raise ValueError(f"'limit_per_class' is {asked}, but class {label} has only {count} samples to train on")
    if (total := asked * len(classes)) > train:
        raise ValueError(f"'limit_per_class' takes {total} samples, but there are only {train} to train on")
    return total


def _apply(common: Common, classes: list[int], source: Source, seed: int, *, everything: bool) -> Arrays:
    """Every common argument in its order; what is loaded is fresh, and is changed in place where that saves a copy."""
    data = source.load()
    x, y, x_test, y_test = data.x_train, data.y_train, data.x_test, data.y_test
    if common.classes is not None:
        x, y = _keep(x, y, classes)
        x_test, y_test = _keep(x_test, y_test, classes)
    random = stream(common.split_seed, "validation")
    stay, off = split_off(common.validation_split, y, common.validation, random)
    x_validation, y_validation = (x[off], y[off]) if common.validation else (None, None)
    x, y = x[stay], y[stay]
    chosen = _chosen(common, y, classes)
    whole = x if everything and not isinstance(chosen, slice) else None
    x, y = x[chosen], _with_noise(y, chosen, common.label_noise, len(classes), stream(seed, "label noise"))
    others = [part for part in (x_validation, x_test, whole) if part is not None]
    fill_missing(data.fill, x, others, source.feature_names)
    normalize(common.normalize, x, others)
    lost = lost_in_float32(x, source.feature_names)
    x, x_test = as_float32(x), as_float32(x_test)
    x_validation, whole = (None if part is None else as_float32(part) for part in (x_validation, whole))
    x_all = x if everything and whole is None else whole
    return Arrays(x, y, x_test, y_test, x_validation, y_validation, x_all, notes=tuple(lost))


def _keep(x: Numbers, y: Labels, classes: list[int]) -> tuple[Numbers, Labels]:
    """The samples of `classes`, labelled by their position in it."""
    number = np.full(max(int(y.max(initial=0)), *classes) + 1, -1, dtype=np.int64)
    number[classes] = np.arange(len(classes))
    kept = number[y] >= 0
    return x[kept], number[y[kept]]


def _chosen(common: Common, y: Labels, classes: list[int]) -> NDArray[np.intp] | slice:
    """Which of the samples with labels `y` are trained on."""
    if common.limit_per_class is None:
        return slice(None) if common.limit is None else balanced(y, common.limit)
    counts = np.bincount(y, minlength=len(classes))
    if (least := counts.min()) < common.limit_per_class:
        text = f"'limit_per_class' is {common.limit_per_class}, but 'validation' has left only {least} of class"
        raise SetupError(f"{text} {classes[counts.argmin()]}; lower one of them")
    return balanced(y, common.limit_per_class * len(classes))


def _with_noise(
    y: Labels, chosen: NDArray[np.intp] | slice, share: float, classes: int, random: np.random.Generator
) -> Labels:
    """The chosen labels, exactly the rounded share replaced, each by one of the other labels with equal chance.

    All are dealt a turn and another label before any is chosen, so that shares and limits differ in how far the turn goes
    and in nothing else.
    """
    turn = random.permutation(len(y))[chosen]
    other = (y + random.integers(1, classes, size=len(y)))[chosen] % classes
    noisy = y[chosen].copy()
    hit = np.argsort(turn)[: round(share * len(noisy))]
    noisy[hit] = other[hit]
    return noisy
