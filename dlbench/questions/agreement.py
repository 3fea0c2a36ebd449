"""Two recorded trainings of one trial, number by number: how far they agree, and where they part first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dlbench.metrics.names import LEARNING_RATE

if TYPE_CHECKING:
    from dlbench.state.trial_state import TrialState

TIMES = frozenset({"seconds", "epoch", "cost"})
"""What is recorded of time, and not of the net."""


@dataclass(frozen=True)
class Departure:
    """The first number that is not the same: at which step, of which measure, in which layer; no layer for a curve."""

    step: int
    measure: str
    layer: str | None
    first: float | None
    second: float | None
    relative: float
    """How far they lie apart, over the larger of both; infinite where one is no number."""


@dataclass(frozen=True)
class Agreement:
    """What a comparison of two trainings came to."""

    numbers: int
    """How many numbers both have."""
    different: int
    """How many of them have other bits."""
    largest: float
    """The largest relative difference."""
    departure: Departure | None
    """Where they part first: after no other number; at one step curves before layers, layers in the order of the net."""
    beyond: Departure | None
    """The same among those that lie further apart than the tolerance."""

    @property
    def is_equal(self) -> bool:
        """Whether every number that both have is the same."""
        return self.different == 0


@dataclass(frozen=True)
class _Series:
    """One measure of both at the steps that both have, `[steps, layers]`; of a curve there is one column."""

    measure: str
    steps: NDArray[np.int64]
    layers: tuple[str | None, ...]
    first: NDArray[np.float64]
    second: NDArray[np.float64]
    rank: int

    @property
    def relative(self) -> NDArray[np.float64]:
        """How far the two lie apart, over the larger of both: 0 where they are the same, or both no number."""
        with np.errstate(all="ignore"):
            size = np.maximum(np.abs(self.first), np.abs(self.second))
            found = np.where(self.first == self.second, 0.0, np.abs(self.first - self.second) / size)
        unknown = np.isnan(self.first), np.isnan(self.second)
        return np.where(unknown[0] & unknown[1], 0.0, np.where(np.isnan(found), np.inf, found))


def agreement(first: TrialState, second: TrialState, tolerance: float = 0.0, *, until: int | None = None) -> Agreement:
    """Compare all curves and all measures of layers that both trials have, at the steps that both have, up to a step."""
    numbers = different = 0
    largest, departure, beyond = 0.0, [], []
    for series in _series(first, second, until):
        apart = series.relative
        numbers, different = numbers + apart.size, different + int(np.count_nonzero(apart))
        largest = max(largest, float(apart.max(initial=0.0)))
        departure += _first(series, apart, 0.0)
        beyond += _first(series, apart, tolerance)
    return Agreement(numbers, different, largest, _earliest(departure), _earliest(beyond))


def _series(first: TrialState, second: TrialState, until: int | None) -> Iterator[_Series]:
    both = [name for name in first.stack.metrics.fields if name in second.stack.metrics.fields and name not in TIMES]
    steps, ours, theirs = _common(first.steps, second.steps, until)
    for name in both:
        curves = (first.curve(name)[ours, None], second.curve(name)[theirs, None])
        yield _Series(name, steps, (None,), *curves, rank=-2 if name == LEARNING_RATE else -1)
    layers = tuple(layer.name for layer in first.layers)
    if layers != tuple(layer.name for layer in second.layers):
        return
    steps, ours, theirs = _common(first.probe_steps, second.probe_steps, until)
    for rank, name in enumerate(first.stack.probes.fields):
        probes = first.probe(name), second.probe(name)
        if name in TIMES or probes[0] is None or probes[1] is None:
            continue
        values = [np.asarray(probe, np.float64) for probe in probes]
        if all(one.ndim == 2 and one.shape[1] == len(layers) for one in values):
            yield _Series(name, steps, layers, values[0][ours], values[1][theirs], rank)


def _common(
    first: Sequence[int], second: Sequence[int], until: int | None
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """The steps that both have, up to a step, with their places in either."""
    steps, ours, theirs = np.intersect1d(np.asarray(first, np.int64), np.asarray(second, np.int64), return_indices=True)
    kept = slice(None, None if until is None else int(np.searchsorted(steps, until, side="right")))
    return steps[kept], ours[kept], theirs[kept]


def _first(
    series: _Series, apart: NDArray[np.float64], tolerance: float
) -> list[tuple[tuple[int, int, int], Departure]]:
    """Where a series parts first, with its place in the order of all."""
    rows, columns = np.nonzero(apart > tolerance)
    if not rows.size:
        return []
    row, column = int(rows[0]), int(columns[0])
    pair = (float(series.first[row, column]), float(series.second[row, column]))
    told = (None if np.isnan(pair[0]) else pair[0], None if np.isnan(pair[1]) else pair[1])
    step = int(series.steps[row])
    found = Departure(step, series.measure, series.layers[column], *told, float(apart[row, column]))
    return [((step, -1 if series.rank < 0 else column, series.rank), found)]


def _earliest(found: list[tuple[tuple[int, int, int], Departure]]) -> Departure | None:
    return min(found, key=lambda one: one[0])[1] if found else None
