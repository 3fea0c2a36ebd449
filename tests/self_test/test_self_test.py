"""`dlbench diagnose --self-test`, from the trained scenarios to what is printed, and what it says to wrong questions."""

import json

import pytest
from typer.testing import CliRunner
from verbs import app

from dlbench.cli.probe import wait_for
from dlbench.errors import UsageError
from dlbench.self_test.catalogue import chosen
from dlbench.self_test.training import diagnosed

FAMILY = "stopped as soon as it has begun, on xor"


def said(*words):
    """What the verb prints."""
    found = CliRunner().invoke(app, ["diagnose", "--self-test", *words], catch_exceptions=False)
    assert found.exit_code == 0
    return found.stdout


@pytest.mark.extras
def test_scenarios_are_trained_and_counted():
    """A family's scenarios are trained with two seeds each, are as their labels say, and are counted in their part."""
    data = json.loads(said("--family", FAMILY, "--json"))

    assert sorted((one["scenario"], one["seed"]) for one in data["trials"]) == [
        ("xor-one-epoch", 0),
        ("xor-one-epoch", 1),
        ("xor-one-tanh-layer", 0),
        ("xor-one-tanh-layer", 1),
    ]
    assert all(one["as_labelled"] and one["status"] == "ok" for one in data["trials"])
    assert list(data["scores"]) == ["held_out"]
    assert data["scores"]["held_out"]["recall"]["of"] == data["scores"]["held_out"]["false_alarms"]["of"] == 2


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["run-1", "--self-test"], "leave out the run"),
        (["--held-out", "run-1"], "choose among the scenarios of --self-test"),
        (["--self-test", "--held-out", "--tuning"], "two parts of all scenarios"),
        (["--self-test", "--family", "rate of SG on digits"], "did you mean 'rate of SGD on digits'"),
        (["--self-test", "--family", FAMILY, "--tuning"], "held out; leave out the option"),
        ([], "no run given"),
    ],
)
def test_a_wrong_question_is_answered(words, what):
    """What cannot be asked together, a family that there is not, and no run at all are each told in a sentence."""
    with pytest.raises(UsageError, match=what):
        CliRunner().invoke(app, ["diagnose", *words], catch_exceptions=False, standalone_mode=False)


@pytest.mark.extras
def test_labels_hold_on_points(tmp_path):
    """Of the scenarios on points the healthy ones reach their targets and the sick ones do not, with every seed."""
    asked = [one for one in chosen(held_out=False) if one.group == "points"]
    trials = list(diagnosed(asked, tmp_path, lambda _: None, wait_for))

    assert len(trials) == 2 * len(asked)
    assert [(one.scenario.name, one.seed, one.value) for one in trials if not one.is_as_labelled] == []
