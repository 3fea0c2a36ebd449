"""Confidence sequences, held to integrals, exact chances and simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import integrate, stats

from dlbench.analysis.statistics.intervals import equal_interval, summarize
from dlbench.analysis.statistics.proportions import Score
from dlbench.analysis.statistics.sequences import (
    SEQUENCES,
    difference_sequences,
    log_difference_martingale,
    log_share_martingale,
    log_sign_martingale,
    log_t_martingale,
    mean_sequences,
    share_difference_sequence,
    share_sequence,
    skew_margin,
    t_sequence,
)
from dlbench.metrics.quantity import ACCURACY, NUMBER, RATIO, SHARE

VALUES = [0.80, 0.83, 0.84, 0.86, 0.88, 0.81]
RIVAL = [0.70, 0.80, 0.75, 0.81, 0.86, 0.80]


@pytest.mark.parametrize(("t", "n"), [(0.0, 5), (1.5, 5), (-4.0, 5), (12.0, 6), (2.2, 40)])
def test_the_t_martingale_is_the_mixture_over_effects(t, n):
    """It is the density of t, averaged over effects of N(0, 4), over that without an effect (1e-6 relative)."""

    def weighed(effect):
        return stats.nct.pdf(t, n - 1, effect * math.sqrt(n)) * stats.norm.pdf(effect, scale=2)

    mixed = integrate.quad(weighed, -12, 12, points=[-2, -1, 0, 1, 2, t / math.sqrt(n)], epsrel=1e-9, limit=200)[0]
    assert math.exp(log_t_martingale(t, n)) == pytest.approx(mixed / stats.t.pdf(t, n - 1), rel=1e-6)


@pytest.mark.parametrize("alpha", [0.05, 0.004])
@pytest.mark.parametrize("n", [5, 12, 100])
def test_the_t_sequence_ends_where_its_martingale_says(n, alpha):
    """At both ends of mean +- half the martingale of their t is 1 / alpha."""
    found = t_sequence(0.5, 0.2, n, alpha)
    assert found.low + found.high == pytest.approx(1.0)
    t = (found.high - 0.5) * math.sqrt(n) / 0.2
    assert log_t_martingale(t, n) == pytest.approx(-math.log(alpha))


def test_a_t_sequence_has_no_end_where_no_t_is_large_enough():
    """Two seeds never decide at 5 %, and five never at a thousandth: there is no interval."""
    assert t_sequence(0.5, 0.2, 2, 0.05) is None
    assert t_sequence(0.5, 0.2, 5, 0.001) is None
    assert t_sequence(0.5, 0.2, 5, 0.05) is not None


@pytest.mark.parametrize(("share", "k", "n"), [(0.5, 5, 5), (0.3, 0, 7), (0.9, 17, 20), (0.1, 40, 100)])
def test_the_share_martingale_is_the_beta_binomial_over_the_binomial(share, k, n):
    """It is the chance of k successes with a share drawn of Jeffreys' beta, over that with the share itself."""
    expected = stats.betabinom.logpmf(k, n, 0.5, 0.5) - stats.binom.logpmf(k, n, share)
    assert log_share_martingale(share, k, n) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("difference", [-0.4, 0.0, 0.15, 0.8])
@pytest.mark.parametrize("counts", [(5, 0, 0), (3, 2, 4), (0, 6, 1), (20, 30, 10)])
def test_the_difference_martingale_is_the_mixture_over_bets(difference, counts):
    """It is the integral over all fair bets, with the arcsine density, of what betting on each pair would have made of 1."""
    low, high = -1 / (1 - difference), 1 / (1 + difference)

    def wealth(angle):
        bet = (low + high) / 2 + (high - low) / 2 * math.cos(angle)
        return math.prod((1 + bet * (x - difference)) ** n for n, x in zip(counts, (1, 0, -1), strict=True))

    expected = integrate.quad(wealth, 0, math.pi, epsrel=1e-10, limit=200)[0] / math.pi
    assert math.exp(log_difference_martingale(difference, *counts)) == pytest.approx(expected, rel=1e-8)


def test_no_difference_is_a_fair_coin_over_the_pairs_that_differ():
    """The martingale of no difference, the sign martingale, and that of a share of a half without ties are one."""
    score = Score(9, 6, 2)
    assert log_difference_martingale(0.0, 9, 6, 2) == pytest.approx(log_sign_martingale(score))
    assert log_sign_martingale(score) == pytest.approx(log_share_martingale(0.5, 9, 11))


@pytest.mark.parametrize(
    ("found", "bounds", "log_of"),
    [
        (share_sequence(7, 9, 0.05), (0, 1), lambda p: log_share_martingale(p, 7, 9)),
        (share_sequence(0, 12, 0.01), (0, 1), lambda p: log_share_martingale(p, 0, 12)),
        (share_difference_sequence(6, 3, 1, 0.05), (-1, 1), lambda d: log_difference_martingale(d, 6, 3, 1)),
        (share_difference_sequence(9, 0, 0, 0.05), (-1, 1), lambda d: log_difference_martingale(d, 9, 0, 0)),
    ],
)
def test_a_sequence_holds_the_numbers_whose_martingale_is_small(found, bounds, log_of):
    """Of all numbers, exactly those lie within at which the martingale is below 1 / alpha."""
    alpha = 0.01 if found == share_sequence(0, 12, 0.01) else 0.05
    grid = np.linspace(*bounds, 2001)[1:-1]
    small = np.array([log_of(number) for number in grid.tolist()]) < -math.log(alpha)
    assert ((grid >= found.low) & (grid <= found.high)).tolist() == small.tolist()


@pytest.mark.parametrize("share", [0.02, 0.1, 0.3, 0.5, 0.85])
def test_a_share_sequence_misses_in_at_most_alpha_of_runs(share):
    """The exact chance that any of the first 60 intervals leaves the share out, summed over all paths, is 5 % at most."""
    chances, missed = np.array([1.0]), 0.0
    for n in range(1, 61):
        chances = np.append(chances * (1 - share), 0) + np.append(0, chances * share)
        out = np.array([share not in share_sequence(k, n, 0.05) for k in range(n + 1)])
        missed, chances = missed + chances[out].sum(), np.where(out, 0, chances)
    assert 0 < missed <= 0.05
    assert missed + chances.sum() == pytest.approx(1)


def test_t_sequences_miss_in_at_most_alpha_of_runs_and_students_intervals_do_not():
    """Of 4,000 normal runs with a look after each of 5 to 100 seeds, 5 % at most are missed at all; Student's miss a third."""
    values = np.random.default_rng(0).standard_normal((4000, 100))
    counts = np.arange(1, 101)
    mean = values.cumsum(axis=1) / counts
    std = np.sqrt(((values**2).cumsum(axis=1) - counts * mean**2)[:, 4:] / (counts - 1)[4:])
    halves = np.array([t_sequence(0.0, 1.0, n, 0.05).high for n in range(5, 101)])
    student = stats.t.ppf(0.975, counts[4:] - 1) / np.sqrt(counts[4:])
    missed, plain = ((np.abs(mean[:, 4:]) > half * std).any(axis=1).mean() for half in (halves, student))
    assert 0.01 < missed < 0.05
    assert plain > 0.3


@pytest.mark.parametrize("share", [0.2, 0.5])
def test_difference_sequences_miss_in_at_most_alpha_of_runs(share):
    """Of 1,000 pairs of variants that solve it with one share, no difference is left out at any of 60 looks in 5 % at most."""
    ours, theirs = np.random.default_rng(1).random((2, 1000, 60)) < share
    won, lost = (ours & ~theirs).cumsum(axis=1), (theirs & ~ours).cumsum(axis=1)
    pairs = {(int(a), int(b)) for a, b in zip(won.ravel(), lost.ravel(), strict=True)}
    large = {pair for pair in pairs if log_difference_martingale(0.0, pair[0], 0, pair[1]) >= math.log(20)}
    missed = [
        any(pair in large for pair in zip(*run, strict=True)) for run in zip(won.tolist(), lost.tolist(), strict=True)
    ]
    assert 0 < sum(missed) <= 50


def test_means_of_every_kind_have_their_sequence():
    """Numbers have the t sequence within their bounds, ratios that of their logarithms, shares the beta-binomial."""
    even = [0.80, 0.82, 0.84, 0.86, 0.88]
    plain, found = t_sequence(0.84, float(np.std(even, ddof=1)), 5, 0.05), mean_sequences(even, NUMBER)(0.05)
    assert (found.low, found.high) == pytest.approx((plain.low, plain.high))
    assert mean_sequences([0.99, 0.7, 1.0, 0.98, 0.97], ACCURACY)(0.05).high == 1.0
    logs = mean_sequences(np.log(VALUES).tolist(), NUMBER)(0.05)
    of_ratios = mean_sequences([*VALUES, 0.0], RATIO)(0.05)
    assert (of_ratios.low, of_ratios.high) == pytest.approx((math.exp(logs.low), math.exp(logs.high)))
    assert mean_sequences([1, 0, 1, 1, 1], SHARE)(0.05) == share_sequence(4, 5, 0.05)


def test_a_long_tail_makes_its_side_wider():
    """By twice Johnson's correction of t, with scipy's skewness; the other side, and what has none, stays."""
    values = [0.1, 0.12, 0.11, 0.15, 0.4, 0.13]
    mean, std, n = float(np.mean(values)), float(np.std(values, ddof=1)), len(values)
    plain, found = t_sequence(mean, std, n, 0.05), mean_sequences(values, NUMBER)(0.05)
    t = (plain.high - mean) * math.sqrt(n) / std
    expected = 2 * stats.skew(values) * (1 + 2 * t**2) / (6 * math.sqrt(n)) * std / math.sqrt(n)
    assert (found.low, found.high) == pytest.approx((plain.low, plain.high + expected))
    turned = mean_sequences([-value for value in values], NUMBER)(0.05)
    assert (turned.low, turned.high) == pytest.approx((-found.high, -found.low))


def test_skewed_runs_are_missed_hardly_more_often():
    """Of 2,000 exponential runs with a look after each of 5 to 60 seeds 6 % at most are missed, 10 % without the wider side."""
    values = np.random.default_rng(2).exponential(size=(2000, 60)) - 1
    plain, wider = np.zeros(2000, bool), np.zeros(2000, bool)
    for n in range(5, 61):
        own = values[:, :n]
        t, skew = own.mean(axis=1) * math.sqrt(n) / own.std(axis=1, ddof=1), stats.skew(own, axis=1)
        limit = t_sequence(0.0, math.sqrt(n), n, 0.05).high
        plain |= np.abs(t) > limit
        wider |= np.abs(t) > limit + np.where(np.sign(skew) == np.sign(t), 0, skew_margin(limit, skew, n))
    assert plain.mean() > 0.1
    assert wider.mean() < 0.06


def test_differences_of_every_kind_have_their_sequence():
    """Numbers have that of the mean of the differences, ratios that of the quotients, shares that of the pairs that differ."""
    gaps = [a - b for a, b in zip(VALUES, RIVAL, strict=True)]
    assert difference_sequences(VALUES, RIVAL, NUMBER)(0.05) == mean_sequences(gaps, NUMBER)(0.05)
    quotients = [a / b for a, b in zip(VALUES, RIVAL, strict=True)]
    assert difference_sequences(VALUES, RIVAL, RATIO)(0.05) == mean_sequences(quotients, RATIO)(0.05)
    shares = difference_sequences([1, 1, 1, 0, 0], [0, 0, 1, 1, 0], SHARE)(0.05)
    assert shares == share_difference_sequence(2, 2, 1, 0.05)


def test_equal_values_have_the_interval_that_holds_for_every_number_of_seeds():
    """Equal values have no t; what n draws of one value leave unseen holds at every n, since v^n / m^n is what a bet can make."""
    assert mean_sequences([0.9] * 8, ACCURACY)(0.05) == equal_interval(0.9, 8, ACCURACY, 0.05)
    assert mean_sequences([0.9] * 8, NUMBER)(0.05) is None
    low = equal_interval(0.9, 8, ACCURACY, 0.05).low
    assert (0.9 / low) ** 8 == pytest.approx(2 / 0.05)


def test_a_summary_takes_the_method():
    """Mean and deviation are those of any method, the interval is the sequence's, which is wider than Student's."""
    plain, sequence = summarize(VALUES, ACCURACY), summarize(VALUES, ACCURACY, method=SEQUENCES)
    assert (plain.mean, plain.std, plain.n) == (sequence.mean, sequence.std, sequence.n)
    assert sequence.interval.low < plain.interval.low < plain.interval.high < sequence.interval.high
