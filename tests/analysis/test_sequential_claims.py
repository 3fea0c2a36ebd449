"""Claims that are tested sequentially: a run gets seeds until they are decided, and each look is at all seeds so far."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from ensemble_run import ASKED, ended, folder_of, reported
from synthetic_run import ends_with, finished, make_plan, metrics_event, state_of

from dlbench.analysis.claims import Outcome, judge
from dlbench.analysis.seed_curves import interval_ends, seed_curves
from dlbench.analysis.statistics.methods import method_of
from dlbench.analysis.statistics.proportions import Score
from dlbench.analysis.statistics.sequences import log_sign_martingale, mean_sequences, share_sequence
from dlbench.analysis.summary import report
from dlbench.export.json_data import as_data
from dlbench.metrics.quantity import ACCURACY
from dlbench.plan import UntilDecided
from dlbench.plan.questions import Claim, Compare, Questions
from dlbench.text.notes import notes_of

CONFIRMED, REFUTED, UNDECIDED = Outcome.CONFIRMED, Outcome.REFUTED, Outcome.UNDECIDED
COMPARE = Compare("test_accuracy", "a")
CLAIM = Claim(says="it is so", source="theory", variant="a", metric="test_accuracy")
NOISE = np.random.default_rng(3).normal(0, 0.02, 40).round(4).tolist()
ABOUT_80 = [0.80 + noise for noise in NOISE]


def growing_run(**variants):
    """A run that gets seeds until its claims are decided, whose trials end with these test accuracies; `None` diverges."""
    plan = make_plan(list(variants), len(next(iter(variants.values()))))
    return state_of(replace(plan, until_decided=UntilDecided([0, 1, 2], 100)), finished(plan, ends_with(variants)))


def verdict(state, **claim):
    """The verdict on one claim with these keys."""
    (found,) = judge(state, [replace(CLAIM, **claim)], COMPARE)
    return found


@pytest.mark.parametrize("seeds", range(5, 41, 7))
def test_the_first_look_that_decides_is_final(seeds):
    """A claim is decided after the first seeds, from five on, whose interval at 5 % lies on one side of the limit, and stays so."""
    limit = 0.78
    first = next(n for n in range(5, 41) if mean_sequences(ABOUT_80[:n], ACCURACY)(0.05).low > limit)
    found = verdict(growing_run(a=ABOUT_80[:seeds]), at_least=limit)
    assert found.outcome is (CONFIRMED if seeds >= first else UNDECIDED)
    assert found.looks.decided_after == (first if seeds >= first else None)
    assert found.looks.is_open is (seeds < first)
    assert found.interval == mean_sequences(ABOUT_80[:seeds], ACCURACY)(0.05)


def test_a_decision_stays_when_the_interval_covers_the_limit_again():
    """Seven seeds above a limit decide; that ten more below it take the interval back is no second decision."""
    high, low = [0.9 + noise for noise in NOISE[:7]], [0.6 + noise for noise in NOISE[7:17]]
    found = verdict(growing_run(a=[*high, *low]), at_least=0.8)
    assert 0.8 in found.interval
    assert (found.outcome, found.looks.decided_after) == (CONFIRMED, 5)


def test_nothing_is_decided_before_five_seeds():
    """However far from the limit, four seeds leave a claim open."""
    found = verdict(growing_run(a=[0.9, 0.9001, 0.9002, 0.9001]), at_least=0.1)
    assert (found.outcome, found.looks.is_open) == (UNDECIDED, True)


def test_alpha_is_split_among_the_claims():
    """Of m claims each is tested at 5 % / m; those that ask every seed do not count."""
    state = growing_run(a=ABOUT_80)
    claims = [replace(CLAIM, at_least=0.78), replace(CLAIM, at_most=0.9), replace(CLAIM, at_least=0.5, every_seed=True)]
    first, second, every = judge(state, claims, COMPARE)
    expected = next(n for n in range(5, 41) if mean_sequences(ABOUT_80[:n], ACCURACY)(0.025).low > 0.78)
    assert (first.looks.claims, first.looks.decided_after) == (2, expected)
    assert first.looks.p == pytest.approx(2 * first.p)
    assert second.looks.claims == 2
    assert (every.looks, every.outcome) == (None, CONFIRMED)


def test_p_is_of_the_look_that_decided():
    """p is the least alpha at which the interval of the deciding seeds lies beyond the limit."""
    found = verdict(growing_run(a=ABOUT_80), at_least=0.78)
    interval = mean_sequences(ABOUT_80[: found.looks.decided_after], ACCURACY)(found.p)
    assert interval.low == pytest.approx(0.78, abs=1e-5)
    assert found.p_holm is None


def test_shares_have_a_confidence_sequence_of_their_own():
    """A share of solved seeds is decided once the beta-binomial sequence leaves the limit out."""
    solved = [1.0] * 40
    first = next(n for n in range(5, 41) if share_sequence(n, n, 0.05).low > 0.8)
    found = verdict(growing_run(a=solved), metric="solved", at_least=0.8)
    assert (found.outcome, found.looks.decided_after) == (CONFIRMED, first)


def test_an_advantage_is_tested_on_paired_differences_with_nine_tenths_of_alpha():
    """The advantage is decided by the sequence of the differences; a tenth of alpha is kept for diverged seeds."""
    rival = [value - 0.01 + 0.3 * noise for value, noise in zip(ABOUT_80, NOISE[::-1], strict=True)]
    gaps = [a - b for a, b in zip(ABOUT_80, rival, strict=True)]
    first = next(n for n in range(5, 41) if mean_sequences(gaps[:n], ACCURACY.of_differences)(0.045).low > 0)
    found = verdict(growing_run(a=ABOUT_80, b=rival), better_than="b")
    assert (found.outcome, found.looks.decided_after) == (CONFIRMED, first)


def test_pairs_with_a_diverged_seed_are_decided_by_the_sign_test():
    """From the first diverged seed on, the martingale of a fair coin decides over all pairs, with a tenth of alpha."""
    rival = [None if seed % 2 else 0.1 for seed in range(40)]
    first = next(n for n in range(5, 41) if log_sign_martingale(Score(n, 0, 0)) >= np.log(1 / 0.005))
    found = verdict(growing_run(a=ABOUT_80, b=rival), better_than="b")
    assert (found.outcome, found.looks.decided_after) == (CONFIRMED, first)
    assert "by the sign test" in found.text
    turned = verdict(growing_run(a=rival, b=ABOUT_80), better_than="b")
    assert (turned.outcome, turned.looks.decided_after) == (REFUTED, first)


def test_a_diverged_seed_leaves_a_mean_undecided_and_asks_for_no_other():
    """The mean of the survivors is biased, and more seeds do not mend that: the claim is not open."""
    found = verdict(growing_run(a=[*ABOUT_80[:9], None]), at_least=0.5)
    assert (found.outcome, found.looks.is_open) == (UNDECIDED, False)
    assert "diverged" in found.text


def test_equal_values_of_an_unbounded_metric_ask_for_no_other():
    """Losses that are all equal have no variance to estimate from: the claim is undecided, and not open."""
    found = verdict(growing_run(a=[0.75] * 6), metric="test_loss", at_most=0.5)
    assert (found.outcome, found.looks.is_open) == (UNDECIDED, False)


def test_a_look_stops_at_the_first_seed_that_still_trains():
    """What was decided stays so while a batch trains; what was not waits for the first seed of it."""
    state = growing_run(a=ABOUT_80[:25])
    first = verdict(state, at_least=0.78).looks.decided_after
    for stack in state.stacks:
        stack.ends.clear()
    running = verdict(state, at_least=0.78)
    assert (running.outcome, running.looks.is_open) == (UNDECIDED, True)
    assert first is not None
    plan = make_plan(["a"], 8)
    split = replace(
        plan,
        stacks=[replace(plan.stacks[0], trials=[0, 1, 2, 3, 4]), replace(plan.stacks[0], trials=[5, 6, 7])],
        workers=[replace(plan.workers[0], stacks=[0, 1])],
        until_decided=UntilDecided([0], 100),
    )
    events = finished(split, lambda trial: {"test_accuracy": ABOUT_80[trial.seed]})
    last = max(place for place, event in enumerate(events) if event["kind"] == "stack")
    state = state_of(split, [*events[: last + 1], metrics_event(1, 0, [{"test_accuracy": 0.1}] * 3)])
    found = verdict(state, at_least=0.5)
    assert (found.outcome, found.looks.decided_after) == (CONFIRMED, 5)


def test_claims_on_ensembles_are_not_decided_sequentially(tmp_path):
    """For subsets of seeds no confidence sequence is known: such a claim stays undecided, says why, and takes no share of alpha."""
    state = ended()
    state.plan = replace(state.plan, until_decided=UntilDecided([0], 100))
    claim = Claim("it helps", "lecture", "few", "ensemble_gain", members=3, at_least=-1.0)
    (found,) = reported(folder_of(tmp_path), state, ASKED, [claim]).verdicts
    assert (found.outcome, found.p, found.interval, found.looks) == (UNDECIDED, None, None, None)
    assert "this claim is not decided sequentially" in found.text


def test_table_and_exports_name_the_confidence_sequences():
    """Cells have the sequences' intervals, JSON the looks at a claim, notes and verdicts the name of the method."""
    state = growing_run(a=ABOUT_80[:8], b=[value + 0.1 for value in ABOUT_80[:8]])
    found = report(state, Questions(compare=COMPARE, claims=[replace(CLAIM, at_least=0.5)]))
    told = as_data(found)
    row = found.table.rows[0]
    assert row.cells["test_accuracy"].interval == mean_sequences(ABOUT_80[:8], ACCURACY)(0.05)
    assert told["claims"][0]["looks"] == {"claims": 1, "p": found.verdicts[0].p, "decided_after": 5, "is_open": False}
    assert any("confidence sequences" in note for note in notes_of(found))
    assert "95 % confidence sequence [" in found.verdicts[0].text
    assert found.verdicts[0].text.endswith("decided after 5 seeds")


def test_bands_of_curves_are_the_tables_intervals():
    """At the last evaluation a band ends where the cell's interval does, by the run's own method."""
    state = growing_run(a=ABOUT_80[:8])
    low, high = interval_ends(seed_curves(state.trials, "test_accuracy"), "test_accuracy", method_of(state.plan))
    expected = mean_sequences(ABOUT_80[:8], ACCURACY)(0.05)
    assert (low[-1], high[-1]) == pytest.approx((expected.low, expected.high))
