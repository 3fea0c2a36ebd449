"""Between what numbers the features of a dataset lie. Imports no torch."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlbench.data_facts import Ranges, Unit
from dlbench.parts.datasets.samples import Numbers, Samples, chunks

MOST_FEATURES = 1000
"""Beyond so many, features of a table are told of as one."""

MOST_SORTED = 1 << 24
"""Numbers beyond which distinct ones are not counted: sorting them would take longer than loading them."""


def ranges_of(x: Samples) -> Ranges:
    """The ranges of samples `[samples, ...]`."""
    found = RunningRanges(x.shape)
    for chunk in chunks(x):
        found.add(chunk)
    return found.ranges


class RunningRanges:
    """The ranges of samples of a `shape` `[samples, ...]` that come some at a time, in float64 as far as they are computed."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._counts_distinct = prod(shape) <= MOST_SORTED
        self._of: Unit = "all"
        self._units: list[_RunningUnit] = []

    def add(self, chunk: Numbers) -> None:
        """Further samples."""
        self._of, units = _units(chunk)
        self._units = self._units or [_RunningUnit() for _ in range(units.shape[1])]
        for place, unit in enumerate(self._units):
            unit.add(units[:, place], counts_distinct=self._counts_distinct)

    @property
    def ranges(self) -> Ranges:
        """Of all samples so far."""
        return Ranges(
            self._of,
            minimum=tuple(unit.minimum for unit in self._units),
            maximum=tuple(unit.maximum for unit in self._units),
            mean=tuple(unit.mean for unit in self._units),
            std=tuple(float(np.sqrt(unit.squares / unit.count)) for unit in self._units),
            distinct=tuple(len(unit.seen) for unit in self._units) if self._counts_distinct else None,
        )


class _RunningUnit:
    """One feature or channel: `squares` are those of the distances from the mean (Chan, Golub and LeVeque 1983)."""

    def __init__(self) -> None:
        self.count, self.mean, self.squares, self.minimum, self.maximum = 0, 0.0, 0.0, np.inf, -np.inf
        self.seen: NDArray[Any] = np.empty(0, np.float32)

    def add(self, column: Numbers, *, counts_distinct: bool) -> None:
        mean = float(column.mean(dtype=np.float64))
        # numpy 1 lets the array decide: float32 less a number of float64 would stay float32.
        away = np.subtract(column, mean, dtype=np.float64)
        apart, before = mean - self.mean, self.count
        self.count += column.size
        self.mean += apart * (column.size / self.count)
        self.squares += float(np.vdot(away, away)) + apart**2 * before * column.size / self.count
        self.minimum, self.maximum = min(self.minimum, float(column.min())), max(self.maximum, float(column.max()))
        if counts_distinct:
            self.seen = np.union1d(self.seen, column) if before else np.unique(column)


def _units(x: Numbers) -> tuple[Unit, Numbers]:
    """What is told of apart: `[samples, units, numbers]`."""
    if x.ndim == 4:
        return "channel", x.reshape(len(x), x.shape[1], -1)
    flat = x.reshape(len(x), -1)
    return ("feature", flat[:, :, None]) if flat.shape[1] <= MOST_FEATURES else ("all", flat[:, None])
