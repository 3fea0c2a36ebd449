"""The common arguments applied to data whose targets are numbers. Imports no torch.

Without classes a "stratified" split is a random one, and a limit takes the first samples.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from dlbench.parts.datasets.base import Arrays, Source, Targets, TargetScale, stream
from dlbench.parts.datasets.common import Common, Parts, check_limit, check_split, check_validation, finished
from dlbench.parts.datasets.samples import OnDisk
from dlbench.parts.datasets.splits import split_off


def described(common: Common, whole: Source, *, everything: bool) -> Source:
    """A whole dataset with the common arguments applied.

    `everything`: whether its `load` keeps the samples that a limit leaves out. Raises `ValueError` where more is asked for than
    there is, or something that only classes have.
    """
    if asked := next(_of_classes(common), None):
        raise ValueError(f"'{asked}' is about classes, but the target is numbers; leave it out")
    check_validation(common, whole.train)
    check_split(common)
    train = whole.train - common.validation
    check_limit(common.limit, train)

    def load() -> Arrays:
        return _apply(common, whole, everything=everything)

    return replace(
        whole,
        train=common.limit or train,
        validation=common.validation,
        load=load,
        left_out=train - (common.limit or train),
    )


def _of_classes(common: Common) -> Iterator[str]:
    """The arguments given that mean nothing without classes."""
    yield from (key for key in ("classes", "limit_per_class") if getattr(common, key) is not None)
    if common.label_noise:
        yield "label_noise"


def _apply(common: Common, source: Source, *, everything: bool) -> Arrays:
    """Every common argument in its order; what is loaded is fresh, and is changed in place where that saves a copy."""
    data = source.load()
    x, y = data.x_train, data.y_train
    how = "random" if common.validation_split == "stratified" else common.validation_split
    stay, off = split_off(how, y, common.validation, stream(common.split_seed, "validation"))
    x_validation, y_validation = (x[off], y[off]) if common.validation else (None, None)
    x, y = x[stay], y[stay]
    whole = None
    if common.limit is not None and common.limit < len(x):
        # A copy: the samples and all of them are shifted in place, one after the other.
        whole, y = x if everything else None, y[: common.limit]
        x = x[: common.limit] if isinstance(x, OnDisk) else x[: common.limit].copy()
    parts = finished(common, data, Parts(x, data.x_test, x_validation, whole), source.feature_names)
    scale = scale_of(common.normalize_target or common.normalize, y)
    return Arrays(
        parts.train,
        _scaled(y, scale),
        parts.test,
        _scaled(data.y_test, scale),
        parts.validation,
        None if y_validation is None else _scaled(y_validation, scale),
        parts.train if everything and whole is None else parts.whole,
        notes=parts.notes,
        scale=scale,
        preparation=parts.preparation,
    )


def scale_of(how: str, y: Targets) -> TargetScale:
    """What `normalize_target` shifts targets `[samples, targets]` by, and divides them by; a constant one is only shifted."""
    shift, unit = np.zeros(y.shape[1]), np.ones(y.shape[1])
    if how != "none":
        shift = y.mean(axis=0, dtype=np.float64)
    if how == "standard":
        is_constant = y.max(axis=0) == y.min(axis=0)
        unit = np.where(is_constant, 1.0, y.std(axis=0, dtype=np.float64))
    return TargetScale(shift, unit)


def _scaled(y: Targets, scale: TargetScale) -> Targets:
    """Targets as they are learned."""
    scaled: Targets = ((y - scale.shift) / scale.unit).astype(np.float32)
    return scaled
