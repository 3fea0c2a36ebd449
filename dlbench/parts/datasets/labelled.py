"""The common arguments applied to data whose labels are classes. Imports no torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from operator import sub

import numpy as np
from numpy.typing import NDArray

from dlbench.errors import SetupError
from dlbench.parts.datasets.base import Arrays, Labels, Source, stream
from dlbench.parts.datasets.common import Common, Parts, check_limit, check_split, check_validation, finished
from dlbench.parts.datasets.samples import Samples
from dlbench.parts.datasets.splits import balanced, balanced_counts, proportional, split_off


def described(common: Common, whole: Source, seed: int, *, everything: bool) -> Source:
    """A whole dataset with the common arguments applied; `seed` is that of its noise.

    `everything`: whether its `load` keeps the samples that a limit leaves out. Raises `ValueError` where more is asked for than
    there is.
    """
    if common.normalize_target is not None:
        raise ValueError("'normalize_target' needs a target of numbers, but this data has classes")
    classes = _check_classes(common.classes, whole)
    train_per_class = _of_classes(whole.train_per_class, classes)
    test_per_class = _of_classes(whole.test_per_class, classes)
    train = sum(train_per_class) - common.validation
    if not sum(test_per_class):
        raise ValueError(f"'classes' {classes} have no sample to test on")
    check_validation(common, sum(train_per_class))
    check_split(common)
    off = _validation_counts(common, train_per_class)
    left = train_per_class if off is None else tuple(map(sub, train_per_class, off))
    limit = _check_limit(common, classes, left, train)
    trained = None if off is None else balanced_counts(left, limit or train)
    before_limit = train_per_class if limit is None else None
    judged = [] if whole.test_repeats_train else [test_per_class]

    def load() -> Arrays:
        return _apply(common, classes, whole, seed, everything=everything)

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
        check_limit(common.limit, train)
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
    parts = finished(common, data, Parts(x, x_test, x_validation, whole), source.feature_names)
    x_all = parts.train if everything and whole is None else parts.whole
    return Arrays(
        parts.train,
        y,
        parts.test,
        y_test,
        parts.validation,
        y_validation,
        x_all,
        notes=parts.notes,
        preparation=parts.preparation,
    )


def _keep(x: Samples, y: Labels, classes: list[int]) -> tuple[Samples, Labels]:
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
