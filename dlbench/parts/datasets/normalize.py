"""What is taken from the training samples and done to all: filling gaps, shifting, scaling. Imports no torch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dlbench.errors import SetupError
from dlbench.parts.datasets.base import Floats, Numbers

NARROW_RANGE = 1e-3
"""A feature whose range is a smaller part of its largest value is looked at: float32 has some 16,000 steps for it."""

MOST_LOST = 3
"""So many features are named one by one."""


def fill_missing(
    how: str | None, x: Numbers, others: Sequence[Numbers], names: Sequence[str]
) -> NDArray[np.float64] | None:
    """Put the mean or the median of a feature in `x` in place of its NaNs in `x` and `others`, `[samples, features]`.

    `names` are those of the features. Returns what each feature's gaps are filled with, those of features without gaps too,
    `[features]`, or `None` where nothing is to be filled. Raises `SetupError` where a feature has no number in `x` at all.
    """
    if how is None:
        return None
    statistic = np.nanmean if how == "mean" else np.nanmedian
    gaps = [np.isnan(part) for part in (x, *others)]
    fill = np.zeros(x.shape[1])
    for feature in range(x.shape[1]):
        if gaps[0][:, feature].all():
            raise SetupError(
                f"no training sample has a value of {names[feature]!r}, so there is no {how} to fill its gaps with; "
                f"leave the column out, or train on more samples"
            )
        fill[feature] = statistic(x[:, feature])
        for part, gap in zip((x, *others), gaps, strict=True):
            part[gap[:, feature], feature] = fill[feature]
    return fill


def normalize(how: str, x: Numbers, others: Sequence[Numbers]) -> tuple[Numbers | None, Numbers | None]:
    """Shift and scale `x` and `others` in place by the statistics of `x`; a constant feature is only shifted.

    `[samples, features, ...]`; the statistics are those of a feature, or of a channel of an image, and computed in float64.
    Returns the mean and the standard deviation, `[1, features, 1, ...]`, `None` where it is not used.
    """
    if how == "none":
        return None, None
    axes = (0, *range(2, x.ndim))
    mean = x.mean(axis=axes, keepdims=True, dtype=np.float64).astype(x.dtype)
    for part in (x, *others):
        np.subtract(part, mean, out=part)
    if how == "center":
        return mean, None
    flat = x.reshape(len(x), x.shape[1], -1)
    square = np.einsum("ncp,ncp->c", flat, flat, dtype=np.float64)
    std = np.sqrt(square.reshape(mean.shape) * mean.size / x.size).astype(x.dtype)
    # Where all values are equal, the mean may be off by its last bit, and dividing would blow this up.
    constant = x.max(axis=axes, keepdims=True) == x.min(axis=axes, keepdims=True)
    std[constant] = 1
    for part in (x, *others):
        np.divide(part, std, out=part)
    return mean, std


def lost_in_float32(x: Numbers, names: Sequence[str]) -> list[str]:
    """A note for each feature of float64 `x` whose different values float32 makes equal, where few steps are left for their range.

    `[samples, features, ...]`; `names` are those of the features, if they have any. Many features are told by their number.
    """
    if x.dtype == np.float32 or not x.size:
        return []
    flat = x.reshape(len(x), -1)
    low, high = flat.min(axis=0), flat.max(axis=0)
    narrow = np.flatnonzero(high - low <= NARROW_RANGE * np.maximum(np.abs(low), np.abs(high)))
    counts = [(place, *(len(np.unique(part)) for part in (flat[:, place], as_float32(flat[:, place]))))
              for place in narrow.tolist()]  # fmt: skip
    lost = [
        f"the {before:,} different values of {repr(names[place]) if names else f'feature {place}'} are {after:,} in float32; "
        f'`normalize = "standard"` keeps them apart'
        for place, before, after in counts
        if after < before
    ]
    more = f'{len(lost) - MOST_LOST:,} more features lose values in float32; `normalize = "standard"` keeps them apart'
    return lost if len(lost) <= MOST_LOST else [*lost[:MOST_LOST], more]


def as_float32(x: Numbers) -> Floats:
    """The same array where it is float32 already, else a rounded copy."""
    rounded: Floats = np.asarray(x, dtype=np.float32)
    return rounded
