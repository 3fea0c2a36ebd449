"""Subsets of members, and the interval of what they say: against Student's, a closed form, and a simulation."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest

from dlbench.analysis.ensembles.subsets import estimate, subsets_of
from dlbench.analysis.statistics.intervals import mean_interval
from dlbench.metrics.quantity import ACCURACY, NUMBER

COVERAGE_RUNS = 300
TRUTH_RUNS = 4000
SAMPLES = 150


@pytest.mark.parametrize(("members", "size"), [(1, 1), (5, 1), (6, 3), (7, 7)])
def test_where_they_are_few_all_subsets_are_taken(members, size):
    """Not more than the limit: every subset once, in lexicographic order."""
    expected = list(combinations(range(members), size))

    assert subsets_of(members, size, len(expected), 0).tolist() == [list(subset) for subset in expected]


def test_where_they_are_many_some_are_drawn():
    """More than the limit: so many different ones, members ascending; another seed draws others, the same seed the same."""
    drawn = subsets_of(12, 6, 300, 1)

    assert len({tuple(subset) for subset in drawn.tolist()}) == len(drawn) == 300
    assert (np.diff(drawn, axis=1) > 0).all()
    assert np.array_equal(drawn, subsets_of(12, 6, 300, 1))
    assert not np.array_equal(drawn, subsets_of(12, 6, 300, 2))


def test_every_member_is_drawn_equally_often():
    """Over 200 seeds each of ten members is in half of the drawn subsets of five: within five standard errors."""
    counts = sum(np.bincount(subsets_of(10, 5, 20, seed).ravel(), minlength=10) for seed in range(200))

    assert np.abs(counts / 4000 - 0.5).max() < 5 * 0.5 / math.sqrt(4000)


def test_single_members_have_students_interval():
    """For subsets of one, mean and interval are those of the values themselves (1e-12)."""
    values = np.random.default_rng(0).normal(size=8)
    found, student = estimate(values, subsets_of(8, 1, 99, 0), 8), mean_interval(values.tolist())

    assert (found.interval.low, found.interval.high) == pytest.approx((student.low, student.high), rel=1e-12)
    assert found.std == pytest.approx(values.std(ddof=1), rel=1e-12)
    assert (found.lowest, found.highest) == (values.min(), values.max())


@pytest.mark.parametrize("size", [2, 4, 7])
def test_means_of_subsets_know_no_more_than_the_members(size):
    """Where a subset's value is its members' mean, all subsets together have Student's interval of the members (1e-9)."""
    values = np.random.default_rng(size).normal(size=8)
    subsets = subsets_of(8, size, 99, 0)
    found, student = estimate(values[subsets].mean(axis=1), subsets, 8), mean_interval(values.tolist())

    assert (found.interval.low, found.interval.high) == pytest.approx((student.low, student.high), rel=1e-9)


def test_one_ensemble_of_all_has_no_interval():
    """A member that no subset leaves out leaves nothing to tell by."""
    found = estimate(np.array([0.5]), subsets_of(4, 4, 9, 0), 4)

    assert (found.mean, found.interval, found.std) == (0.5, None, None)


@pytest.mark.parametrize(("members", "size"), [(6, 3), (10, 3)])
def test_equal_subsets_leave_as_much_room_as_equal_draws(members, size):
    """Gains that are all alike are as many draws as there are subsets without a common member, from -1 to 1."""
    subsets = subsets_of(members, size, 300, 0)
    found = estimate(np.full(len(subsets), 0.1), subsets, members, ACCURACY.of_differences)
    unseen = 1 - 0.025 ** (1 / (members // size))
    ends = (found.interval.low, found.interval.high)
    assert ends == (pytest.approx(0.1 - 1.1 * unseen), pytest.approx(0.1 + 0.9 * unseen))


def test_ensembles_stay_within_what_can_be():
    """Accuracies near 1 have an interval that ends there."""
    values = np.array([0.999, 0.9, 1.0, 0.98])
    wide, found = (estimate(values, subsets_of(4, 1, 9, 0), 4, kind) for kind in (NUMBER, ACCURACY))
    assert wide.interval.high > 1.0
    assert (found.interval.low, found.interval.high) == (wide.interval.low, 1.0)


def gains(random, members, subsets, difficulty):
    """What votes of three-class nets gain over their members: nets differ in skill, samples in difficulty."""
    skill = 1 + 0.3 * random.normal(size=(members, 1))
    right = random.normal(size=(members, SAMPLES)) < difficulty * skill
    wrong = random.integers(1, 3, size=(members, SAMPLES))
    answers = np.where(right, 0, wrong)
    votes = (answers[subsets][..., None] == np.arange(3)).sum(axis=1)
    return (votes.argmax(axis=-1) == 0).mean(axis=1) - right[subsets].mean(axis=(1, 2))


@pytest.mark.parametrize(("members", "size"), [(8, 3), (7, 5), (8, 7)])
def test_the_interval_covers_the_truth(members, size):
    """Of 300 simulated runs at least 91 % have the true gain in their 95 % interval (three standard errors below 95 %).

    Taking the subsets for independent would cover it in less than 60 %: that interval is what ours must not be.
    """
    random = np.random.default_rng(members * size)
    difficulty = random.normal(0.6, 0.8, size=SAMPLES)
    apart = np.arange(TRUTH_RUNS * size).reshape(-1, size)
    truth = gains(random, apart.size, apart, difficulty).mean()
    subsets = subsets_of(members, size, 300, 0)
    covered = naive = 0
    for _ in range(COVERAGE_RUNS):
        values = gains(random, members, subsets, difficulty)
        covered += truth in estimate(values, subsets, members).interval
        naive += abs(values.mean() - truth) <= 1.96 * values.std(ddof=1) / math.sqrt(len(values))

    assert covered / COVERAGE_RUNS >= 0.95 - 3 * math.sqrt(0.95 * 0.05 / COVERAGE_RUNS)
    assert naive / COVERAGE_RUNS < 0.6
