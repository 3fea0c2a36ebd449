"""How a recipe lets trials stop early: in all variants, in one of them, or by mistake."""

import pytest

from dlbench.errors import RecipeError
from dlbench.plan.make import make_plan

RULE = {"metric": "validation_loss", "patience": 5, "min_delta": 0.0}


@pytest.fixture
def on_digits(base):
    """The tests' own recipe on data with a validation split, and more at its end."""
    return base.replace('kind = "xor"', 'kind = "digits"\nvalidation = 100').replace(
        "layers = [", 'layers = [\n  { kind = "flatten" },'
    )


def test_nobody_stops_unless_asked_to(loaded, base):
    """Without the setting no candidate has a rule."""
    assert [one.settings["train"]["early_stopping"] for one in loaded(base).candidates] == [None, None]


def test_a_variant_may_stop_early(loaded, on_digits):
    """What is left out of the rule is filled in, other variants keep none, and all train in one stack."""
    text = on_digits.replace('model.activation = "relu"', "train.early_stopping = { patience = 3 }")
    recipe = loaded(text)

    assert [one.settings["train"]["early_stopping"] for one in recipe.candidates] == [None, RULE | {"patience": 3}]
    assert len(make_plan(recipe, device="cpu", workers=1).stacks) == 1


def test_an_empty_table_asks_for_the_usual(loaded, on_digits):
    """`early_stopping = {}` is the rule with all of its defaults; a patch changes one of them."""
    recipe = loaded(
        on_digits.replace("steps = 100", "steps = 100\nearly_stopping = {}"), ["train.early_stopping.patience=9"]
    )
    assert [one.settings["train"]["early_stopping"]["patience"] for one in recipe.candidates] == [9, 9]


@pytest.mark.parametrize(
    ("written", "what"),
    [
        ("{ patience = 0 }", "mine.toml:17: train.early_stopping.patience: must be at least 1, not 0"),
        ("{ patience = 2.5 }", "mine.toml:17: train.early_stopping.patience: takes a whole number"),
        ("{ min_delta = -1 }", "mine.toml:17: train.early_stopping.min_delta: must be at least 0, not -1"),
        (
            '{ metric = "test_loss" }',
            "early_stopping.metric: no metric is called 'test_loss' here; there are 'validation_loss', ",
        ),
        (
            "{ patiense = 3 }",
            "early_stopping.patiense: [train.early_stopping] has no key 'patiense'; did you mean 'patience'?",
        ),
        ("true", "mine.toml:17: train.early_stopping: takes a table, not true"),
        ("{}", "mine.toml:17: train.early_stopping: needs data.validation, the number of samples to split off"),
    ],
)
def test_a_wrong_rule_is_told_before_anything_trains(loaded, base, written, what):
    """Each mistake has its line, its path and a way on; without validation data there is nothing to stop by."""
    with pytest.raises(RecipeError) as error:
        loaded(base.replace("steps = 100", f"steps = 100\nearly_stopping = {written}"))
    assert what in str(error.value)
