"""What remedies have done: differences, p-values, what is gone and what is new, and the ranking."""

import pytest
from scipy.stats import ttest_rel
from synthetic_run import finished, make_plan, state_of

from dlbench.analysis.diagnosis.finding import Finding, Remedy
from dlbench.analysis.remedy_outcomes import outcomes_of
from dlbench.analysis.to_try import metric_to_try, to_mend
from dlbench.errors import UsageError
from dlbench.plan.questions import Compare
from dlbench.run.tried import SickVariant, TriedRemedies, TriedRemedy
from dlbench.words.outcomes import Outcome

BASE = [0.11, 0.12, 0.10, 0.13, 0.11]
GAINS = {
    "good": [0.8, 0.81, 0.78, 0.8, 0.82],
    "some": [0.0, 0.2, 0.1, -0.1, 0.2],
    "bad": [-0.05, -0.06, -0.05, -0.07, -0.06],
}


def found(kind, severity="alarm", since=0, remedies=()):
    """A finding."""
    return Finding(kind, severity, "it is", ("it is",), since, mend=lambda: tuple(remedies))


@pytest.fixture(scope="module")
def state():
    """Five seeds of a variant, and of it with three remedies."""
    values = {"sick": BASE} | {
        f"sick + {name}": [a + b for a, b in zip(BASE, own, strict=True)] for name, own in GAINS.items()
    }
    plan = make_plan(list(values))
    return state_of(plan, finished(plan, lambda trial: {"test_accuracy": values[trial.variant][trial.seed]}))


@pytest.fixture(scope="module")
def mended(state):
    """What the three have done; in the last seed of `some` the finding is still told, and `bad` brings another."""
    tried = [
        TriedRemedy(f"sick + {name}", "sick", name, "it helps", ["dead-units"], {"a": 1})
        for name in ("bad", "some", "good")
    ]
    question = TriedRemedies("xor/1", "test_accuracy", [SickVariant("sick", "sick", ["dead-units"])], tried)
    dead = [found("dead-units")]
    findings = (
        dict.fromkeys(range(5), dead)
        | {14: dead}
        | {15: [found("diverged", "warning"), found("too-few-steps", "note")]}
    )
    (one,) = outcomes_of(state, findings, question)
    return one


def test_differences_are_paired_and_corrected(mended):
    """The p-values are those of the paired t-test, corrected by Holm's method over all three."""
    by_name = {one.tried.remedy: one for one in mended.remedies}
    p = {name: ttest_rel([a + b for a, b in zip(BASE, own, strict=True)], BASE).pvalue for name, own in GAINS.items()}
    smallest, middle, largest = sorted(p.values())
    corrected = {smallest: 3 * smallest, middle: 2 * middle, largest: largest}

    assert {name: one.p for name, one in by_name.items()} == {
        name: pytest.approx(corrected[own], rel=1e-4) for name, own in p.items()
    }
    assert by_name["good"].difference.mean == pytest.approx(sum(GAINS["good"]) / 5)
    assert {name: one.outcome for name, one in by_name.items()} == {
        "good": Outcome.CONFIRMED, "some": Outcome.UNDECIDED, "bad": Outcome.REFUTED,
    }  # fmt: skip


def test_what_is_gone_and_what_is_new(mended):
    """A finding is gone where no seed has it; alarms and warnings that the baseline lacks are new, notes are not told."""
    by_name = {one.tried.remedy: one for one in mended.remedies}

    assert {name: (one.still, one.is_gone, one.new) for name, one in by_name.items()} == {
        "good": (0, True, ()), "some": (1, False, ()), "bad": (0, True, ("diverged",)),
    }  # fmt: skip


def test_the_best_comes_first(mended):
    """First what mends, then what is better, then the rest; the first is the one to take."""
    assert [one.tried.remedy for one in mended.remedies] == ["good", "some", "bad"]
    assert mended.best is mended.remedies[0]
    assert (mended.remedies[0].mends, mended.remedies[1].mends) == (True, False)


def test_a_seed_that_comes_to_its_end_outweighs_any_mean():
    """Where the baseline loses seeds and the remedy none it is better, whatever the survivors' mean says."""
    plan = make_plan(["sick", "sick + calm"])

    def final(trial):
        diverges = trial.variant == "sick" and trial.seed < 2
        return {"diverged_at": 20} if diverges else {"test_accuracy": 0.9 if trial.variant == "sick" else 0.05}

    state = state_of(plan, finished(plan, final))
    tried = [TriedRemedy("sick + calm", "sick", "calm", "it helps", ["diverged"], {})]
    question = TriedRemedies("xor/1", "test_accuracy", [SickVariant("sick", "sick", ["diverged"])], tried)

    (one,) = outcomes_of(state, {0: [found("diverged")], 1: [found("diverged")]}, question)

    assert (one.lost, one.remedies[0].lost, one.remedies[0].mends) == (2, 0, True)


def test_each_remedy_is_tried_once(state):
    """Of several findings each remedy comes once, the worst finding's first, with all kinds that it is for; notes are left out."""
    rate, wide = Remedy("lower-rate", {"train.optimizer.lr": 0.1}, "smaller"), Remedy("wider", {}, "more")
    findings = {
        0: [found("overfitting", "warning", 3, [rate])],
        1: [found("dead-units", "alarm", 9, [wide, rate])],
        6: [found("too-few-steps", "note", 0, [wide])],
    }
    (one,) = to_mend(state, findings, Compare())

    assert (one.name, [own.kind for own in one.findings]) == ("sick", ["dead-units", "overfitting"])
    assert [(own.remedy.name, own.kinds) for own in one.proposed] == [
        ("wider", ("dead-units",)), ("lower-rate", ("dead-units", "overfitting")),
    ]  # fmt: skip
    assert [own.name for own in to_mend(state, findings, Compare(), ["sick + good"])] == ["sick + good"]
    assert [own.remedy.name for own in to_mend(state, findings, Compare(), fixes=["lower-rate"])[0].proposed] == [
        "lower-rate"
    ]


def test_wrong_names_are_told(state):
    """A variant or a remedy that there is not is an error that names what was meant."""
    with pytest.raises(UsageError, match="there is no variant 'sikc'; did you mean 'sick'"):
        to_mend(state, {}, Compare(), ["sikc"])
    with pytest.raises(UsageError, match="there is no remedy 'lower-rat'; did you mean 'lower-rate'"):
        to_mend(state, {}, Compare(), fixes=["lower-rat"])


def test_the_metric_is_one_that_remedies_leave_alone(state):
    """A loss gives way where a remedy changes what it measures, an accuracy where classes are unequal, else it stays."""
    loss = to_mend(
        state, {0: [found("wrong-loss", remedies=[Remedy("cross-entropy", {"train.loss": "mse"}, "")])]}, Compare()
    )
    rare = to_mend(state, {0: [found("class-imbalance")]}, Compare())

    assert metric_to_try(state, Compare("test_loss"), loss) == "test_accuracy"
    assert metric_to_try(state, Compare("test_loss"), rare) == "test_loss"
    assert metric_to_try(state, Compare("test_accuracy"), rare) == "balanced_accuracy"
    assert metric_to_try(state, Compare(), loss) == "test_accuracy"
