"""Histories of any length in so many buckets: as steps go on, buckets double, and the whole run stays in the picture.

A bucket covers `stride` steps. Where a step lies beyond the last bucket, neighbours become one and the stride doubles, so
that an update costs what is new, and memory does not grow with the run. For pictures whose steps are logarithmic, buckets
grow with the step from the beginning on: so many for every doubling.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from dlbench.state.timeline import Array, Timeline

Floats: TypeAlias = NDArray[np.float64]
Steps: TypeAlias = NDArray[np.int64]
Number = TypeVar("Number", np.int64, np.float64)

CAPACITY = 512
"""Buckets of a history; a wide terminal has half as many columns, curves in braille twice as many dots."""
NOT_YET = -1
OCTAVE_BITS = 5
"""A doubling of the step has two to this power of buckets; a wide terminal has as many dots for it in braille."""


class Buckets:
    """A field of a timeline, reduced; `pick` takes one entry of each record's first axis, a trial of a stack.

    After `update`, arrays run over the buckets up to the last record's. `records` [buckets] counts records. `low`, `high` and
    `last` [buckets, ...] are the smallest, largest and last number of the bucket, NaN where it has none; `numbers` counts
    those that are not NaN. `low`, `high`, `last` and both counts are what a reduction of the whole history would give;
    `mean` differs from it by rounding.
    """

    def __init__(self, timeline: Timeline, field: str, capacity: int = CAPACITY, *, pick: int | None = None) -> None:
        assert capacity > 1
        self._timeline = timeline
        self._field = field
        self._capacity = capacity + capacity % 2
        self._pick = pick
        self._reset()

    def _reset(self) -> None:
        self.stride = 1
        """Steps a bucket."""
        self._filled = 0
        self._done = 0
        self._rewritten = self._timeline.rewritten
        self._steps = np.full(self._capacity, NOT_YET, np.int64)
        self._records = np.zeros(self._capacity, np.int64)
        self._values: dict[str, Floats] = {}

    def update(self, until: int = 0) -> None:
        """Take in the records that are new; all anew where older ones have changed. `until` is a step to make room for."""
        if self._timeline.rewritten != self._rewritten:
            self._reset()
        with np.errstate(over="ignore", invalid="ignore"):
            self._update(until)

    def _update(self, until: int) -> None:
        self._make_room(until)
        series = self._timeline.series(self._field)
        if series is None or len(series) == self._done:
            return
        fresh = series[self._done :] if self._pick is None else series[self._done :, self._pick]
        steps = np.array(self._timeline.steps[self._done :], np.int64)
        self._done = len(series)
        if not self._values:
            self._begin(fresh.shape[1:])
        self._make_room(int(steps[-1]))
        self._take(steps, fresh)

    @property
    def starts(self) -> Steps:
        """The first step that each bucket covers."""
        return self.edges(self._filled)[:-1]

    @property
    def steps(self) -> Steps:
        """The step of each bucket's last record, -1 where it has none."""
        return self._steps[: self._filled]

    @property
    def records(self) -> NDArray[np.int64]:
        """How many records each bucket has."""
        return self._records[: self._filled]

    @property
    def low(self) -> Floats:
        """The smallest number."""
        return self._of("low")

    @property
    def high(self) -> Floats:
        """The largest number."""
        return self._of("high")

    @property
    def last(self) -> Floats:
        """The last number."""
        return self._of("last")

    @property
    def numbers(self) -> Floats:
        """How many records have a number."""
        return self._of("numbers")

    @property
    def mean(self) -> Floats:
        """The mean of the numbers."""
        count = self.numbers
        mean: Floats = np.divide(self._of("total"), count, out=np.full(count.shape, np.nan), where=count > 0)
        return mean

    def _of(self, name: str) -> Floats:
        values = self._values.get(name)
        return np.empty(0) if values is None else values[: self._filled]

    def _begin(self, shape: tuple[int, ...]) -> None:
        size = (self._capacity, *shape)
        self._values = {name: np.full(size, empty) for name, (_, empty) in MERGES.items()}

    def places(self, steps: Steps) -> Steps:
        """The bucket of each step."""
        return steps // self.stride

    def edges(self, count: int) -> Steps:
        """The first step of each of the first `count` buckets, those to come included, and of the one after them."""
        return np.arange(count + 1, dtype=np.int64) * self.stride

    def _make_room(self, step: int) -> None:
        while step >= self._capacity * self.stride:
            self._double()

    def _double(self) -> None:
        """Make one bucket of every two."""
        half = self._capacity // 2
        for name, values in self._values.items():
            merge, empty = MERGES[name]
            values[:half] = merge(values[0::2], values[1::2])
            values[half:] = empty
        self._steps[:half] = np.maximum(self._steps[0::2], self._steps[1::2])
        self._steps[half:] = NOT_YET
        self._records[:half] = self._records[0::2] + self._records[1::2]
        self._records[half:] = 0
        self._filled = (self._filled + 1) // 2
        self.stride *= 2

    def _take(self, steps: Steps, fresh: Array) -> None:
        """Reduce new records to their buckets, the first of which may have records already."""
        exact = fresh.astype(np.float64, copy=False)
        places = self.places(steps)
        firsts = np.flatnonzero(np.diff(places, prepend=-1))
        touched = places[firsts]
        for name, values in self._values.items():
            merge, _ = MERGES[name]
            values[touched] = merge(values[touched], _reduced(name, exact, firsts))
        self._steps[touched] = steps[np.append(firsts[1:], len(steps)) - 1]
        self._records[touched] += np.diff(np.append(firsts, len(steps)))
        self._filled = int(touched[-1]) + 1


class LogBuckets(Buckets):
    """Buckets of one step at first, of twice as many with every doubling of the step; their number grows with its logarithm."""

    def places(self, steps: Steps) -> Steps:
        """The bucket of each step."""
        octave = np.maximum(np.frexp(steps.astype(np.float64))[1] - 1 - OCTAVE_BITS, 0).astype(np.int64)
        places: Steps = (octave << OCTAVE_BITS) + (steps >> octave)
        return places

    def edges(self, count: int) -> Steps:
        """The first step of each of the first `count` buckets, those to come included, and of the one after them."""
        places = np.arange(count + 1, dtype=np.int64)
        octave = np.maximum((places >> OCTAVE_BITS) - 1, 0)
        edges: Steps = (places - (octave << OCTAVE_BITS)) << octave
        return edges

    def _make_room(self, step: int) -> None:
        more = int(self.places(np.array([step], np.int64))[0]) + 1 - self._capacity
        if more <= 0:
            return
        more = max(more, self._capacity)
        self._capacity += more
        self._steps = _longer(self._steps, more, NOT_YET)
        self._records = _longer(self._records, more, 0)
        self._values = {name: _longer(values, more, MERGES[name][1]) for name, values in self._values.items()}


def _longer(values: NDArray[Number], more: int, empty: float) -> NDArray[Number]:
    return np.concatenate([values, np.full((more, *values.shape[1:]), empty, values.dtype)])


def _later(before: Floats, after: Floats) -> Floats:
    return np.where(np.isnan(after), before, after)


MERGES: dict[str, tuple[Callable[[Floats, Floats], Floats], float]] = {
    "low": (np.fmin, np.nan),
    "high": (np.fmax, np.nan),
    "last": (_later, np.nan),
    "total": (np.add, 0.0),
    "numbers": (np.add, 0.0),
}
"""How two neighbours become one, and what an empty bucket holds."""


def _reduced(name: str, values: Floats, firsts: NDArray[np.intp]) -> Floats:
    """Groups of records, each from one of `firsts` to the next, as one number each."""
    if name == "low":
        return np.fmin.reduceat(values, firsts, axis=0)
    if name == "high":
        return np.fmax.reduceat(values, firsts, axis=0)
    if name == "total":
        return np.add.reduceat(np.where(np.isnan(values), 0.0, values), firsts, axis=0)
    if name == "numbers":
        return np.add.reduceat((~np.isnan(values)).astype(np.float64), firsts, axis=0)
    ends = np.append(firsts[1:], len(values))
    return np.stack([_last(values[first:end]) for first, end in zip(firsts, ends, strict=True)])


def _last(values: Floats) -> Floats:
    """The last number along the first axis, NaN where there is none."""
    known = ~np.isnan(values)
    index = len(values) - 1 - np.argmax(known[::-1], axis=0)
    last: Floats = np.take_along_axis(values, index[np.newaxis], axis=0)[0]
    return last


class BucketCache:
    """The buckets that pictures were drawn from of late; the least used give way, because some hold many layers."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[tuple[type[Buckets], Timeline, str, int | None], Buckets] = OrderedDict()

    def of(
        self, timeline: Timeline, field: str, pick: int | None = None, until: int = 0, *, log_steps: bool = False
    ) -> Buckets:
        """The buckets of a field, up to date, with room for a step."""
        kind = LogBuckets if log_steps else Buckets
        key = (kind, timeline, field, pick)
        buckets = self._kept.get(key)
        if buckets is None:
            buckets = self._kept[key] = kind(timeline, field, pick=pick)
        self._kept.move_to_end(key)
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)
        buckets.update(until)
        return buckets

    def clear(self) -> None:
        """Forget all, as when a run is folded anew."""
        self._kept.clear()
