"""Numbers of several trials at the steps that any of them has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Steps: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True)
class Aligned:
    """`values` `[trials, steps]` at ascending `steps`; NaN where a trial has none, but in each step any of them has one."""

    steps: Steps
    values: Floats

    @classmethod
    def of(cls, points: Sequence[tuple[Steps, Floats]]) -> Aligned:
        """Of each trial its ascending steps and its finite values there."""
        steps = np.unique(np.concatenate([own for own, _ in points] or [np.empty(0, np.int64)]))
        values = np.full((len(points), len(steps)), np.nan)
        for row, (own, found) in zip(values, points, strict=True):
            row[np.searchsorted(steps, own)] = found
        return cls(steps, values)

    @property
    def mean(self) -> Floats:
        """Over the trials that have a value, `[steps]`."""
        mean: Floats = np.nansum(self.values, axis=0) / np.isfinite(self.values).sum(axis=0)
        return mean

    @property
    def low(self) -> Floats:
        """The lowest, `[steps]`."""
        low: Floats = np.fmin.reduce(self.values)
        return low

    @property
    def high(self) -> Floats:
        """The highest, `[steps]`."""
        high: Floats = np.fmax.reduce(self.values)
        return high
