from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from dlbench.analysis.statistics.proportions import highest_failure_rate, share_difference_interval, share_interval

LEVELS = [0.05, 0.05 / 5, 0.05 / 19]


@pytest.mark.parametrize("alpha", LEVELS)
@pytest.mark.parametrize("n", [1, 3, 10, 30])
def test_share_interval_is_clopper_and_pearsons(n, alpha):
    """The interval is scipy.stats' own exact one for every count, at every level."""
    for k in range(n + 1):
        oracle = stats.binomtest(k, n).proportion_ci(1 - alpha, method="exact")
        ours = share_interval(k, n, alpha)
        assert (ours.low, ours.high) == pytest.approx((oracle.low, oracle.high), abs=1e-9)


def test_no_seeds_have_no_share():
    """Nothing is known of a share of nothing."""
    assert share_interval(0, 0) is None
    assert share_difference_interval(0, 0, 0) is None


@given(st.integers(1, 30).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n), st.integers(0, n))))
def test_share_differences_mirror_and_contain_themselves(counts):
    """The interval holds the difference, stays in -1..1, and changes sign when the two change places."""
    n, ours, theirs = counts
    there, back = share_difference_interval(ours, theirs, n), share_difference_interval(theirs, ours, n)
    assert -1 <= there.low <= (ours - theirs) / n <= there.high <= 1
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low), abs=1e-9)
    assert there.low < there.high


def outcome_probabilities(n, p, q, together):
    """Probabilities `[n + 1, n + 1]` of so many successes of either side, out of all outcomes of n pairs.

    The two are independent in a share `1 - together` of the seeds, and as alike as they can be in the others.
    """
    both = p * q + together * (min(p, q) - p * q)
    cells = np.clip([both, p - both, q - both, 1 - p - q + both], 0, 1)
    found = np.zeros((n + 1, n + 1))
    for a, b, c in itertools.product(range(n + 1), repeat=3):
        if a + b + c <= n:
            found[a + b, a + c] += stats.multinomial.pmf([a, b, c, n - a - b - c], n, cells / cells.sum())
    return found


@pytest.mark.parametrize("n", [3, 5, 10])
def test_share_difference_intervals_miss_no_more_often_than_they_say(n):
    """Summed over all outcomes of n seeds, no pair of shares is missed more often than alpha, alike or independent."""
    cases = [(0.95, 0.05, 1.0), (0.05, 1.0, 0.0), (0.5, 0.5, 0.0), (0.3, 0.3, 0.5), (0.8, 0.15, 1.0), (0.9, 0.6, 0.0)]
    for alpha in LEVELS:
        made = [[share_difference_interval(i, j, n, alpha) for j in range(n + 1)] for i in range(n + 1)]
        low, high = (np.array([[getattr(one, end) for one in row] for row in made]) for end in ("low", "high"))
        for p, q, together in cases:
            missed = (low > p - q + 1e-12) | (high < p - q - 1e-12)
            assert outcome_probabilities(n, p, q, together)[missed].sum() <= alpha


@pytest.mark.parametrize(("n", "rate"), [(3, 0.632), (5, 0.451), (10, 0.259), (60, 0.049)])
def test_no_failure_in_n_seeds_excludes_rates_that_would_have_shown(n, rate):
    """The excluded failure rate is the one at which n seeds without a failure have a chance of 5 %: about 3 / n."""
    assert highest_failure_rate(n) == pytest.approx(rate, abs=5e-4)
    assert (1 - highest_failure_rate(n)) ** n == pytest.approx(0.05)
