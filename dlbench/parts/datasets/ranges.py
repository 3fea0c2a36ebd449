"""Between what numbers the features of a dataset lie. Imports no torch."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from dlbench.data_facts import Ranges, Unit
from dlbench.parts.datasets.base import Numbers

MOST_FEATURES = 1000
"""Beyond so many, features of a table are told of as one."""

MOST_SORTED = 1 << 24
"""Numbers beyond which distinct ones are not counted: sorting them would take longer than loading them."""

CHUNK = 1 << 20


def ranges_of(x: Numbers) -> Ranges:
    """The ranges of samples `[samples, ...]`."""
    of, units = _units(x)
    columns = [units[:, unit] for unit in range(units.shape[1])]
    moments = [_moments(column) for column in columns]
    return Ranges(
        of,
        minimum=tuple(float(column.min()) for column in columns),
        maximum=tuple(float(column.max()) for column in columns),
        mean=tuple(mean for mean, _ in moments),
        std=tuple(std for _, std in moments),
        distinct=tuple(len(np.unique(column)) for column in columns) if x.size <= MOST_SORTED else None,
    )


def _units(x: Numbers) -> tuple[Unit, Numbers]:
    """What is told of apart: `[samples, units, numbers]`."""
    if x.ndim == 4:
        return "channel", x.reshape(len(x), x.shape[1], -1)
    flat = x.reshape(len(x), -1)
    return ("feature", flat[:, :, None]) if flat.shape[1] <= MOST_FEATURES else ("all", flat[:, None])


def _moments(column: Numbers) -> tuple[float, float]:
    """Mean and deviation of `[samples, numbers]`, in float64, chunk by chunk, so that no copy of everything is made."""
    mean = float(column.mean(dtype=np.float64))
    squares = sum(float(np.vdot(chunk, chunk)) for chunk in _deviations(column, mean))
    return mean, float(np.sqrt(squares / column.size))


def _deviations(column: Numbers, mean: float) -> Iterator[NDArray[np.float64]]:
    rows = max(1, CHUNK // column.shape[1])
    for start in range(0, len(column), rows):
        # numpy 1 lets the array decide: float32 less a number of float64 would stay float32.
        yield np.subtract(column[start : start + rows], mean, dtype=np.float64)
