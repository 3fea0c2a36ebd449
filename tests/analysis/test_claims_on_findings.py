"""Claims on what the diagnosis finds."""

from __future__ import annotations

from dataclasses import replace

import pytest
from scipy import stats
from synthetic_run import LN2, finished, make_plan, state_of

from dlbench.analysis.claims import Outcome, judge
from dlbench.analysis.diagnosis.finding import Finding
from dlbench.analysis.diagnosis.rules import RULES
from dlbench.analysis.diagnosis.rules.ending import OUTSIDE
from dlbench.plan.finding_kinds import KINDS, OLDER_KINDS
from dlbench.plan.questions import Claim, Compare, Questions

COMPARE = Compare("test_accuracy", "a")
CLAIM = Claim("it is so", "theory", "a", finds="dead-units")
NONE = replace(CLAIM, finds=None, finds_none=True)
CONFIRMED, REFUTED, UNDECIDED = Outcome.CONFIRMED, Outcome.REFUTED, Outcome.UNDECIDED
SEEDS = 12


def ended(seeds=SEEDS, **final):
    """A run of one variant whose trials end with these numbers."""
    plan = make_plan(["a"], seeds)
    return state_of(plan, finished(plan, lambda _: final or {"train_loss": LN2, "test_accuracy": 0.5}))


@pytest.fixture(scope="module")
def run():
    """A run of twelve seeds, whose probes were taken."""
    return ended()


def found(kind, seeds, severity="warning"):
    """A finding of a kind in these trials."""
    return {seed: [Finding(kind, severity, kind, (kind,), 0)] for seed in seeds}


def verdict(state, claim, findings):
    """The verdict on one claim, of a run in which this was found."""
    (one,) = judge(state, [claim.completed()], COMPARE, findings=findings)
    return one


@pytest.mark.parametrize("has", range(SEEDS + 1))
def test_a_finding_is_claimed_of_most_seeds(run, has):
    """Unless a claim says of how many, it is decided by whether the share's interval (Clopper and Pearson) leaves out a half."""
    one = verdict(run, CLAIM, found("dead-units", range(has)))
    low, high = stats.binomtest(has, SEEDS).proportion_ci(0.95, method="exact")

    assert one.outcome is (CONFIRMED if low > 0.5 else REFUTED if high <= 0.5 else UNDECIDED)
    assert (one.interval.low, one.interval.high) == pytest.approx((low, high), abs=1e-9)
    assert one.value == pytest.approx(has / SEEDS)


@pytest.mark.parametrize(
    ("claim", "findings", "outcome"),
    [
        (replace(CLAIM, every_seed=True), found("dead-units", range(12)), CONFIRMED),
        (replace(CLAIM, every_seed=True), found("dead-units", range(11)), REFUTED),
        (replace(CLAIM, at_least=0.7), found("dead-units", range(12)), CONFIRMED),
        (replace(CLAIM, at_least=0.9), found("dead-units", range(12)), UNDECIDED),
        (replace(CLAIM, at_most=0.3), {}, CONFIRMED),
        (replace(CLAIM, between=[0.1, 0.9]), found("dead-units", range(6)), CONFIRMED),
        (CLAIM, found("dead-units", range(12), "note"), REFUTED),
        (replace(CLAIM, notes=True), found("dead-units", range(12), "note"), CONFIRMED),
        (replace(CLAIM, notes=True), found("overfitting", range(12), "note"), REFUTED),
        (CLAIM, found("overfitting", range(12)), REFUTED),
        (replace(NONE, every_seed=True), {}, CONFIRMED),
        (replace(NONE, every_seed=True), found("overfitting", [3]), REFUTED),
        (replace(NONE, every_seed=True), found("overfitting", range(12), "note"), CONFIRMED),
        (NONE, found("overfitting", [3]), CONFIRMED),
        (NONE, found("overfitting", range(12), "alarm"), REFUTED),
    ],
    ids=str,
)
def test_findings_decide(run, claim, findings, outcome):
    """Alarms and warnings count, of the kind that is claimed or of any; notes do not, unless the claim says so."""
    assert verdict(run, claim, findings).outcome is outcome


def test_what_was_found_is_told(run):
    """A verdict says in how many seeds it is so, of how many it was claimed, and what else was found."""
    findings = found("dead-units", range(12))
    findings[4] += found("overfitting", [4])[4]

    assert verdict(run, CLAIM, findings).text.startswith(
        "finds dead-units 12/12, 95 % interval [0.74, 1.00]; claimed of more than half of the seeds; also found overfitting with 1 seed"
    )
    none = verdict(run, replace(NONE, every_seed=True), findings).text
    assert none.startswith("finds_none 0/12")
    assert "claimed of every seed; found dead-units with 12 seeds, overfitting with 1 seed" in none


def test_a_trial_that_diverged_has_its_findings():
    """A diverged trial has no accuracy, but it is known what was found in it."""
    state = ended(6, diverged_at=10)
    diverged = replace(CLAIM, finds="diverged", every_seed=True)

    (one,) = judge(state, [diverged], COMPARE)
    assert one.outcome is CONFIRMED


def test_without_measured_layers_nothing_is_confirmed():
    """Where no layers were measured, no finding is no sign of health, and a claim stays undecided."""
    plan = make_plan(["a"], 4)
    events = [event for event in finished(plan, lambda _: {"train_loss": LN2}) if event["kind"] != "probe"]
    state = state_of(plan, events)

    assert verdict(state, replace(NONE, every_seed=True), {}).outcome is UNDECIDED
    assert verdict(state, replace(CLAIM, every_seed=True), {}).outcome is UNDECIDED
    assert verdict(state, replace(CLAIM, every_seed=True), found("dead-units", range(4))).outcome is CONFIRMED


def test_kinds_of_claims_are_those_of_rules():
    """Whatever a rule finds in a net can be claimed, and nothing else can; older names become the new ones."""
    assert {rule.kind for rule in RULES} - OUTSIDE == set(KINDS)
    asked = Questions(claims=[replace(CLAIM, finds=older) for older in OLDER_KINDS]).by_newest_names()
    assert [claim.finds for claim in asked.claims] == list(OLDER_KINDS.values())
