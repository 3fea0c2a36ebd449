"""Recipes of some variants of another, as they are and with one change each."""

import pytest

from dlbench.recipe import load
from dlbench.recipe.one_change import ChangeTester, OneChange, recipe_of_changes

FRAME = {"trials": {"seeds": [3, 5]}}


def of_changes(recipe, changes):
    """The recipe of these changes."""
    return recipe_of_changes("again", recipe.path, FRAME, ChangeTester(recipe), changes)


@pytest.mark.parametrize("name", ["initializations", "xor-nine-layers", "recurrent", "split-merge"])
def test_what_is_not_changed_trains_the_same(name):
    """A candidate of variants, or of a grid, has the very settings in the new recipe, whether it stands alone or beside others."""
    recipe = load(name, quick=True)
    some = range(0, len(recipe.candidates), 3)

    again = of_changes(recipe, [OneChange(f"{place}", place, {}) for place in some])

    assert [one.settings for one in again.candidates] == [recipe.candidates[place].settings for place in some]
    assert again.seeds == [3, 5]
    assert (again.questions.claims, again.breakpoints, again.name) == ([], [], "again")


def test_a_change_changes_what_it_says():
    """Beside the untouched variant, another one differs in the setting alone that its change names."""
    recipe = load("xor-nine-layers", quick=True)
    place = [one.variant for one in recipe.candidates].index("sigmoid")

    plain, changed = of_changes(
        recipe, [OneChange("a", place, {}), OneChange("a + b", place, {"train.optimizer.lr": 0.125})]
    ).candidates

    assert plain.settings == recipe.candidates[place].settings
    assert changed.settings["train"]["optimizer"].pop("lr") == 0.125
    del plain.settings["train"]["optimizer"]["lr"]
    assert changed.settings == plain.settings


def test_refusals_say_why():
    """What is no recipe, what changes nothing, and what was tried already is told in a sentence each; the rest is not refused."""
    recipe = load("xor", quick=True)
    tester = ChangeTester(recipe)
    kind = recipe.candidates[0].settings["train"]["optimizer"]["kind"]

    assert tester.refusal(OneChange("a", 0, {})) == ""
    assert tester.refusal(OneChange("a + same", 0, {"train.optimizer.kind": kind})) == "it changes nothing here"
    assert tester.refusal(OneChange("a + slow", 0, {"train.optimizer.lr": 1e-7})) == ""
    again = tester.refusal(OneChange("a + slower", 0, {"train.optimizer.lr": 1e-7}))
    assert again == "it would train the same as 'a + slow'"
    assert "train.batch_size: " in tester.refusal(OneChange("a + large", 0, {"train.batch_size": 400}))
    assert "no item '7'" in tester.refusal(OneChange("a + far", 0, {"model.layers.7.units": 4}))
