"""How many fresh seeds decide a claim."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from dlbench.analysis.statistics.intervals import summarize
from dlbench.analysis.statistics.power import (
    fresh_seeds,
    power_of_mean,
    power_of_seeds,
    power_of_share,
    power_of_share_difference,
    power_of_sign_test,
    seeds_needed,
)
from dlbench.analysis.statistics.proportions import Score, share_difference_interval, share_interval
from dlbench.metrics.quantity import ACCURACY, RATIO
from dlbench.recipe.source import seeds as asked_for


@pytest.mark.parametrize("level", [0.05, 0.01])
@pytest.mark.parametrize("effect", [0.3, 0.5, 1.0, 3.0])
def test_seeds_for_a_mean_give_the_t_test_a_power_of_80_percent(effect, level):
    """With so many seeds the noncentral t of scipy.stats leaves the limit out in 80 % of cases, with one fewer it does not."""

    def power(n):
        return stats.nct.sf(stats.t.isf(level / 2, n - 1), n - 1, effect * n**0.5)

    n = seeds_needed((0.2,), power_of_mean(0.2 + effect * 0.01, 0.01), level)
    assert power(n) >= 0.8
    assert n == 2 or power(n - 1) < 0.8


def test_cohens_table_of_power():
    """Half a deviation takes 34 seeds and a whole one 10, as Cohen's tables of the one-sample t test say."""
    assert [seeds_needed((0.0,), power_of_mean(effect, 1.0), 0.05) for effect in (0.5, 1.0)] == [34, 10]


def test_two_limits_take_more_seeds_than_the_nearer_one():
    """A mean in the middle must leave both ends behind; a far end costs nothing."""
    power = power_of_mean(0.0, 1.0)
    assert seeds_needed((-0.5, 0.5), power, 0.05) > seeds_needed((0.5,), power, 0.05)
    assert seeds_needed((-50.0, 0.5), power, 0.05) == seeds_needed((0.5,), power, 0.05)


@pytest.mark.parametrize(("k", "n", "limit"), [(7, 10, 0.5), (1, 10, 0.4), (5, 5, 0.8), (0, 3, 0.3), (60, 100, 0.65)])
def test_seeds_for_a_share_are_exact(k, n, limit):
    """Summed over all counts, the exact interval leaves the limit out with the promised chance, at a share that is shrunk a little."""
    needed = seeds_needed((limit,), power_of_share(k, n), 0.05)
    half, shrunk = (k / n + limit) / 2, (k + 0.5) / (n + 1)
    share = max(half, shrunk) if k / n > limit else min(half, shrunk)
    intervals = [(count, share_interval(count, needed)) for count in range(needed + 1)]
    out = [count for count, one in intervals if (one.low > limit if share > limit else one.high < limit)]
    assert power_of_share(k, n)(limit, needed, 0.05) == pytest.approx(stats.binom.pmf(out, needed, share).sum())
    assert stats.binom.pmf(out, needed, share).sum() >= 0.8


@pytest.mark.parametrize("cells", [(0, 3, 0, 2), (0, 9, 0, 1), (2, 8, 1, 0)])
def test_seeds_for_a_difference_of_shares(cells):
    """Summed over all counts of so many pairs, the interval leaves 0 out in 80 % of cases or more."""
    both, only_ours, only_theirs, neither = cells
    ours, theirs = [1] * both + [1] * only_ours + [0] * only_theirs, [1] * both + [0] * only_ours + [1] * only_theirs
    pairs = len(ours) + neither
    needed = seeds_needed((0.0,), power_of_share_difference(ours + [0] * neither, theirs + [0] * neither), 0.05)
    apart, gain = (only_ours + only_theirs + 1) / (pairs + 2), (only_ours - only_theirs) / (pairs + 2)
    shared = (1 - apart) * (both + 0.5) / (both + neither + 1)
    truth = [shared, (apart + gain) / 2, (apart - gain) / 2, 1 - apart - shared]
    tables = np.random.default_rng(0).multinomial(needed, truth, 3000)
    counts, times = np.unique(tables[:, [1, 2]] + tables[:, [0]], axis=0, return_counts=True)
    is_out = [share_difference_interval(a, b, needed).low > 0 for a, b in counts]
    assert times[is_out].sum() / 3000 > 0.79


def test_seeds_that_are_all_equal_stay_so():
    """Ten accuracies of 1 are no 0.95; so many ones leave 0.95 out of the interval of equal values, one fewer do not."""
    power = power_of_seeds([1.0] * 10, summarize([1.0] * 10, ACCURACY), ACCURACY)
    n = seeds_needed((0.95,), power, 0.05)
    low = [summarize([1.0] * seeds, ACCURACY).interval.low for seeds in (n - 1, n)]
    assert low[0] <= 0.95 < low[1]


def test_ratios_are_asked_for_on_their_logarithms():
    """A geometric mean takes the seeds that the logarithms' mean takes."""
    ratios = [2.0, 3.0, 1.5, 4.0]
    logs = summarize(np.log(ratios).tolist())
    power = power_of_seeds(ratios, summarize(ratios, RATIO), RATIO)
    expected = seeds_needed((np.log(2.0),), power_of_mean(logs.mean, logs.std), 0.05)
    assert seeds_needed((2.0,), power, 0.05) == expected


@pytest.mark.parametrize("score", [Score(5, 0, 0), Score(8, 0, 3), Score(2, 0, 9)])
def test_seeds_for_the_sign_test_are_exact(score):
    """Summed over all scores of so many seeds, the sign test's p is at most 5 % in 80 % of cases; ties take more seeds."""
    power = power_of_sign_test(score)
    needed = seeds_needed((0.5,), power, 0.05)
    share = (score.won + 0.5) / (score.won + score.lost + 1)
    wins = [won for won in range(needed + 1) if Score(won, 0, needed - won).p <= 0.05]
    right = [won for won in wins if (won > needed / 2) == (share > 0.5)]
    assert power(0.5, needed, 0.05) == pytest.approx(stats.binom.pmf(right, needed, share).sum())
    assert power(0.5, needed, 0.05) >= 0.8
    tied = Score(score.won, 4, score.lost)
    assert seeds_needed((0.5,), power_of_sign_test(tied), 0.05) > needed


def test_what_takes_too_many_seeds_has_no_number():
    """Beyond ten thousand seeds, or where no seeds suffice, there is no number."""
    assert seeds_needed((0.0,), power_of_mean(0.001, 1.0), 0.05) is None
    assert seeds_needed((0.5,), power_of_sign_test(Score(0, 5, 0)), 0.05) is None


@pytest.mark.parametrize("used", [range(10), [0, 3, 7], [20, 4]])
def test_fresh_seeds_are_none_of_those_used(used):
    """The option's text gives as many seeds as were asked for, none of them used before."""
    fresh = asked_for(fresh_seeds(34, used)).data["trials"]["seeds"]
    assert len(set(fresh)) == 34
    assert not set(fresh) & set(used)
