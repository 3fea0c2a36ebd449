"""Where a recipe pauses by itself."""

import pytest

from dlbench.errors import RecipeError
from dlbench.plan.make import make_plan
from dlbench.recipe import load


@pytest.fixture
def loaded(base, tmp_path):
    """Loads the tests' own recipe with more at its end."""

    def load_with(more, overrides=()):
        path = tmp_path / "case.toml"
        path.write_text(f"{base}\n{more}", encoding="utf-8")
        return load(path, overrides)

    return load_with


def test_breakpoints_are_planned_as_conditions(loaded):
    """What a recipe watches stands in its plan as one line of text each, a variant within it."""
    recipe = loaded(
        '[[breakpoints]]\nwhen = "first_last_gradient_ratio<1e-6"\nvariant = "sigmoid"\n\n'
        '[[breakpoints]]\nwhen = "update_ratio > 0.1 in relu"\n[[breakpoints]]\nwhen = "test_loss rises 3"'
    )

    assert recipe.breakpoints == [
        "first_last_gradient_ratio < 1e-06 in sigmoid",
        "update_ratio > 0.1 in relu",
        "test_loss rises 3",
    ]
    assert make_plan(recipe, device="cpu").breakpoints == recipe.breakpoints


def test_a_recipe_without_breakpoints_plans_none(loaded):
    """They are for whoever wants them."""
    assert loaded("").breakpoints == []


def test_the_command_line_changes_them(loaded):
    """One condition is reached by its place, and the list as a whole."""
    more = '[[breakpoints]]\nwhen = "test_loss > 1"'

    assert loaded(more, ["breakpoints.0.when=test_loss > 2"]).breakpoints == ["test_loss > 2"]
    assert loaded(more, ["breakpoints=[]"]).breakpoints == []


@pytest.mark.parametrize(
    ("more", "what"),
    [
        (
            'when = "gradint_norm > 1"',
            "38: breakpoints[0].when: there is no metric or measure called 'gradint_norm'; did you mean 'gradient_norm'?",
        ),
        ('when = "gradient_norm"', "38: breakpoints[0].when: 'gradient_norm' is not a condition; write one such as"),
        ("when = 3", "38: breakpoints[0].when: takes a text, not 3"),
        ('variant = "relu"', "37: breakpoints[0]: [[breakpoints]] needs 'when'"),
        ('when = "test_loss > 1"\nwhere = "relu"', "39: breakpoints[0].where: [[breakpoints]] has no key 'where'"),
        (
            'when = "test_loss > 1"\nvariant = "rlu"',
            "39: breakpoints[0].variant: no variant is called 'rlu'; did you mean 'relu'?",
        ),
        ('when = "test_loss > 1 in rlu"', "38: breakpoints[0].when: no variant is called 'rlu'; did you mean 'relu'?"),
        (
            'when = "test_loss > 1 in relu"\nvariant = "relu"',
            "39: breakpoints[0].variant: 'when' already names a variant; remove one",
        ),
        ('when = "validation_loss > 1"', "38: breakpoints[0].when: 'validation_loss' needs data.validation"),
        (
            'when = "zero_fraction > 0.9"\n[probes]\npoints = 0',
            "38: breakpoints[0].when: 'zero_fraction' needs probes.points",
        ),
    ],
)
def test_a_wrong_breakpoint_is_told_with_its_line(more, what, loaded):
    """Each mistake is one sentence with line and path, and the likely meant name."""
    with pytest.raises(RecipeError) as error:
        loaded(f"[[breakpoints]]\n{more}")

    (problem,) = error.value.problems
    assert str(problem).partition(":")[2].startswith(what)


def test_no_list_of_breakpoints_is_told(loaded):
    """A table in place of the list is refused with how to write it."""
    with pytest.raises(RecipeError, match=r"breakpoints: takes a list, written as \[\[breakpoints\]\], not a table"):
        loaded('[breakpoints]\nwhen = "test_loss > 1"')
