from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from synthetic_run import LN2, ends_with, finished, make_plan, stack_event, state_of

from dlbench.analysis.claims import Outcome, judge
from dlbench.plan.questions import Claim, Compare

COMPARE = Compare("test_accuracy", "a")
CLAIM = Claim(says="it is so", source="theory", variant="a", metric="test_accuracy")
CONFIRMED, REFUTED, UNDECIDED = Outcome.CONFIRMED, Outcome.REFUTED, Outcome.UNDECIDED


def values_of(**variants):
    """A run whose trials end with these test accuracies; `None` is a trial that diverges."""
    plan = make_plan(list(variants), len(next(iter(variants.values()))))
    return state_of(plan, finished(plan, ends_with(variants)))


def verdict(state, compare=COMPARE, **claim):
    """The verdict on one claim with these keys."""
    (found,) = judge(state, [replace(CLAIM, **claim)], compare)
    return found


SPREAD = [0.80, 0.82, 0.84, 0.86, 0.88]
"""Mean 0.84, 95 % interval 0.8007 to 0.8793."""


@pytest.mark.parametrize(
    ("claim", "outcome"),
    [
        ({"at_most": 0.88}, CONFIRMED),
        ({"at_most": 0.85}, UNDECIDED),
        ({"at_most": 0.80}, REFUTED),
        ({"at_least": 0.80}, CONFIRMED),
        ({"at_least": 0.85}, UNDECIDED),
        ({"at_least": 0.88}, REFUTED),
        ({"between": [0.80, 0.88]}, CONFIRMED),
        ({"between": [0.82, 0.86]}, UNDECIDED),
        ({"between": [0.83, 0.95]}, UNDECIDED),
        ({"between": [0.88, 0.95]}, REFUTED),
        ({"between": [0.10, 0.80]}, REFUTED),
        ({"near": 0.84, "tolerance": 0.05}, CONFIRMED),
        ({"near": 0.84, "tolerance": 0.01}, UNDECIDED),
        ({"near": 0.50, "tolerance": 0.1}, REFUTED),
        ({"at_least": 0.80, "every_seed": True}, CONFIRMED),
        ({"at_least": 0.81, "every_seed": True}, REFUTED),
        ({"at_most": 0.87, "every_seed": True}, REFUTED),
        ({"between": [0.80, 0.88], "every_seed": True}, CONFIRMED),
    ],
)
def test_the_truth_table_of_conditions(claim, outcome):
    """Confirmed with the whole interval within the condition, refuted with it outside, else undecided; each seed by itself."""
    assert verdict(values_of(a=SPREAD), **claim).outcome is outcome


@pytest.mark.parametrize("claim", [{"at_least": 0.9}, {"at_most": 0.9}, {"between": [0.9, 0.9]}])
def test_rounding_refutes_no_claim(claim):
    """Nine in ten right, which float32 holds a little below or above 0.9, is at least 0.9 and at most 0.9."""
    values = [float(np.float32(0.9)), float(np.nextafter(np.float32(0.9), np.float32(1)))]
    assert verdict(values_of(a=values), **claim, every_seed=True).outcome is CONFIRMED


def test_a_huge_result_leaves_the_claim_readable():
    """A loss of 1e9 stands in powers of ten beside a claim that keeps its decimals."""
    text = verdict(values_of(a=[-1e9, -1e9]), metric="test_loss", near=0.6931, tolerance=1e-4).text
    assert "test_loss 1.0e+09 ± 0.0e+00" in text
    assert "claimed 0.69300 to 0.69320" in text


def test_a_narrow_range_is_told_with_the_decimals_that_it_needs():
    """Two ends that four decimals would make one number stay apart."""
    text = verdict(values_of(a=[0.5, 0.5]), metric="test_loss", between=[0.69314, 0.69315]).text
    assert "claimed 0.693140 to 0.693150" in text


@pytest.mark.parametrize("every_seed", [True, False])
def test_rounding_is_no_advantage(every_seed):
    """A variant whose accuracies are one step of a float32 higher with every seed is not better; its mean may be or not."""
    theirs = [0.7, 0.8, 0.9]
    ours = [value * (1 + 2.0**-23) for value in theirs]
    assert verdict(values_of(a=ours, b=theirs), better_than="b", every_seed=every_seed).outcome is (
        REFUTED if every_seed else UNDECIDED
    )


@pytest.mark.parametrize(
    ("theirs", "by", "outcome"),
    [
        ([0.70, 0.73, 0.74, 0.75, 0.79], None, CONFIRMED),
        ([0.70, 0.73, 0.74, 0.75, 0.79], 0.08, CONFIRMED),
        ([0.70, 0.73, 0.74, 0.75, 0.79], 0.10, UNDECIDED),
        ([0.70, 0.73, 0.74, 0.75, 0.79], 0.12, REFUTED),
        ([0.90, 0.83, 0.94, 0.85, 0.79], None, UNDECIDED),
        ([0.90, 0.91, 0.94, 0.95, 0.99], None, REFUTED),
        ([0.80, 0.82, 0.84, 0.86, 0.88], None, UNDECIDED),
    ],
)
def test_better_than_goes_by_the_paired_difference(theirs, by, outcome):
    """The seeds' own differences decide, though the two samples overlap; five equal pairs leave room for others."""
    assert verdict(values_of(a=SPREAD, b=theirs), better_than="b", by=by).outcome is outcome


def test_better_means_lower_for_losses():
    """The direction of the metric says what better is, and the value is the advantage."""
    found = verdict(values_of(a=[0.90, 0.91, 0.93], b=[0.70, 0.73, 0.72]), metric="test_loss", better_than="b")
    assert found.outcome is CONFIRMED
    assert found.value == pytest.approx((0.20 + 0.18 + 0.21) / 3)


def test_better_than_by_every_seed():
    """With `every_seed` one pair the other way round refutes."""
    state = values_of(a=[0.9, 0.8, 0.7], b=[0.8, 0.7, 0.69])
    assert verdict(state, better_than="b", every_seed=True).outcome is CONFIRMED
    assert verdict(state, better_than="b", by=0.05, every_seed=True).outcome is REFUTED


@pytest.mark.parametrize(
    ("accuracies", "claim", "outcome"),
    [
        ([1.0] * 10, {"at_least": 0.69}, CONFIRMED),
        ([1.0] * 10, {"at_least": 0.70}, UNDECIDED),
        ([1.0] * 10, {"at_most": 0.69}, REFUTED),
        ([1.0] * 5 + [0.5] * 5, {"at_least": 0.5}, UNDECIDED),
        ([0.5] * 10, {"at_most": 0}, UNDECIDED),
        ([0.5] * 10, {"at_most": 0, "every_seed": True}, CONFIRMED),
        ([0.5] * 9 + [1.0], {"at_most": 0, "every_seed": True}, REFUTED),
        ([0.5] * 9 + [None], {"at_most": 0, "every_seed": True}, CONFIRMED),
        ([1.0] * 9 + [None], {"at_least": 1, "every_seed": True}, REFUTED),
    ],
)
def test_shares_go_by_their_own_interval(accuracies, claim, outcome):
    """Ten of ten is no proof of always: Clopper and Pearson's interval decides; a diverged trial has not solved anything."""
    assert verdict(values_of(a=accuracies), metric="solved", **claim).outcome is outcome


def advised(text):
    """The first and the last of the seeds that a verdict's text names."""
    first, last = re.search(r"--seeds (\d+)-(\d+) would decide 4 in 5 such cases", text).groups()
    return int(first), int(last)


@pytest.mark.parametrize(
    ("ours", "theirs", "claim"),
    [
        (SPREAD, None, {"at_least": 0.82}),
        (SPREAD, [0.79, 0.83, 0.84, 0.80, 0.86], {"better_than": "b"}),
        ([1.0] * 7 + [0.5] * 3, None, {"metric": "solved", "at_least": 0.5}),
        ([1.0] * 5, None, {"metric": "solved", "at_least": 0.8}),
        ([1.0] * 5, [1.0] * 4 + [0.5], {"metric": "solved", "better_than": "b"}),
        ([1.0] * 6 + [0.5] * 4, [1.0] * 4 + [0.5] * 5 + [1.0], {"metric": "solved", "better_than": "b"}),
    ],
    ids=["mean", "difference", "share", "share-of-one", "share-difference", "share-difference-both-ways"],
)
def test_fresh_seeds_are_named(ours, theirs, claim):
    """An undecided claim names seeds that the run has not; among three claims it takes more of them than alone."""
    state = values_of(**{name: side for name, side in (("a", ours), ("b", theirs)) if side})
    found = verdict(state, **claim)
    first, last = advised(found.text)
    assert found.outcome is UNDECIDED
    assert first == len(ours)
    one_of_three, *_ = judge(state, [replace(CLAIM, **claim)] * 3, COMPARE)
    assert advised(one_of_three.text)[1] > last


def test_the_seeds_that_are_named_have_a_power_of_80_percent():
    """Of runs whose numbers have the mean and deviation of the first one, 80 % are decided by as many seeds as it names (3 %)."""
    first, last = advised(verdict(values_of(a=SPREAD), at_least=0.82).text)
    draws = np.random.default_rng(0).normal(np.mean(SPREAD), np.std(SPREAD, ddof=1), (1000, last - first + 1))
    low = [stats.t.interval(0.95, len(row) - 1, row.mean(), stats.sem(row))[0] for row in draws]
    assert np.mean(np.array(low) >= 0.82) == pytest.approx(0.8, abs=0.04)


@pytest.mark.parametrize(
    ("state", "claim"),
    [
        ({"a": SPREAD}, {"at_least": 0.8399}),
        ({"a": SPREAD, "b": [0.88, 0.86, 0.8399, 0.82, 0.80]}, {"better_than": "b"}),
        ({"a": [1.0] * 7 + [0.5] * 3}, {"metric": "solved", "at_most": 0.69}),
        ({"a": [1.0] * 5, "b": [1.0] * 5}, {"metric": "solved", "better_than": "b", "by": 1e-5}),
    ],
    ids=["mean", "difference", "share", "share-difference"],
)
def test_too_many_seeds_are_not_counted(state, claim):
    """Where more than 10,000 seeds would be needed, no number is made up."""
    assert verdict(values_of(**state), **claim).text.endswith("more than 10,000 seeds would be needed to decide it")


def test_what_every_seed_decides_asks_for_no_more():
    """Asked of every seed a claim is decided once all have a number: none of its verdicts names more seeds."""
    for accuracies in ([0.9, 0.9], [0.9, 0.1], [0.9, None]):
        assert "--seeds" not in verdict(values_of(a=accuracies), at_least=0.5, every_seed=True).text


def test_what_no_number_of_seeds_decides_is_told():
    """None of ten solved can never confirm a share of at most 0 by an interval."""
    found = verdict(values_of(a=[0.5] * 10), metric="solved", at_most=0)
    assert "more seeds are unlikely to decide it" in found.text


def test_diverged_trials_leave_a_mean_undecided():
    """The mean of the survivors proves nothing; asked of every seed, a diverged trial does not meet the condition."""
    state = values_of(a=[0.9, 0.9, None])
    assert verdict(state, at_least=0.5).outcome is UNDECIDED
    assert verdict(state, at_least=0.5).text.endswith("; seed 2 diverged")
    assert verdict(state, at_least=0.5, every_seed=True).outcome is REFUTED


def test_trials_that_never_got_there():
    """Never solved is above every bound on the steps it takes; a mean with such a trial is undecided."""
    state = values_of(a=[1.0, 1.0, 0.5])
    assert verdict(state, metric="steps_to_solve", at_most=100, every_seed=True).outcome is REFUTED
    assert verdict(state, metric="steps_to_solve", at_least=50, every_seed=True).outcome is CONFIRMED
    assert verdict(state, metric="steps_to_solve", at_most=1000).outcome is UNDECIDED


def test_one_seed_decides_no_mean():
    """Without an interval nothing is confirmed or refuted, but one trial can break a rule for every trial."""
    state = values_of(a=[0.9])
    assert verdict(state, at_least=0.1).outcome is UNDECIDED
    assert verdict(state, at_least=0.95, every_seed=True).outcome is REFUTED


def test_a_running_trial_decides_nothing_but_its_past():
    """While a run goes on its ends are open; what it did at a step that it has passed stands."""
    plan = make_plan(["a"], 3)
    events = finished(plan, lambda trial: {"test_accuracy": 0.9})
    state = state_of(plan, events[:-3])
    assert verdict(state, at_least=0.1).outcome is UNDECIDED
    assert verdict(state, at_least=0.1, every_seed=True).outcome is UNDECIDED
    assert (
        verdict(state, metric="first_last_gradient_ratio", at_most=1e-4, at_step=0, every_seed=True).outcome
        is CONFIRMED
    )
    assert verdict(state, at_least=0.1, at_step=90).outcome is UNDECIDED


def test_at_step_picks_the_record_of_that_step():
    """The ratio of step 0 is judged, not that of the end."""
    state = values_of(a=[0.9, 0.9])
    assert verdict(state, metric="first_last_gradient_ratio", at_most=1e-4, at_step=0).value == pytest.approx(1e-6)
    assert verdict(state, metric="first_last_gradient_ratio", at_most=1e-4, every_seed=True).outcome is REFUTED


def test_failed_trials_are_pending_even_for_every_seed():
    """A trial whose worker failed is unknown: no confirmation without it."""
    plan = make_plan(["a"], 2)
    failed = [stack_event(0), {"kind": "end", "stack": 0, "step": 0, "status": "failed", "error": "no memory"}]
    found = verdict(state_of(plan, failed), at_least=0.1, every_seed=True)
    assert (found.outcome, found.n, found.value) == (UNDECIDED, 0, None)


def test_a_choice_of_the_search_can_be_judged():
    """`choice` picks one candidate; without it the selected one is judged."""
    plan = make_plan({"a": [{"train.optimizer.lr": 0.1}, {"train.optimizer.lr": 1.0}]}, 2)
    state = state_of(
        plan, finished(plan, lambda trial: {"test_accuracy": 0.5 + 0.3 * trial.choice["train.optimizer.lr"]})
    )
    compare = Compare("test_accuracy", select="test_accuracy")
    assert verdict(state, compare, at_least=0.5).value == pytest.approx(0.8)
    assert verdict(state, compare, at_least=0.5, choice={"train.optimizer.lr": 0.1}).value == pytest.approx(0.53)


@pytest.mark.parametrize("every_seed", [False, True])
def test_what_a_search_picked_by_the_same_seeds_is_judged_with_all_its_candidates(every_seed):
    """Of three candidates, p is three times that of the best one alone, and the verdict says so; a named choice counts once."""
    plan = make_plan({"a": [{"train.optimizer.lr": rate} for rate in (0.1, 0.2, 0.3)]}, 5)
    state = state_of(
        plan,
        finished(
            plan, lambda trial: {"test_accuracy": SPREAD[trial.seed] - (trial.choice["train.optimizer.lr"] - 0.1)}
        ),
    )
    compare = Compare("test_accuracy", select="test_accuracy")
    picked = verdict(state, compare, at_least=0.8, every_seed=every_seed)
    named = verdict(state, compare, at_least=0.8, every_seed=every_seed, choice={"train.optimizer.lr": 0.1})
    assert "picked among 3 candidates by the same seeds" in picked.text
    assert "picked among" not in named.text
    assert picked.value == named.value
    if not every_seed:
        assert picked.p == pytest.approx(3 * named.p, rel=1e-6)
        assert (named.outcome, picked.outcome) == (CONFIRMED, UNDECIDED)


def test_the_best_evaluation_on_test_data_is_told():
    """A claim on the best evaluation by test data says that test data picked it."""
    assert "picked on test data" in verdict(values_of(a=SPREAD), metric="best_test_accuracy", at_least=0.5).text


def test_a_variant_that_is_not_there_is_undecided():
    """A claim about another recipe's variant is no crash."""
    assert verdict(values_of(a=[0.5]), variant="z", at_most=1).text == "this run has no 'z'"
    assert verdict(values_of(a=[0.5]), better_than="z").outcome is UNDECIDED


def test_the_numbers_are_told():
    """A verdict's text has the measured number, n, the interval, and what was claimed, fine enough to tell them apart."""
    found = verdict(values_of(a=[1 - LN2 + x for x in (1e-6, -1e-6, 0)]), metric="test_loss", near=LN2, tolerance=1e-4)
    assert found.outcome is CONFIRMED
    assert found.text.startswith(
        "test_loss 0.6931472 ± 0.0000010 (n=3), 95 % interval [0.6931447, 0.6931497]; claimed 0.69"
    )
    assert found.says == "it is so"


def test_texts_in_two_languages_are_told_in_english():
    """A claim with several languages is shown in one."""
    assert verdict(values_of(a=[0.5]), says={"ko": "그렇다", "en": "so"}, at_most=1).says == "so"


def test_a_step_that_training_never_reaches_decides_nothing():
    """A claim about a step beyond the training is undecided, also where the value at the end would meet it."""
    state = values_of(a=[0.9, 0.9, 0.9])
    assert verdict(state, at_least=0.2).outcome is CONFIRMED
    assert verdict(state, at_least=0.2, at_step=10**9).outcome is UNDECIDED
