"""Scales: from values to places between 0 and 1, linear or logarithmic, with the ticks between."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

MANTISSAS = (1, 2, 5)
WITHIN_A_DECADE = (MANTISSAS, (1, 3), (1, 5))
DECADES_APART = (1, 2, 3, 5, 10, 20, 50, 100, 200, 500)
LOWEST, HIGHEST = 1e-300, 1e300
"""Nothing beyond is told apart, so that sums and logarithms of bounds stay finite."""
SMALLEST = math.ulp(0.0)
SHARE = 0.02
"""Data that are all one value get this share of it as room on both sides of a linear scale."""
ROBUST = (1.0, 99.0)
"""The percentiles that a robust scale spans."""
ROOM = 0.25
"""Head-room of a scale that had to grow, as a share of what it spans."""
PLAIN = (0.01, 10_000.0)
"""A logarithmic scale within these bounds has numbers without exponents."""
SLACK = 1e-9
"""Share of a step by which a tick may seem to lie beyond a bound that it is, because 0.3 / 0.1 is not 3."""
FILLED = 0.5
"""A scale of which the data fill less than this share is too wide."""


@dataclass(frozen=True)
class ValueScale:
    """An axis from `low` to `high`, with `low < high`; a logarithmic one has `low > 0`."""

    low: float
    high: float
    logarithmic: bool

    def __post_init__(self) -> None:
        assert self.low < self.high
        assert self.low > 0 or not self.logarithmic

    def positions(self, values: ArrayLike) -> Floats:
        """Where values lie, clipped to 0 (`low`) and 1 (`high`); NaN for NaN, and for the logarithm of 0 or less."""
        bottom, top = self._ends
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            on_axis = self._on_axis(np.asarray(values, np.float64))
            return np.clip((on_axis / 2 - bottom / 2) / max(top / 2 - bottom / 2, SMALLEST), 0.0, 1.0)

    def ticks(self, most: int) -> list[float]:
        """At most `most` round values within the scale, rising: decades of a logarithmic one, else 1, 2 or 5 apart."""
        if most < 1:
            return []
        return self._log_ticks(most) if self.logarithmic else self._linear_ticks(most)

    def label(self, tick: float) -> str:
        """A tick as text: `1,500` or `0.25`, on a logarithmic scale that leaves such numbers `1e-2`."""
        if not self.logarithmic or (PLAIN[0] <= self.low and self.high <= PLAIN[1]):
            return f"{tick:,.10g}"
        mantissa, _, power = f"{tick:e}".partition("e")
        return f"{float(mantissa):g}e{int(power)}"

    @staticmethod
    def spanning(values: ArrayLike, *, logarithmic: bool, robust: bool = False) -> ValueScale:
        """The scale that spans values, or their 1st to 99th percentile where `robust`.

        What has no place on it (NaN, infinity, zero or less on a logarithmic one) is left out. Without any value it spans
        0 to 1, logarithmic 0.1 to 1. A logarithmic scale spans a decade at least; a constant on a linear one gets room.
        """
        data = np.asarray(values, np.float64).ravel()
        data = data[np.isfinite(data) & (data > 0 if logarithmic else True)]
        if not data.size:
            return ValueScale(0.1 if logarithmic else 0.0, 1.0, logarithmic)
        if robust:
            low, high = np.percentile(data, ROBUST, method="nearest")
        else:
            low, high = data.min(), data.max()
        widened = _at_least_a_decade if logarithmic else _not_a_point
        return ValueScale(*widened(float(low), float(high)), logarithmic)

    def settled(self, before: ValueScale | None) -> ValueScale:
        """`before` while this scale lies within it and fills at least half of it, else one with head-room to grow.

        So an axis stands still while data come in, and what is drawn on it can be compared with a moment ago.
        """
        if before is None or before.logarithmic != self.logarithmic:
            return self
        if before.low <= self.low and self.high <= before.high and self._fills(before):
            return before
        roomy = self._with_room()
        grown = ValueScale(
            before.low if before.low <= self.low else roomy.low,
            before.high if before.high >= self.high else roomy.high,
            self.logarithmic,
        )
        return grown if self._fills(grown) else roomy

    @property
    def _ends(self) -> tuple[float, float]:
        if self.logarithmic:
            return math.log10(self.low), math.log10(self.high)
        return self.low, self.high

    def _on_axis(self, values: Floats) -> Floats:
        return np.log10(np.where(values > 0, values, np.nan)) if self.logarithmic else values

    def _fills(self, other: ValueScale) -> bool:
        (bottom, top), (lowest, highest) = self._ends, other._ends
        return top / 2 - bottom / 2 >= FILLED * (highest / 2 - lowest / 2)

    def _with_room(self) -> ValueScale:
        bottom, top = self._ends
        room = ROOM * (top / 2 - bottom / 2) * 2
        if self.logarithmic:
            low, high = 10 ** max(bottom - room, -300.0), 10 ** min(top + room, 300.0)
            return ValueScale(min(low, self.low), max(high, self.high), logarithmic=True)
        low = max(bottom - room, -HIGHEST) if bottom < 0 else max(bottom - room, 0.0)
        return ValueScale(min(low, self.low), max(min(top + room, HIGHEST), self.high), logarithmic=False)

    def _log_ticks(self, most: int) -> list[float]:
        powers = np.arange(math.floor(math.log10(self.low)) - 1, math.ceil(math.log10(self.high)) + 2)
        decades = self._within(float(f"1e{power}") for power in powers)
        if len(decades) < 2:
            each = ([float(f"{mantissa}e{power}") for power in powers for mantissa in of] for of in WITHIN_A_DECADE)
            finer = (self._within(ticks) for ticks in each)
            decades = next((ticks for ticks in finer if 2 <= len(ticks) <= most), decades)
        if not decades:
            return self._linear_ticks(most)
        if len(decades) <= most:
            return decades
        apart = next(apart for apart in DECADES_APART if len(_each(decades, apart)) <= most)
        return _each(decades, apart)

    def _linear_ticks(self, most: int) -> list[float]:
        span = self.high / 2 - self.low / 2
        power = math.floor(math.log10(max(span / most, LOWEST))) - 1
        steps = ((mantissa, power + more) for more in range(4) for mantissa in MANTISSAS)
        found = (self._multiples(mantissa, power, most) for mantissa, power in steps)
        return next((ticks for ticks in found if len(ticks) <= most), [])

    def _multiples(self, mantissa: int, power: int, most: int) -> list[float]:
        """The multiples of a step within the scale; one too many where there are too many."""
        step = float(f"{mantissa}e{power}")
        first, last = math.ceil(self.low / step - SLACK), math.floor(self.high / step + SLACK)
        last = min(last, first + most)
        return self._within(float(f"{times * mantissa}e{power}") for times in range(first, last + 1))

    def _within(self, values: Iterable[float]) -> list[float]:
        return [value for value in values if self.low <= value <= self.high]


def _each(decades: list[float], apart: int) -> list[float]:
    """The decades whose power is a multiple of `apart`; where there is none, the first."""
    return [value for value in decades if round(math.log10(value)) % apart == 0] or decades[:1]


def _at_least_a_decade(low: float, high: float) -> tuple[float, float]:
    low, high = (min(max(value, LOWEST), HIGHEST) for value in (low, high))
    room = max(1.0, 10 / (high / low)) ** 0.5
    return low / room, high * room


def _not_a_point(low: float, high: float) -> tuple[float, float]:
    low, high = (min(max(value, -HIGHEST), HIGHEST) for value in (low, high))
    room = SHARE * abs(low) or 1.0
    if high - low > 1e-12 * max(abs(low), abs(high), LOWEST):
        return low, high
    return low - room, high + room
