from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from dlbench.analysis.statistics.intervals import (
    mean_interval,
    paired_difference,
    std,
    summarize,
)

numbers = st.floats(-1e6, 1e6).map(lambda x: round(x, 6))
eighths = st.integers(-(10**6), 10**6).map(lambda n: n / 8)
"""Numbers whose differences float32 holds."""
samples = st.lists(numbers, min_size=2, max_size=30)


@given(samples)
def test_mean_deviation_and_interval_are_students(values):
    """Mean, deviation and interval are numpy's and scipy.stats' own, to rounding."""
    summary = summarize(values)
    assert summary.n == len(values)
    assert summary.mean == pytest.approx(np.mean(values), rel=1e-9, abs=1e-9)
    assert summary.std == pytest.approx(np.std(values, ddof=1), rel=1e-6, abs=1e-9)
    if np.ptp(values) > 1e-6 * np.abs(values).max():
        low, high = stats.t.interval(0.95, len(values) - 1, np.mean(values), stats.sem(values))
        assert (summary.interval.low, summary.interval.high) == pytest.approx((low, high), rel=1e-6, abs=1e-6)


@given(numbers, st.integers(1, 30))
def test_equal_numbers_have_exactly_their_mean_and_no_deviation(value, n):
    """Rounding invents no spread: n times the same number has that mean and a deviation of exactly 0."""
    summary = summarize([value] * n)
    assert summary.mean == value
    assert summary.std == (None if n == 1 else 0.0)


def test_nothing_and_one_are_told_apart_from_zero():
    """No values have no mean; one value has no deviation and no interval."""
    assert (summarize([]).n, summarize([]).mean, summarize([]).interval) == (0, None, None)
    assert (summarize([2.0]).mean, summarize([2.0]).std, summarize([2.0]).interval) == (2.0, None, None)


@given(samples, st.floats(0.1, 10), numbers)
def test_statistics_move_with_the_values(values, scale, shift):
    """Scaling and shifting all values scales and shifts the interval."""
    assume(np.ptp(values) > 1e-3 * max(np.abs(values).max(), abs(shift), 1))
    moved = mean_interval([scale * value + shift for value in values])
    plain = mean_interval(values)
    expected = (scale * plain.low + shift, scale * plain.high + shift)
    assert (moved.low, moved.high) == pytest.approx(expected, rel=1e-6, abs=1e-3)


def test_huge_losses_have_a_deviation():
    """Squares of losses near the end of float range do not overflow."""
    assert std([1e200, 3e200]) == pytest.approx(math.sqrt(2) * 1e200)


@given(st.lists(st.tuples(eighths, eighths), min_size=2, max_size=20))
def test_paired_difference_is_the_paired_t_interval(pairs):
    """The interval of a difference is that of scipy.stats' paired t test."""
    ours, theirs = zip(*pairs, strict=True)
    summary = paired_difference(ours, theirs)
    if summary.std > 1e-3:
        oracle = stats.ttest_rel(ours, theirs).confidence_interval(0.95)
        assert (summary.interval.low, summary.interval.high) == pytest.approx(
            (oracle.low, oracle.high), rel=1e-5, abs=1e-5
        )
