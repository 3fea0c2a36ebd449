"""Equal values of what seeds can change prove little; those of what they cannot change prove all."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from synthetic_run import LN2, finished, make_plan, state_of

from dlbench.analysis.claims import Outcome, judge
from dlbench.analysis.statistics.intervals import difference_interval, mean_interval
from dlbench.metrics.quantity import ACCURACY, FIXED, NUMBER, POSITIVE, RATIO, SHARE
from dlbench.plan.questions import Claim, Compare

CONFIRMED, REFUTED, UNDECIDED = Outcome.CONFIRMED, Outcome.REFUTED, Outcome.UNDECIDED
CLAIM = Claim(says="it is so", source="theory", variant="a", metric="train_accuracy", at_least=0.95)


def verdict(values, **claim):
    """The verdict on a claim about seeds with these training accuracies; `None` is one that diverges."""
    plan = make_plan(["a"], len(values))

    def final(trial):
        value = values[trial.seed]
        if value is None:
            return {"diverged_at": 10}
        return {"train_accuracy": value, "train_loss": LN2 * (1 - value), "test_accuracy": value}

    (found,) = judge(state_of(plan, finished(plan, final)), [replace(CLAIM, **claim)], Compare("train_accuracy"))
    return found


@pytest.mark.parametrize("n", [2, 3, 5, 10])
@pytest.mark.parametrize("value", [0.0, 0.3, 1.0])
def test_equal_values_leave_the_room_that_the_bounds_do(value, n):
    """The interval's ends are the means of a share u at a bound and the rest at the value: n draws miss u with 2.5 %."""
    interval, unseen = mean_interval([value] * n, ACCURACY), 1 - 0.025 ** (1 / n)
    assert (1 - unseen) ** n == pytest.approx(0.025)
    assert interval.low == pytest.approx((1 - unseen) * value)
    assert interval.high == pytest.approx((1 - unseen) * value + unseen)


@pytest.mark.parametrize("quantity", [NUMBER, POSITIVE, RATIO])
def test_equal_values_without_bounds_have_no_interval(quantity):
    """Where another seed may have any number, equal ones say nothing of the mean; float32's last bits make no spread."""
    assert mean_interval([0.5] * 10, quantity) is None
    assert mean_interval([0.5, float(np.nextafter(np.float32(0.5), np.float32(1))), 0.5], quantity) is None


def test_what_no_seed_can_change_is_what_it_is():
    """The number of parameters is known from one seed on."""
    interval = mean_interval([21.0] * 3, FIXED)
    assert (interval.low, interval.high) == (21.0, 21.0)
    interval = difference_interval([21.0] * 3, [11.0] * 3, FIXED)
    assert (interval.low, interval.high) == (10.0, 10.0)


def test_equal_differences_of_accuracies_leave_room_too():
    """A difference of two accuracies may be anything from -1 to 1 with another seed."""
    interval, unseen = difference_interval([0.9] * 5, [0.7] * 5, ACCURACY), 1 - 0.025 ** (1 / 5)
    assert (interval.low, interval.high) == (pytest.approx(0.2 - 1.2 * unseen), pytest.approx(0.2 + 0.8 * unseen))


@pytest.mark.parametrize(
    ("n", "at_least", "outcome"), [(3, 0.95, UNDECIDED), (3, 0.25, CONFIRMED), (10, 0.65, CONFIRMED)]
)
def test_a_few_perfect_seeds_do_not_prove_the_mean(n, at_least, outcome):
    """Three seeds that happen to learn leave open what the mean over others is; ten exclude less than two thirds."""
    assert verdict([1.0] * n, at_least=at_least).outcome is outcome


def test_equal_losses_are_undecided_with_the_reason():
    """A loss has no upper bound: ten equal ones confirm nothing, and the verdict says why."""
    found = verdict([0.5] * 10, metric="train_loss", at_least=None, at_most=0.4)
    assert (found.outcome, found.interval, found.p) == (UNDECIDED, None, 1.0)
    assert "equal values of an unbounded metric have no interval" in found.text


@pytest.mark.parametrize(
    ("values", "claim", "outcome", "words"),
    [
        ([0.5] * 10, {"at_least": None, "near": 0.5, "tolerance": 0.01}, CONFIRMED, "exact in 10 of 10"),
        ([1.0], {}, CONFIRMED, "exact in 1 of 1"),
        ([1.0, 1.0, 0.5], {}, REFUTED, "not met by seed 2"),
        ([1.0, 1.0, 0.97], {}, REFUTED, "not exact: the seeds differ"),
        ([1.0, 1.0, None], {}, REFUTED, "not met by seed 2; seed 2 diverged"),
    ],
)
def test_theory_may_say_that_a_number_is_exact(values, claim, outcome, words):
    """`exact` asks all seeds to have the same number, which meets the condition; one that differs refutes."""
    found = verdict(values, exact=True, **claim)
    assert found.outcome is outcome
    assert found.text.endswith(words)


@pytest.mark.parametrize(("n", "percent"), [(3, 63), (10, 26), (100, 3)])
def test_every_seed_says_which_failure_rate_it_excludes(n, percent):
    """n of n seeds are said with the failure rate at which they would come with a chance of 5 %."""
    found = verdict([1.0] * n, every_seed=True)
    assert found.outcome is CONFIRMED
    assert found.text.endswith(f"met by {n}/{n}; a failure rate above {percent} % is excluded")
    assert (1 - percent / 100) ** n == pytest.approx(0.05, abs=0.01)


def test_intervals_end_where_the_numbers_do():
    """No interval of accuracies goes beyond 1, none of losses or steps below 0; what lies within is Student's."""
    wide = mean_interval([0.99, 0.7, 1.0, 0.98], NUMBER)
    assert wide.high > 1
    assert mean_interval([0.99, 0.7, 1.0, 0.98], ACCURACY) == replace(wide, high=1.0)
    assert mean_interval([1.0, 50.0, 3.0], POSITIVE).low == 0.0
    assert mean_interval([0.0, 1.0, 1.0], SHARE).high <= 1.0
    assert math.isfinite(wide.low)
