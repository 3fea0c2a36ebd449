"""Differences of independent trials, against scipy's own Welch test and against how often they hold."""

import math

import numpy as np
import pytest
from scipy.stats import ttest_ind

from dlbench.analysis.statistics.unpaired import unpaired_difference
from dlbench.metrics.quantity import ACCURACY, NUMBER, RATIO, SHARE

OURS, THEIRS = [1.0, 1.5, 2.5, 1.25], [0.5, 0.75, 0.25]


@pytest.mark.parametrize("alpha", [0.05, 0.01])
def test_the_interval_is_welchs(alpha):
    """scipy computes the same interval of the difference of two means with unequal variances."""
    oracle = ttest_ind(OURS, THEIRS, equal_var=False).confidence_interval(1 - alpha)
    found = unpaired_difference(OURS, THEIRS, NUMBER, alpha)

    assert (found.interval.low, found.interval.high) == pytest.approx((oracle.low, oracle.high), rel=1e-9)
    assert (found.n, found.mean, found.std) == (3, pytest.approx(np.mean(OURS) - np.mean(THEIRS)), None)


def test_ratios_are_compared_on_the_scale_of_their_logarithm():
    """The difference is the quotient of geometric means; its interval is Welch's of the logarithms."""
    oracle = ttest_ind(np.log(OURS), np.log(THEIRS), equal_var=False).confidence_interval()
    found = unpaired_difference(OURS, THEIRS, RATIO)

    assert found.mean == pytest.approx(np.exp(np.mean(np.log(OURS)) - np.mean(np.log(THEIRS))))
    assert (found.interval.low, found.interval.high) == pytest.approx((math.exp(oracle.low), math.exp(oracle.high)))


def test_huge_and_tiny_deviations_have_an_interval():
    """Squares of squares neither overflow nor vanish."""
    for scale in (1e-90, 1e90):
        found = unpaired_difference([one * scale for one in OURS], [one * scale for one in THEIRS])
        expected = unpaired_difference(OURS, THEIRS).interval
        assert found.interval.low / scale == pytest.approx(expected.low)


@pytest.mark.parametrize(("ours", "theirs"), [([], [1.0]), ([1.0], []), ([1.0], [2.0]), ([1.0], [2.0, 3.0])])
def test_single_trials_have_no_interval(ours, theirs):
    """Without two on each side nobody knows how far they spread."""
    assert unpaired_difference(ours, theirs).interval is None


def test_equal_numbers_of_a_bounded_metric_stay_uncertain():
    """Three accuracies of 1 against three of 0.5 that are equal too: the interval is wide, and unbounded metrics have none."""
    found = unpaired_difference([1.0] * 3, [0.5] * 3, ACCURACY)
    assert found.interval.low < 0 < found.mean < found.interval.high
    assert unpaired_difference([1.0] * 3, [0.5, 0.6, 0.7], NUMBER).interval is None


@pytest.mark.parametrize("sides", [(3, 3), (3, 8), (10, 10)])
def test_the_intervals_hold_as_often_as_they_say(sides):
    """Of normal numbers with deviations 1 and 4 no more than 7 % of 95 % intervals miss, of shares likewise."""
    random, misses, shares = np.random.default_rng(0), 0, 0
    for _ in range(1000):
        ours, theirs = random.normal(0, 1, sides[0]).tolist(), random.normal(0, 4, sides[1]).tolist()
        misses += 0.0 not in unpaired_difference(ours, theirs).interval
        ones = [(random.random(n) < 0.7).astype(float).tolist() for n in sides]
        shares += 0.0 not in unpaired_difference(*ones, SHARE).interval

    assert misses <= 70
    assert shares <= 70
