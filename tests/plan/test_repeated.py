"""A command with places becomes trials: every combination of values with every seed."""

from dataclasses import replace

import pytest

from dlbench.errors import UsageError
from dlbench.plan.repeated import BASE, repeated_trials, value_lists

COMMAND = ["python", "train.py", "--lr", "{lr}", "--seed={seed}"]


def test_every_combination_has_every_seed():
    """The product of all values with the seeds, all variants of a seed before the next seed, each with its own words."""
    values = value_lists(["lr=0.1,0.01", "act=relu,tanh"])
    trials = repeated_trials([*COMMAND, "{act}"], values, [0, 7])

    assert [trial.label for trial in trials] == [
        f"lr={lr}, act={act}, seed {seed}" for seed in (0, 7) for lr in ("0.1", "0.01") for act in ("relu", "tanh")
    ]
    assert trials[5].words == ("python", "train.py", "--lr", "0.1", "--seed=7", "tanh")
    assert trials[5].settings == {"lr": 0.1, "act": "tanh"}


def test_without_values_there_is_one_variant():
    """A command that sets nothing has the variant that recordings have which name none."""
    assert [trial.variant for trial in repeated_trials(["a", "{seed}"], {}, [0, 1])] == [BASE, BASE]


def test_variants_are_named_by_a_pattern():
    """Names of variants may have places of their own, and the command may have the name."""
    trials = repeated_trials([*COMMAND, "{variant}"], {"lr": ["1", "2"]}, [0], "rate {lr}")

    assert [trial.variant for trial in trials] == [trial.words[-1] for trial in trials] == ["rate 1", "rate 2"]


@pytest.mark.parametrize(
    ("word", "filled"),
    [
        ("{{seed}}", "{seed}"),
        ('{"lr": {lr}}', '{"lr": 0.1}'),
        ("{}", "{}"),
        ("a{1}", "a{1}"),
        ("x{lr}{seed}y", "x0.13y"),
    ],
)
def test_other_braces_are_braces(word, filled):
    """Doubled braces are single ones, and what could be no name is left as it is."""
    (trial,) = repeated_trials(["a", "{lr}", word], {"lr": ["0.1"]}, [3])

    assert trial.words[2] == filled


@pytest.mark.parametrize(
    ("value", "setting"), [("1e-3", 0.001), ("64", 64), ("true", True), ("[1]", "[1]"), ("NaN", "NaN"), ("no", "no")]
)
def test_settings_are_numbers_where_they_can(value, setting):
    """A setting is a number or a truth value where its text is one, else the text."""
    (trial,) = repeated_trials(["{x}"], {"x": [value]}, [0])

    assert trial.settings == {"x": setting}
    assert type(trial.settings["x"]) is type(setting)


def test_a_value_may_hold_commas():
    """In double quotes a comma is part of the value."""
    assert value_lists(['layers="64,32", 128']) == {"layers": ["64,32", "128"]}


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["lr"], "takes a name and its values"),
        (["=1"], "takes a name and its values"),
        (["a b=1"], "takes a name and its values"),
        (["seed=1,2"], "--seeds says what it is"),
        (["variant=a"], "--variant says what it is"),
        (["lr=1", "lr=2"], "'lr' is set twice"),
        (["lr="], "has an empty value"),
        (["lr=1,,2"], "has an empty value"),
        (["lr=1\n2"], "line feed"),
        (["lr=1,2,1"], "has 1 twice"),
    ],
)
def test_wrong_values_are_told(options, says):
    """What is no list of values is one clear error."""
    with pytest.raises(UsageError, match=says):
        value_lists(options)


@pytest.mark.parametrize(
    ("command", "variant", "says"),
    [
        (["a", "{sed}"], None, r"nothing is called '\{sed\}' .*doubled.*did you mean 'seed'"),
        (["a", "{LR}", "{lr}"], None, r"nothing is called '\{LR\}'"),
        (["a", "{seed}"], None, r"the command has no \{lr\}, so that these values would change nothing"),
        (["a", "{{lr}}"], None, r"the command has no \{lr\}"),
        (["a", "{lr}"], "mine", "names several variants alike"),
        (["a", "{lr}"], "{seed}", r"--variant \{seed\}: nothing is called '\{seed\}'"),
    ],
)
def test_wrong_commands_are_told(command, variant, says):
    """A place that nobody fills, values that change nothing, and variants that could not be told apart are errors."""
    with pytest.raises(UsageError, match=says):
        repeated_trials(command, {"lr": ["1", "2"]}, [0], variant)


def test_a_trial_is_known_by_all_that_it_is():
    """The id is the same in another call, and another one for another command, variant, value or seed."""
    values = {"lr": ["0.1"]}
    (trial,), (again,) = (repeated_trials(COMMAND, values, [3]) for _ in range(2))
    others = [
        *repeated_trials([*COMMAND, "-v"], values, [3]),
        *repeated_trials(COMMAND, values, [3], "named"),
        *repeated_trials(COMMAND, {"lr": ["0.10"]}, [3]),
        *repeated_trials(COMMAND, values, [4]),
    ]

    assert again == replace(trial)
    assert len({trial.id, *(other.id for other in others)}) == 5
