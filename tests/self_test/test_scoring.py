"""The figures of the record, of trials whose findings are made by hand."""

from collections import Counter

import pytest
from records import MISSED, REACHED, trial

from dlbench.cli.output import as_text
from dlbench.plan.finding_kinds import KINDS
from dlbench.self_test.as_data import parts_of, record_as_data
from dlbench.self_test.scoring import HEALTHY, NOTHING, Share, confusion, score, score_of_kinds
from dlbench.text.blocks import Terminal
from dlbench.text.self_test import render_record, share_text

RECORD = [
    trial("dead-units", accepts=("dead-units",), name="right"),
    trial("overfitting", accepts=("dead-units",), name="confused"),
    trial(accepts=("dead-units", "zero-gradient"), name="silent"),
    trial(
        "zero-gradient", "not-learning", accepts=("dead-units", "zero-gradient"), also=("not-learning",), name="both"
    ),
    trial(name="calm"),
    trial("overfitting", name="wolf"),
    trial(notes=("overfitting",), name="noted"),
]


def test_findings_are_worth_what_the_label_says():
    """Accepted kinds name it, kinds true beside it are neither, all others are wrong; a kind told twice counts once."""
    one = trial(
        "dead-units", "not-learning", "overfitting", "dead-units", accepts=("dead-units",), also=("not-learning",)
    )

    assert one.named == ("dead-units",)
    assert one.beside == ("not-learning",)
    assert one.wrong == ("overfitting",)
    assert one.kinds == ("dead-units", "not-learning", "overfitting")


def test_the_figures_are_shares_of_trials_and_of_findings():
    """2 of 4 sick trials are named, 3 of 5 findings are not wrong, 1 of 3 healthy trials has a finding; notes do not count."""
    figures = score(RECORD)

    assert figures.scenarios == 7
    assert figures.recall == Share(2, 4)
    assert figures.precision == Share(3, 5)
    assert figures.false_alarms == Share(1, 3)


def test_a_share_of_nothing_is_no_number():
    """Where there were no findings there is no precision, and no division."""
    figures = score([trial()])

    assert figures.precision.value is None
    assert share_text(figures.precision) == "-"
    assert share_text(Share(2, 4)) == "2 of 4, 0.50"


def test_kinds_have_figures_of_their_own():
    """The cases of a kind are those labelled with it first; what is told of it is right where it is accepted or true beside it."""
    own = {one.kind: one for one in score_of_kinds(RECORD, KINDS)}

    assert list(own) == ["zero-gradient", "dead-units", "not-learning", "overfitting"]
    assert (own["dead-units"].recall, own["dead-units"].precision) == (Share(2, 4), Share(1, 1))
    assert (own["overfitting"].recall, own["overfitting"].precision) == (Share(0, 0), Share(0, 2))
    assert own["overfitting"].false_alarms == 1
    assert own["not-learning"].precision == Share(1, 1)


def test_the_confusion_counts_what_met_what():
    """Each trial counts once under each kind that is told of it, or under nothing; healthy ones are expected to be healthy."""
    assert confusion(RECORD) == Counter(
        {
            ("dead-units", "dead-units"): 1,
            ("dead-units", "overfitting"): 1,
            ("dead-units", NOTHING): 1,
            ("dead-units", "zero-gradient"): 1,
            ("dead-units", "not-learning"): 1,
            (HEALTHY, NOTHING): 2,
            (HEALTHY, "overfitting"): 1,
        }
    )


def test_seeds_that_went_wrong_alike_share_a_line():
    """What two seeds of a scenario have in common is said once, with both."""
    both = [trial("overfitting", name="wolf", seed=seed) for seed in (0, 1)]

    assert "wrong: wolf, seeds 0, 1: overfitting" in as_text(render_record(both, Terminal(80, False, False, "en")))


@pytest.mark.parametrize(
    ("accepts", "value", "holds"),
    [((), REACHED, True), ((), MISSED, False), (("diverged",), MISSED, True), (("diverged",), REACHED, False)],
)
def test_a_label_is_held_against_the_target(accepts, value, holds):
    """A healthy trial shall reach the target and a sick one shall not."""
    assert trial(accepts=accepts, value=value).trial.is_as_labelled is holds


def test_parts_are_told_apart():
    """Tuning and held-out scenarios have figures of their own, then all together; of one part alone there is no whole."""
    kept = trial("dead-units", accepts=("dead-units",), name="kept", held_out=True)

    assert {name: len(own) for name, own in parts_of([*RECORD, kept]).items()} == {"tuning": 7, "held_out": 1, "all": 8}
    assert list(parts_of([kept])) == ["held_out"]


def test_the_data_has_every_trial_with_its_label():
    """Programs read each trial's label, number and findings, notes among these, and the same figures as are printed."""
    data = record_as_data(RECORD)
    noted = next(one for one in data["trials"] if one["scenario"] == "noted")

    assert data["scores"]["tuning"]["recall"] == {"count": 2, "of": 4, "share": 0.5}
    assert {"expected": "healthy", "found": "overfitting", "trials": 1} in data["scores"]["tuning"]["confusion"]
    assert noted["findings"][0]["severity"] == "note"
    assert noted["named"] == noted["beside"] == noted["wrong"] == []


def test_what_went_wrong_is_said_by_name(monkeypatch):
    """The page has the shares, and a line each for what was missed, told wrongly, or not as its label says."""
    monkeypatch.setenv("COLUMNS", "120")
    text = as_text(render_record([*RECORD, trial(name="odd", value=MISSED)], Terminal(120, False, False, "en")))

    assert "2 of 4, 0.50" in text
    assert "healthy, 4 trials: nothing 3, overfitting 1" in text
    assert "missed: silent, seed 0: dead-units or zero-gradient expected, nothing told" in text
    assert "wrong: wolf, seed 0: overfitting" in text
    assert "label: odd, seed 0: test_accuracy is 0.5, which a healthy one's should not be" in text
