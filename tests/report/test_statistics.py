from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from dlbench.report.statistics import (
    deviation,
    mean_interval,
    paired_difference,
    seeds_to_resolve,
    seeds_to_resolve_share,
    share_difference_interval,
    share_interval,
    summarize,
)

numbers = st.floats(-1e6, 1e6).map(lambda x: round(x, 6))
eighths = st.integers(-(10**6), 10**6).map(lambda n: n / 8)
"""Numbers whose differences float32 holds."""
samples = st.lists(numbers, min_size=2, max_size=30)
bits = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=30)


@given(samples)
def test_mean_deviation_and_interval_are_students(values):
    """Mean, deviation and interval are numpy's and scipy.stats' own, to rounding."""
    summary = summarize(values)
    assert summary.n == len(values)
    assert summary.mean == pytest.approx(np.mean(values), rel=1e-9, abs=1e-9)
    assert summary.deviation == pytest.approx(np.std(values, ddof=1), rel=1e-6, abs=1e-9)
    if len(set(values)) > 1:
        low, high = stats.t.interval(0.95, len(values) - 1, np.mean(values), stats.sem(values))
        assert (summary.interval.low, summary.interval.high) == pytest.approx((low, high), rel=1e-6, abs=1e-6)


@given(numbers, st.integers(1, 30))
def test_equal_numbers_have_exactly_their_mean_and_no_deviation(value, n):
    """Rounding invents no spread: n times the same number has that mean and a deviation of exactly 0."""
    summary = summarize([value] * n)
    assert summary.mean == value
    assert summary.deviation == (None if n == 1 else 0.0)


def test_nothing_and_one_are_told_apart_from_zero():
    """No values have no mean; one value has no deviation and no interval."""
    assert (summarize([]).n, summarize([]).mean, summarize([]).interval) == (0, None, None)
    assert (summarize([2.0]).mean, summarize([2.0]).deviation, summarize([2.0]).interval) == (2.0, None, None)
    assert share_interval(0, 0) is None
    assert share_difference_interval([], []) is None


@given(samples, st.floats(0.1, 10), numbers)
def test_statistics_move_with_the_values(values, scale, shift):
    """Scaling and shifting all values scales and shifts the interval."""
    moved = mean_interval([scale * value + shift for value in values])
    plain = mean_interval(values)
    expected = (scale * plain.low + shift, scale * plain.high + shift)
    assert (moved.low, moved.high) == pytest.approx(expected, rel=1e-6, abs=1e-3)


def test_huge_losses_have_a_deviation():
    """Squares of losses near the end of float range do not overflow."""
    assert deviation([1e200, 3e200]) == pytest.approx(math.sqrt(2) * 1e200)


@pytest.mark.parametrize("n", [1, 2, 5, 10, 30])
def test_share_interval_is_wilsons(n):
    """Wilson's interval is scipy.stats' own for every count."""
    for k in range(n + 1):
        oracle = stats.binomtest(k, n).proportion_ci(0.95, method="wilson")
        ours = share_interval(k, n)
        assert (ours.low, ours.high) == pytest.approx((oracle.low, oracle.high), abs=1e-12)
        assert 0 <= ours.low <= k / n <= ours.high <= 1


@given(st.lists(st.tuples(eighths, eighths), min_size=2, max_size=20))
def test_paired_difference_is_the_paired_t_interval(pairs):
    """The interval of a difference is that of scipy.stats' paired t test."""
    ours, theirs = zip(*pairs, strict=True)
    summary = paired_difference(ours, theirs)
    if summary.deviation > 1e-3:
        oracle = stats.ttest_rel(ours, theirs).confidence_interval(0.95)
        assert (summary.interval.low, summary.interval.high) == pytest.approx(
            (oracle.low, oracle.high), rel=1e-5, abs=1e-5
        )


@given(bits)
def test_share_differences_mirror_and_contain_themselves(pairs):
    """Newcombe's interval holds the difference, stays in -1..1, and changes sign when the two change places."""
    ours, theirs = ([float(bit) for bit in side] for side in zip(*pairs, strict=True))
    there, back = share_difference_interval(ours, theirs), share_difference_interval(theirs, ours)
    difference = (sum(ours) - sum(theirs)) / len(pairs)
    assert -1 <= there.low <= difference + 1e-12
    assert difference - 1e-12 <= there.high <= 1
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low), abs=1e-12)
    assert there.low < there.high


def test_share_difference_intervals_cover_the_truth():
    """Over all outcomes of ten pairs, weighted by their probability, the interval holds the truth about 95 times in 100."""
    n = 10
    tables = [cells for cells in itertools.product(range(n + 1), repeat=4) if sum(cells) == n]
    intervals = []
    for both, ours, theirs, neither in tables:
        first = [1.0] * (both + ours) + [0.0] * (theirs + neither)
        second = [1.0] * both + [0.0] * ours + [1.0] * theirs + [0.0] * neither
        intervals.append(share_difference_interval(first, second))
    low, high = (np.array([getattr(interval, end) for interval in intervals]) for end in ("low", "high"))
    truths = np.random.default_rng(0).dirichlet([1, 1, 1, 1], 200)
    coverage = [
        stats.multinomial.pmf(tables, n, truth)[(low <= truth[1] - truth[2]) & (truth[1] - truth[2] <= high)].sum()
        for truth in truths
    ]
    assert 0.945 < np.mean(coverage) < 0.985
    assert np.min(coverage) > 0.88


@given(st.floats(0.01, 10), st.floats(0.01, 10))
def test_seeds_to_resolve_is_the_first_n_that_does(spread, gap):
    """With that many seeds the interval's half-width is below the gap, with one fewer it is not."""
    n = seeds_to_resolve(spread, gap)
    half = (
        {m: stats.t.ppf(0.975, m - 1) * spread / math.sqrt(m) for m in (n - 1, n, 10_000) if m and m > 1} if n else {}
    )
    assert n is None or half[n] < gap
    assert n in {None, 2} or half[n - 1] >= gap
    assert n is not None or 1.96 * spread / 100 >= gap * 0.999


@pytest.mark.parametrize(("share", "limit"), [(0.6, 0.9), (0.0, 0.1), (1.0, 0.9), (0.5, 0.45)])
def test_seeds_to_resolve_a_share(share, limit):
    """With that many seeds Wilson's interval has left the limit."""
    n = seeds_to_resolve_share(share, limit)
    oracle = stats.binomtest(round(share * n), n).proportion_ci(0.95, method="wilson")
    assert not oracle.low + 0.02 < limit < oracle.high - 0.02
    assert seeds_to_resolve_share(limit, limit) is None
