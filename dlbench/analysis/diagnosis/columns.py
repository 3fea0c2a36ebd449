"""Numbers column by column, `[rows, columns]`, where some are missing: first, last, lowest, highest, median."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dlbench.analysis.diagnosis.evidence import Values


def first_known(values: Values) -> Values:
    """The first number of each column `[rows, columns]`; NaN without one."""
    return _at(values, np.argmax(np.isfinite(values), axis=0)) if len(values) else np.full(values.shape[1], np.nan)


def last_known(values: Values) -> Values:
    """The last number of each column `[rows, columns]`; NaN without one."""
    return first_known(values[::-1])


def _at(values: Values, rows: NDArray[np.int64]) -> Values:
    found = values[rows, np.arange(values.shape[1])]
    return np.where(np.isfinite(found), found, np.nan)


def lowest(values: Values) -> Values:
    """The lowest number of each column; NaN without one."""
    return -highest(-values)


def highest(values: Values) -> Values:
    """The highest number along the first axis; NaN without one."""
    known = np.where(np.isnan(values), -np.inf, values)
    found = np.max(known, axis=0, initial=-np.inf)
    return np.where(np.isneginf(found), np.nan, found)


def median(values: Values, axis: int) -> Values:
    """The median along an axis of what is a number, the lower of two in the middle; NaN without one."""
    ordered = np.sort(values, axis=axis)  # NaN last
    count = (~np.isnan(values)).sum(axis=axis, keepdims=True)
    if not values.shape[axis]:
        return np.full(count.squeeze(axis).shape, np.nan)
    return np.take_along_axis(ordered, np.maximum((count - 1) // 2, 0), axis).squeeze(axis)
