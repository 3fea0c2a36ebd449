from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dlbench.metrics.quantity import at_least, at_most, gap


@given(st.floats(2.0**-100, 2.0**100), st.sampled_from([-1, 1]))
def test_a_difference_that_may_be_rounding_is_none(value, sign):
    """Neighbours in float32 do not differ; numbers that are a millionth apart do, by what they are apart."""
    here = np.float32(value)
    neighbour = float(np.nextafter(here, np.float32(sign * np.inf)))
    assert gap(float(here), neighbour) == gap(-neighbour, -float(here)) == 0
    assert gap(value, value * (1 + sign * 1e-6)) == value - value * (1 + sign * 1e-6) != 0


def test_bounds_are_met_up_to_rounding_and_no_further():
    """A float32 of 0.9 meets a bound of 0.9 from both sides, a number a millionth away only from its own."""
    assert all(meets(float(np.float32(0.9)), 0.9) for meets in (at_least, at_most))
    assert (at_least(0.899999, 0.9), at_most(0.900001, 0.9)) == (False, False)


def test_bounds_hold_for_infinity_and_zero():
    """Infinity is above every bound but itself, and nothing but 0 is at 0."""
    assert (at_most(math.inf, 1.0), at_most(math.inf, math.inf), at_least(-math.inf, -math.inf)) == (False, True, True)
    assert (at_most(1e-30, 0.0), at_least(-1e-30, 0.0), at_most(0.0, 0.0)) == (False, False, True)
