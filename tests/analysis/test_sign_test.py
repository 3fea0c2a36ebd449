"""The sign test and the share of wins."""

from __future__ import annotations

import pytest
from scipy import stats

from dlbench.analysis.statistics.proportions import Score


@pytest.mark.parametrize("won", range(11))
@pytest.mark.parametrize("lost", [0, 1, 4, 10])
@pytest.mark.parametrize("tied", [0, 3])
def test_p_is_the_exact_binomial_test_without_ties(won, tied, lost):
    """Two-sided p is scipy.stats' binomial test of a fair coin over the pairs that are no ties."""
    oracle = stats.binomtest(won, won + lost, 0.5).pvalue if won + lost else 1.0
    assert Score(won, tied, lost).p == pytest.approx(oracle, abs=1e-12)


@pytest.mark.parametrize("n", [1, 2, 5, 10, 30])
def test_the_interval_is_clopper_and_pearsons(n):
    """Without ties the interval of the share is scipy.stats' exact one."""
    for won in range(n + 1):
        oracle = stats.binomtest(won, n).proportion_ci(0.95, method="exact")
        interval = Score(won, 0, n - won).interval
        assert (interval.low, interval.high) == pytest.approx((oracle.low, oracle.high), abs=1e-12)


def test_a_tie_is_half_a_win():
    """The share counts ties half, and lies in its interval, between those with the tie won and lost."""
    half = Score(6, 2, 2)
    assert half.share == 0.7
    assert half.share in half.interval
    assert Score(6, 0, 4).interval.low < half.interval.low < Score(8, 0, 2).interval.low
