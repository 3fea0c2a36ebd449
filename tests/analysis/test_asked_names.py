"""Names in questions that no recording has are told with their place and what was likely meant; so are settings that differ."""

import pytest
from recorded_runs import Recorded, group, record
from synthetic_run import finished, make_plan, state_of

from dlbench.analysis.asked_names import unknown_names
from dlbench.analysis.summary import report, summarize
from dlbench.plan.questions import Claim, Compare, Questions
from dlbench.run.group import find_shown


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """A folder with a group of two variants, which log `train_loss`, `test_accuracy` and `bleu`."""
    made = tmp_path_factory.mktemp("groups")
    group(made)
    return made


def claim(variant="he", metric="bleu", **condition):
    """A claim on a variant."""
    return Claim("so it is", "measured", variant, metric, **(condition or {"at_least": 1.0}))


def told(base, questions):
    """Path, text and whether it is a slip of the pen, of each unknown name."""
    state = summarize(find_shown(base, "mine"), questions).state
    return [(one.path, one.what, one.is_misspelt) for one in unknown_names(state, questions)]


@pytest.mark.parametrize(
    ("questions", "path", "what", "is_misspelt"),
    [
        (
            Questions(compare=Compare(metric="blue")),
            ("compare", "metric"),
            "logged 'blue' so far; did you mean 'bleu'?",
            True,
        ),
        (Questions(compare=Compare(metric="rouge")), ("compare", "metric"), "'rouge' so far; there are bleu", False),
        (Questions(compare=Compare(metric="val_loss")), ("compare", "metric"), "'val_loss' so far; did you mean", True),
        (
            Questions(compare=Compare(metric="test_rmse")),
            ("compare", "metric"),
            "no recording has a test_rmse so far",
            False,
        ),
        (
            Questions(compare=Compare(baseline="xaver")),
            ("compare", "baseline"),
            "no variant is called 'xaver' so far; did you mean 'xavier'?",
            True,
        ),
        (
            Questions(compare=Compare(columns=["bleu", "blue@100"])),
            ("compare", "columns", 1),
            "no recording has logged 'blue' so far; did you mean 'bleu'?",
            True,
        ),
        (Questions(better={"belu": "higher"}), ("compare", "better", "belu"), "did you mean 'bleu'?", True),
        (Questions(claims=[claim(), claim("hee")]), ("claims", 1, "variant"), "'hee' so far; did you mean 'he'?", True),
        (Questions(claims=[claim("lecun")]), ("claims", 0, "variant"), "'lecun' so far; there are xavier, he", False),
        (
            Questions(claims=[claim(better_than="javier")]),
            ("claims", 0, "better_than"),
            "did you mean 'xavier'?",
            True,
        ),
        (Questions(claims=[claim(metric="test_acuracy")]), ("claims", 0, "metric"), "mean 'test_accuracy'?", True),
    ],
)
def test_a_name_that_no_recording_has_is_told(base, questions, path, what, is_misspelt):
    """Where it stands, that nobody has it, and the nearest name or those that there are; what looks like none is no slip."""
    ((found, text, slip),) = told(base, questions)

    assert (found, slip) == (path, is_misspelt)
    assert what in text


def test_names_that_are_there_are_not_told(base):
    """What every recording logs, ours and theirs, also at a step; a metric that may never come is no mistake."""
    compare = Compare("bleu", "xavier", columns=["train_loss@100", "bleu@100"])
    claims = [claim(), claim(better_than="xavier"), claim(metric="steps_to_solve", at_most=9.0)]

    assert told(base, Questions(compare=compare, claims=claims, better={"bleu": "higher"})) == []


def test_before_anything_is_logged_no_name_is_wrong(tmp_path):
    """A recording that has just begun has logged nothing, and whatever is asked may still come."""
    record(tmp_path, Recorded("he", 0, steps=-1, status=None))

    assert told(tmp_path, Questions(compare=Compare(metric="blue"), claims=[claim("hee")])) == []


def test_they_are_notes_of_the_table(base):
    """The report says it with the place in the questions, whoever asked them."""
    found = summarize(find_shown(base, "mine"), Questions(claims=[claim("hee")]))

    assert "questions, claims[0].variant: no variant is called 'hee' so far; did you mean 'he'?" in found.problems


def test_a_column_that_no_trial_has_is_told(base):
    """Of recordings and of recipes: a known metric without a number makes no column, and a note instead; others are no news."""
    asked = Questions(compare=Compare(columns=["train_loss", "test_rmse", "bleu@5000", "blue"]))
    found = summarize(find_shown(base, "mine"), asked)
    plan = make_plan(["a"], 2)
    state = state_of(plan, finished(plan, lambda trial: {"test_accuracy": 0.5, "train_loss": 0.1}))
    own = report(state, Questions(compare=Compare(columns=["train_loss", "test_rmse"])))

    (note,) = [text for text in found.problems if "[compare]" in text]
    assert note == "no trial has a number for these columns of [compare]: test_rmse, bleu@5000"
    assert "no trial has a number for this column of [compare]: test_rmse" in own.problems


def test_settings_that_differ_within_a_variant_are_told(tmp_path):
    """Two recordings of one name with other settings are said with their values; one that does not count says nothing."""
    record(tmp_path, Recorded("he", 0, settings={"lr": 0.5, "width": 8}))
    record(tmp_path, Recorded("he", 0, settings={"lr": 0.1, "width": 8}, minute=1))
    record(tmp_path, Recorded("he", 1, settings={"lr": 0.01, "width": 8, "bias": True}, minute=2))
    record(tmp_path, Recorded("xavier", 1, settings={"lr": 3}, minute=3))
    (note,) = [text for text in find_shown(tmp_path, "mine").notes if "differs" in text]

    assert note.startswith("he: lr differs: 0.1, 0.01; bias differs: not told, True; its numbers are taken together")
