"""Claims of being better where a seed of either side diverged or never got there."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from synthetic_run import LN2, finished, make_plan, state_of

from dlbench.analysis.claims import Outcome, judge
from dlbench.analysis.statistics.proportions import Score
from dlbench.plan.questions import Claim, Compare

CLAIM = Claim(says="it is so", source="theory", variant="a", metric="test_accuracy", better_than="b")
CONFIRMED, REFUTED, UNDECIDED = Outcome.CONFIRMED, Outcome.REFUTED, Outcome.UNDECIDED
X = None
"""A trial that diverges."""


def run_of(steps=None, **variants):
    """A run whose trials end with these accuracies; 1 has solved it; `steps` are the variants' own, if they differ."""
    plan = make_plan(list(variants), len(variants["a"]))
    stacks = [
        replace(stack, steps=(steps or {}).get(name, stack.steps))
        for name, stack in zip(variants, plan.stacks, strict=True)
    ]

    def final(trial):
        value = variants[trial.variant][trial.seed]
        if value is None:
            return {"diverged_at": 10}
        rest = {"train_accuracy": value, "train_loss": LN2 * (1 - value)}
        return {"test_accuracy": value, "test_loss": 1 - value, **rest}

    plan = replace(plan, stacks=stacks)
    return state_of(plan, finished(plan, final))


def verdict(state, **claim):
    """The verdict on `a` being better than `b`."""
    (found,) = judge(state, [replace(CLAIM, **claim)], Compare("test_accuracy", "a"))
    return found


@pytest.mark.parametrize(
    ("ours", "theirs", "outcome"),
    [
        ([0.9] * 10, [0.8] * 4 + [X] * 6, CONFIRMED),
        ([0.9] * 10, [X] * 10, CONFIRMED),
        ([0.9] * 9 + [0.7], [0.8] * 9 + [X], CONFIRMED),
        ([0.9] * 5, [X] * 5, UNDECIDED),
        ([0.9] * 10, [0.95] * 5 + [X] * 5, UNDECIDED),
        ([0.9] * 9 + [X], [0.8] * 10, CONFIRMED),
        ([X] * 6 + [0.9] * 4, [0.8] * 10, UNDECIDED),
        ([X] * 9 + [0.9], [0.8] * 10, REFUTED),
        ([X] * 10, [X] * 10, UNDECIDED),
    ],
)
def test_a_failed_seed_is_lost_to_a_number(ours, theirs, outcome):
    """The sign test over all seeds decides: 10 of 10 and 9 of 10 confirm, 5 of 5 and half of ten do not."""
    assert verdict(run_of(a=ours, b=theirs)).outcome is outcome


@pytest.mark.parametrize(
    ("ours", "theirs", "outcome"),
    [
        ([0.9, 0.9, 0.9], [0.8, X, X], CONFIRMED),
        ([0.9, X, 0.9], [0.8, 0.8, 0.8], REFUTED),
        ([0.9, X, 0.9], [0.8, X, 0.8], UNDECIDED),
        ([0.9, X, 0.8], [0.8, X, 0.9], REFUTED),
        ([X, X, X], [X, X, X], UNDECIDED),
    ],
)
def test_of_every_seed_only_the_rivals_failures_are_won(ours, theirs, outcome):
    """A seed with which only the rival failed is won, only the variant itself refutes, both decide nothing."""
    found = verdict(run_of(a=ours, b=theirs), every_seed=True)
    assert found.outcome is outcome
    assert outcome is not UNDECIDED or "both failed with " in found.text


def test_a_seed_is_won_by_more_than_was_asked():
    """With `by`, a seed that is better by less is lost, by just as much a tie."""
    state = run_of(a=[0.95] * 3 + [0.85] * 5 + [0.9] * 2 + [0.9], b=[0.8] * 10 + [X])
    assert "better with 4 of 11 seeds, 2 ties (45%" in verdict(state, by=0.1).text
    assert "better with 11 of 11 seeds (100%" in verdict(state).text


def test_the_score_stands_beside_the_survivors_mean():
    """The text has who failed, the share with its exact interval and p, and of how many pairs the mean is."""
    found = verdict(run_of(a=[0.9] * 10, b=[0.8] * 8 + [X] * 2))
    assert found.n == 8
    assert found.score == Score(10, 0, 0)
    assert "0.1000 ± 0.0000 (n=8)" in found.text
    assert found.text.endswith(
        "'b' failed with seeds 8, 9; better with 10 of 10 seeds (100%, 95 % interval [69%, 100%]), by the sign test"
    )


SOLVED, NEVER = 1.0, 0.5


@pytest.mark.parametrize("every_seed", [True, False])
def test_sooner_than_a_net_that_never_gets_there(every_seed):
    """What got there is sooner than what never did within as many steps, with every seed and by the sign test."""
    state = run_of(a=[SOLVED] * 6, b=[NEVER] * 5 + [X])
    assert verdict(state, metric="steps_to_solve", every_seed=every_seed).outcome is CONFIRMED
    turned = verdict(state, metric="steps_to_solve", every_seed=every_seed, variant="b", better_than="a")
    assert turned.outcome is REFUTED


def test_never_is_better_than_diverged():
    """Of two that failed, the one that trained to its end wins the seed."""
    found = verdict(run_of(a=[NEVER] * 6, b=[X] * 6), metric="steps_to_solve")
    assert found.outcome is CONFIRMED
    assert verdict(run_of(a=[NEVER] * 6, b=[NEVER] * 6), metric="steps_to_solve").outcome is UNDECIDED


@pytest.mark.parametrize("every_seed", [True, False])
@pytest.mark.parametrize("theirs", [SOLVED, NEVER])
def test_never_holds_only_as_long_as_was_trained(every_seed, theirs):
    """A rival's time, or its end, beyond a trial's own steps leaves the pair unknown: it might have got there too."""
    state = run_of(steps={"a": 50}, a=[NEVER] * 6, b=[theirs] * 6)
    found = verdict(state, metric="steps_to_solve", every_seed=every_seed)
    assert found.outcome is UNDECIDED
    assert "no final number of " in found.text


def test_a_seed_under_way_is_no_failure():
    """While a seed of either side trains, nothing is decided by the others."""
    plan = make_plan(["a", "b"], 10)
    events = finished(plan, lambda trial: {"test_accuracy": 0.9} if trial.variant == "a" else {"diverged_at": 10})
    running = [event for event in events if (event.get("stack"), event["kind"]) != (0, "end")]
    assert verdict(state_of(plan, running)).outcome is UNDECIDED


def test_an_undecided_score_names_fresh_seeds():
    """Five of five seeds won decide nothing; the seeds that are named are none of them. A tie of wins and losses names none."""
    assert re.search(r"--seeds 5-\d+ would decide 4 in 5 such cases", verdict(run_of(a=[0.9] * 5, b=[X] * 5)).text)
    even = verdict(run_of(a=[0.9, X, 0.9, 0.9], b=[X, 0.9, 0.95, 0.85]))
    assert even.text.endswith("more seeds are unlikely to decide it")
