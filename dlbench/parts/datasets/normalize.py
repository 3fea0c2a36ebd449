"""What is taken from the training samples and done to all: filling gaps, shifting, scaling. Imports no torch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dlbench.errors import SetupError
from dlbench.parts.datasets.samples import Floats, Numbers, OnDisk, Samples, chunks

NARROW_RANGE = 1e-3
"""A feature whose range is a smaller part of its largest value is looked at: float32 has some 16,000 steps for it."""

MOST_LOST = 3
"""So many features are named one by one."""


def fill_missing(
    how: str | None, x: Samples, others: Sequence[Samples], names: Sequence[str]
) -> NDArray[np.float64] | None:
    """Put the mean or the median of a feature in `x` in place of its NaNs in `x` and `others`, `[samples, features]`.

    `names` are those of the features. Returns what each feature's gaps are filled with, those of features without gaps too,
    `[features]`, or `None` where nothing is to be filled. Raises `SetupError` where a feature has no number in `x` at all.
    """
    arrays = [part for part in (x, *others) if not isinstance(part, OnDisk)]
    if how is None:
        return None
    assert len(arrays) == 1 + len(others), "whoever has gaps to fill has arrays"
    statistic = np.nanmean if how == "mean" else np.nanmedian
    gaps = [np.isnan(part) for part in arrays]
    fill = np.zeros(x.shape[1])
    for feature in range(x.shape[1]):
        if gaps[0][:, feature].all():
            raise SetupError(
                f"no training sample has a value of {names[feature]!r}, so there is no {how} to fill its gaps with; "
                f"leave the column out, or train on more samples"
            )
        fill[feature] = statistic(arrays[0][:, feature])
        for part, gap in zip(arrays, gaps, strict=True):
            part[gap[:, feature], feature] = fill[feature]
    return fill


def normalize(how: str, x: Samples, others: Sequence[Samples]) -> tuple[Numbers | None, Numbers | None]:
    """Shift and scale `x` and `others` by the statistics of `x`; a constant feature is only shifted.

    `[samples, features, ...]`; the statistics are those of a feature, or of a channel of an image, and computed in float64 in one
    pass. Arrays are changed in place; what is on disk is left, since it is prepared when it is read. Returns the mean and the
    standard deviation, `[1, features, 1, ...]`, `None` where it is not used.
    """
    if how == "none":
        return None, None
    mean, std = statistics_of(x)
    for part in (x, *others):
        if not isinstance(part, OnDisk):
            np.subtract(part, mean, out=part)
            if how == "standard":
                np.divide(part, std, out=part)
    return mean, None if how == "center" else std


def statistics_of(x: Samples) -> tuple[Numbers, Numbers]:
    """Mean and standard deviation of a feature, or of a channel, over all samples, `[1, features, 1, ...]`; 1 for a constant's.

    Squares are summed about the mean of their chunk, as x is rounded, and moved to the mean of all.
    """
    axes = (0, *range(2, len(x.shape)))
    parts, low, high = [], np.inf, -np.inf
    count, mean = 0, np.float64(0)
    for chunk in chunks(x):
        own = chunk.mean(axis=axes, keepdims=True, dtype=np.float64)
        shift = own.astype(chunk.dtype)
        flat = (chunk - shift).reshape(len(chunk), chunk.shape[1], -1)
        square = np.einsum("ncp,ncp->c", flat, flat, dtype=np.float64).reshape(own.shape)
        numbers = chunk.size // own.size
        count += numbers
        mean = mean + (own - mean) * (numbers / count)
        parts.append((numbers, own, shift, square))
        low = np.minimum(low, chunk.min(axis=axes, keepdims=True))
        high = np.maximum(high, chunk.max(axis=axes, keepdims=True))
    rounded: Numbers = np.asarray(mean).astype(x.dtype)
    squares = sum(square + n * ((own - rounded) ** 2 - (own - shift) ** 2) for n, own, shift, square in parts)
    std = np.sqrt(squares / count).astype(x.dtype)
    # Where all values are equal, the mean may be off by its last bit, and dividing would blow this up.
    std[low == high] = 1
    return rounded, std


def lost_in_float32(x: Samples, names: Sequence[str]) -> list[str]:
    """A note for each feature of float64 `x` whose different values float32 makes equal, where few steps are left for their range.

    `[samples, features, ...]`; `names` are those of the features, if they have any. Many features are told by their number.
    Of samples on disk nothing is said.
    """
    if isinstance(x, OnDisk) or x.dtype == np.float32 or not x.size:
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
