"""Intervals of numbers, how often they may miss, and what kinds of numbers they are of. Imports nothing heavy."""

from __future__ import annotations

import math
from dataclasses import dataclass

CONFIDENCE = 0.95
ALPHA = 1 - CONFIDENCE
"""How often an interval may miss the truth, and a family of verdicts hold a false one."""


@dataclass(frozen=True)
class Interval:
    """A closed interval of numbers."""

    low: float
    high: float

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high

    def clipped(self, bounds: Interval) -> Interval:
        """What of it lies within bounds."""
        return Interval(*(min(max(end, bounds.low), bounds.high) for end in (self.low, self.high)))


@dataclass(frozen=True)
class Quantity:
    """What kind of number is averaged: what none can leave, and whether it is 0 or 1, a ratio, or the same for every seed."""

    bounds: Interval = Interval(-math.inf, math.inf)
    is_share: bool = False
    is_ratio: bool = False
    is_fixed: bool = False

    @property
    def no_difference(self) -> float:
        """What equal numbers differ by; of ratios the quotient is taken."""
        return 1.0 if self.is_ratio else 0.0

    @property
    def of_differences(self) -> Quantity:
        """The kind of number that a difference of two is."""
        width = self.bounds.high - self.bounds.low
        return Quantity(Interval(-width, width), is_fixed=self.is_fixed)


NUMBER = Quantity()
"""Any number."""
POSITIVE = Quantity(Interval(0.0, math.inf))
"""None below 0, as losses and times are."""
NEGATIVE = Quantity(Interval(-math.inf, 0.0))
"""None above 0, as the logarithms of probabilities are."""
AT_MOST_1 = Quantity(Interval(-math.inf, 1.0))
"""None above 1, as the part of a variance is that is explained."""
ACCURACY = Quantity(Interval(0.0, 1.0))
"""A share of samples."""
SHARE = Quantity(Interval(0.0, 1.0), is_share=True)
"""0 or 1, of which the mean is a share of seeds."""
RATIO = Quantity(Interval(0.0, math.inf), is_ratio=True)
"""A ratio, which multiplies rather than adds up: seeds are averaged on the scale of its logarithm."""
FIXED = Quantity(is_fixed=True)
"""The same whatever the seed."""


RESOLUTION = 2.0**-21
"""Relative to the larger of two numbers, what of their difference may be rounding: four steps of a float32."""


def gap(first: float, second: float) -> float:
    """first - second, exactly 0 where it is so small that it may be the rounding of float32, in which trials are trained."""
    difference = first - second
    return 0.0 if abs(difference) < RESOLUTION * max(abs(first), abs(second)) else difference


def at_least(value: float, bound: float) -> bool:
    """Whether value >= bound, rounding aside: nine in ten right is 0.89999998 in float32, and is at least 0.9."""
    return value >= bound or gap(value, bound) == 0


def at_most(value: float, bound: float) -> bool:
    """Whether value <= bound, rounding aside."""
    return value <= bound or gap(value, bound) == 0


def finite(value: float) -> float | None:
    """A number, or `None` for NaN and infinity."""
    return float(value) if math.isfinite(value) else None
