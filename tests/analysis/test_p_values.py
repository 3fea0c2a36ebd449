"""p-values out of intervals, and what becomes of them where several claims are judged together."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from synthetic_run import LN2, finished, make_plan, state_of

from dlbench.analysis.claims import Outcome, judge
from dlbench.analysis.claims.condition import Condition
from dlbench.analysis.claims.p_values import decide, holm
from dlbench.analysis.statistics.intervals import difference_interval, mean_interval
from dlbench.metrics.quantity import ACCURACY, NUMBER, SHARE
from dlbench.plan.questions import Claim, Compare

CONFIRMED, REFUTED, UNDECIDED = Outcome.CONFIRMED, Outcome.REFUTED, Outcome.UNDECIDED
SAMPLE = [0.81, 0.84, 0.83, 0.86, 0.88, 0.80]
RIVAL = [0.80, 0.81, 0.84, 0.82, 0.83, 0.79]

probabilities = st.lists(st.floats(0, 1), min_size=1, max_size=7)


@pytest.mark.parametrize(("limit", "outcome"), [(0.81, CONFIRMED), (0.83, CONFIRMED), (0.85, REFUTED), (0.9, REFUTED)])
def test_p_of_a_limit_is_that_of_students_test(limit, outcome):
    """p of 'at least a limit' is scipy's two-sided test of that mean, and points to the side on which the mean lies."""
    found = decide(partial(mean_interval, SAMPLE, NUMBER), Condition(limit, math.inf))
    assert found.outcome is outcome
    assert found.p == pytest.approx(stats.ttest_1samp(SAMPLE, limit).pvalue, rel=1e-4)


def test_p_of_a_difference_is_that_of_the_paired_test():
    """p of 'better by so much' is scipy's paired test."""
    intervals = partial(difference_interval, SAMPLE, RIVAL, NUMBER)
    found = decide(intervals, Condition(0.01, math.inf, is_difference=True))
    oracle = stats.ttest_1samp(np.subtract(SAMPLE, RIVAL), 0.01).pvalue
    assert found.p == pytest.approx(oracle, rel=1e-4)


@pytest.mark.parametrize(("low", "high"), [(0.80, 0.86), (0.78, 0.95)])
def test_p_of_two_limits_is_the_larger_of_both(low, high):
    """Between two limits both must be excluded: p is the larger of the two tests of each, as in two one-sided tests."""
    found = decide(partial(mean_interval, SAMPLE, NUMBER), Condition(low, high))
    assert found.outcome is CONFIRMED
    assert found.p == pytest.approx(max(stats.ttest_1samp(SAMPLE, limit).pvalue for limit in (low, high)), rel=1e-4)


@pytest.mark.parametrize(("solved", "limit", "tail"), [(10, 0.6, "greater"), (2, 0.6, "less"), (9, 0.5, "greater")])
def test_p_of_a_share_is_twice_the_exact_tail(solved, limit, tail):
    """p of a share's limit is twice the binomial probability of as many successes, or as few."""
    values = [1.0] * solved + [0.0] * (10 - solved)
    found = decide(partial(mean_interval, values, SHARE), Condition(limit, math.inf))
    assert found.p == pytest.approx(2 * stats.binomtest(solved, 10, limit, alternative=tail).pvalue, rel=1e-4)


def test_p_of_equal_values_is_the_chance_to_have_missed_all_others():
    """Ten times 1 are 'at least .95' at p = 2 .95^10: the others, at worst 0, have a share of .05 or more at the limit."""
    found = decide(partial(mean_interval, [1.0] * 10, ACCURACY), Condition(0.95, math.inf))
    assert (found.outcome, found.p) == (UNDECIDED, 1.0)
    found = decide(partial(mean_interval, [1.0] * 10, ACCURACY), Condition(0.6, math.inf))
    assert found.p == pytest.approx(2 * 0.6**10, rel=1e-4)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=12, unique=True), st.floats(0, 1))
def test_p_and_the_interval_say_the_same(values, limit):
    """A limit lies outside of the 95 % interval exactly where p is at most 0.05."""
    intervals = partial(mean_interval, values, ACCURACY)
    found, interval = decide(intervals, Condition(limit, math.inf)), intervals(0.05)
    if interval is not None and min(abs(interval.low - limit), abs(interval.high - limit)) > 1e-5:
        assert (found.p <= 0.05) == (limit not in interval)


@given(probabilities)
def test_holm_is_the_closed_test_of_bonferroni(p_values):
    """A corrected p is the largest over all groups that the claim is in, of the group's size times its smallest p."""
    indices = range(len(p_values))
    groups = [group for size in indices for group in combinations(indices, size + 1)]
    oracle = [
        max(min(1.0, len(group) * min(p_values[j] for j in group)) for group in groups if i in group) for i in indices
    ]
    assert holm(p_values) == pytest.approx(oracle, abs=1e-12)


def test_holm_of_nothing_is_nothing():
    """A recipe without claims that are estimated has nothing to correct."""
    assert holm([]) == []


CLAIM = Claim(says="it is so", source="measured", variant="a", metric="test_accuracy", at_least=0.8)


def run_of(values):
    """A run of one variant with these accuracies."""
    plan = make_plan(["a"], len(values))
    return state_of(
        plan,
        finished(plan, lambda trial: {"test_accuracy": values[trial.seed], "train_loss": LN2, "train_accuracy": 0.5}),
    )


def verdicts(state, *claims):
    """The verdicts on a family of claims."""
    return judge(state, [replace(CLAIM, **claim) for claim in claims], Compare("test_accuracy"))


def test_claims_are_corrected_for_their_number():
    """What one claim alone decides, it does not decide as one of many, and the text has both p and why."""
    state = run_of(SAMPLE)
    (alone,) = verdicts(state, {"at_least": 0.80})
    assert alone.outcome is CONFIRMED
    assert alone.text.endswith("; p = 0.031, Holm 0.031")
    together = verdicts(state, {"at_least": 0.80}, {"at_least": 0.83}, {"at_least": 0.84})
    assert [one.outcome for one in together] == [UNDECIDED] * 3
    assert together[0].p == alone.p
    assert together[0].p_holm == pytest.approx(3 * alone.p)
    assert "p = 0.031, Holm 0.092; confirmed if it were the only claim, but undecided as one of 3" in together[0].text
    assert together[0].interval == alone.interval


@pytest.mark.parametrize("asked", [{"every_seed": True}, {"exact": True, "source": "theory"}])
def test_claims_that_ask_every_seed_do_not_count(asked):
    """They estimate nothing: they have no p, and correct no other claim's."""
    found = verdicts(run_of(SAMPLE), {"at_least": 0.80}, asked | {"at_least": 0.1})
    assert found[0].p_holm == found[0].p
    assert (found[1].p, found[1].p_holm) == (None, None)


def test_claims_that_cannot_be_judged_count():
    """The family is what the recipe says: a claim whose variant the run has not makes the others no surer."""
    found = verdicts(run_of(SAMPLE), {"at_least": 0.80}, {"variant": "z"}, {"variant": "y"})
    assert found[0].p_holm == pytest.approx(3 * found[0].p)
    assert (found[1].p, found[1].outcome) == (1.0, UNDECIDED)
