"""Where a difference ends and rounding begins, and what is a number at all. Imports nothing heavy."""

from __future__ import annotations

import math

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
