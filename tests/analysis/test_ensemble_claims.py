"""Verdicts on claims about ensembles."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from ensemble_run import ASKED, LABELS, ended, final, folder_of, reported
from synthetic_run import control_event

from dlbench.analysis.claims import Outcome
from dlbench.analysis.ensembles.subsets import estimate
from dlbench.plan.questions import Claim, Ensemble
from dlbench.run.predictions import Predictions, read, write

CLAIM = Claim("it helps", "lecture", "few", "ensemble_gain", members=3, at_least=0.0)
CONFIRMED, REFUTED, UNDECIDED = Outcome.CONFIRMED, Outcome.REFUTED, Outcome.UNDECIDED


@pytest.fixture
def folder(tmp_path):
    """A folder with predictions."""
    return folder_of(tmp_path)


def verdict(folder, asked=ASKED, state=None, **claim):
    """The verdict on the claim with other conditions."""
    given = {"at_least": None, **claim} if {"at_most", "between", "near", "better_than"} & claim.keys() else claim
    (found,) = reported(folder, state or ended(), asked, [replace(CLAIM, **given)]).verdicts
    return found


def test_a_claim_is_judged_by_the_interval_over_members(folder):
    """Confirmed wholly within, refuted wholly outside, undecided across a limit, with the table's mean and interval."""
    one = reported(folder, ended()).ensembles.groups[0].find(3, "probability").estimate("ensemble_gain")
    low, high = one.interval.low, one.interval.high
    found = verdict(folder, between=[low - 0.01, high + 0.01])

    assert (found.value, found.interval, found.n) == (one.mean, one.interval, 6)
    assert found.outcome is CONFIRMED
    assert verdict(folder, at_least=high + 0.01).outcome is REFUTED
    across = verdict(folder, at_least=one.mean + 0.4 * (high - one.mean))
    assert across.outcome is UNDECIDED
    assert " would decide 4 in 5 such cases" in across.text


def test_the_numbers_are_told(folder):
    """The text has the metric, how many members, subsets and seeds, the interval, and the condition."""
    found = verdict(folder, Ensemble([3], ["probability", "vote"]), combine="vote", at_least=0.5)

    assert found.text.startswith("ensemble_gain of 3 members by vote ")
    assert "(20 subsets of 6 seeds), 95 % interval [" in found.text
    assert found.text.endswith("; claimed at least 0.5000; p < 0.0001, Holm < 0.0001")


def test_every_subset_can_be_asked(folder):
    """Jensen holds in every subset; a bound that some subset misses is refuted with its seeds."""
    exact = verdict(folder, metric="ensemble_loss_gain", every_seed=True)
    missed = verdict(folder, metric="ensemble_accuracy", at_least=0.99, every_seed=True)

    assert (exact.outcome, exact.text.endswith("by every subset")) == (CONFIRMED, True)
    assert missed.outcome is REFUTED
    assert "not met by 20 of 20 subsets, among them seeds 0, 1, 2" in missed.text
    assert verdict(folder, Ensemble([3], subsets=9), metric="ensemble_loss_gain", every_seed=True).text.endswith(
        "met by every subset that was drawn"
    )


@pytest.mark.parametrize(("metric", "sign"), [("ensemble_gain", 1), ("ensemble_loss", -1)])
def test_one_variant_is_held_against_another_subset_by_subset(folder, metric, sign):
    """The advantage is paired by subsets of the same seeds; where lower is better it is theirs less ours (1e-9)."""
    this = reported(folder, ended())
    ours, theirs = (group.find(3, "probability") for group in this.ensembles.groups)
    expected = estimate(sign * (ours.values[metric] - theirs.values[metric]), ours.subsets, 6)
    found = verdict(folder, metric=metric, better_than="many")

    assert found.value == pytest.approx(expected.mean, rel=1e-9)
    assert (found.interval.low, found.interval.high) == pytest.approx(
        (expected.interval.low, expected.interval.high), rel=1e-9
    )
    assert found.text.startswith(f"advantage over many in {metric} of 3 members ")


def test_an_ensemble_of_all_seeds_decides_nothing(folder):
    """It is a single draw: undecided whatever its number, and what to do is said; each subset can still be asked."""
    asked = Ensemble("all")
    found = verdict(folder, asked, members=6, at_least=-1.0)

    assert found.outcome is UNDECIDED
    assert "(1 subset of 6 seeds)" in found.text
    assert "use more seeds than members" in found.text
    assert verdict(folder, asked, members=6, at_least=-1.0, every_seed=True).outcome is CONFIRMED


def one_diverged(trial):
    """Seed 2 of both variants diverges."""
    return {"diverged_at": 7} if trial.seed == 2 else final(trial)


@pytest.mark.parametrize("every_seed", [False, True])
def test_without_all_seeds_nothing_is_confirmed(folder, every_seed):
    """The survivors alone would flatter: undecided, and how many seeds are no members is said."""
    found = verdict(folder, state=ended(final=one_diverged), at_least=-1.0, every_seed=every_seed)

    assert found.outcome is UNDECIDED
    assert "1 seed is not a member" in found.text
    assert verdict(
        folder, state=ended(final=one_diverged), metric="ensemble_loss", at_most=1e-9, every_seed=True
    ).outcome is (REFUTED)


def test_what_was_touched_by_hand_decides_nothing(folder):
    """A member whose rate was set by hand leaves the claim undecided with the reason; subsets without it still refute."""

    def with_hands(events):
        return [*events[:3], control_event("set_lr", 0, 1, trials=[4], lr=0.5), *events[3:]]

    state = ended(change=with_hands)
    found = verdict(folder, state=state, at_least=-1.0)
    refuted = verdict(folder, state=state, metric="ensemble_accuracy", at_least=0.99, every_seed=True)

    assert (found.outcome, "seed 4 was changed by hand at step 1" in found.text) == (UNDECIDED, True)
    assert refuted.outcome is REFUTED
    assert "not met by 10 of 20 subsets" in refuted.text


def test_other_seeds_are_not_compared(folder):
    """Where the variants' members are of different seeds, there is no pair, and nothing is decided."""

    def one_lost(trial):
        return {"diverged_at": 7} if (trial.variant, trial.seed) == ("many", 2) else final(trial)

    found = verdict(folder, state=ended(final=one_lost), better_than="many")

    assert (found.outcome, found.value) == (UNDECIDED, None)
    assert "1 seed is not a member" in found.text


def test_a_run_that_lacks_something_says_what(folder):
    """Without predictions, without the variant or without such ensembles a claim is undecided, with the reason."""
    assert "not read" in verdict(folder, None).text
    assert "this run has no 'none'" in verdict(folder, variant="none").text
    folder.predictions_file(0).unlink()
    assert "the run has no such ensembles" in verdict(folder).text


def test_rounding_refutes_no_exact_claim(folder):
    """Members that all say the same gain exactly nothing: at least 0 holds in every subset, and so does at most 0."""
    ids = [f"0-{seed}" for seed in range(6)]
    same = np.repeat(read(folder.predictions_file(0), ids).logits[:1], 6, axis=0)
    write(folder.predictions_file(0), Predictions(same, LABELS, ids))
    claims = [{"metric": "ensemble_loss_gain", bound: 0.0} for bound in ("at_least", "at_most")]
    outcomes = [verdict(folder, Ensemble("all"), members=5, every_seed=True, **claim).outcome for claim in claims]

    assert outcomes == [CONFIRMED, CONFIRMED]
