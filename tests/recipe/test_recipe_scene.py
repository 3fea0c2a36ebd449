"""The scene of a lesson: what a dashboard opens on."""

import pytest

from dlbench.errors import RecipeError
from dlbench.measures.catalog import MEASURES
from dlbench.plan.make import make_plan
from dlbench.plan.scene import PANES, Scene
from dlbench.recipe import load, shipped_recipes
from dlbench.tui.panes import TABS


@pytest.fixture
def scene(base, tmp_path):
    """Loads the tests' own recipe with a scene."""

    def load_with(text):
        path = tmp_path / "case.toml"
        path.write_text(base.replace("[lesson]", f"[lesson]\nscene = {text}"), encoding="utf-8")
        return load(path)

    return load_with


def test_a_scene_is_planned(scene):
    """It stands in the plan with what it leaves out filled in."""
    asked = scene('{ variants = ["sigmoid"], step = 20 }')

    assert make_plan(asked, device="cpu").questions.lesson.scene == Scene(["sigmoid"], "gradients", "gradient_norm", 20)


def test_measures_go_by_their_newest_names(scene):
    """An older name of a measure is read for ever."""
    asked = scene('{ variants = ["sigmoid"], measure = "zero_share" }')

    assert asked.questions.lesson.scene.measure == "zero_fraction"


WRONG = {
    'variants = ["sigmoid", "rlu"]': "scene.variants[1]: no variant is called 'rlu'; did you mean 'relu'?",
    'variants = ["relu", "relu"]': "scene.variants[1]: a variant cannot stand beside itself",
    "variants = []": "scene.variants: takes at least 1 values, not 0",
    'pane = "gradients"': "scene: [lesson.scene] needs 'variants'",
    'variants = ["relu"], pane = "gradient"': "scene.pane: no pane of variants is called 'gradient'; did you mean 'gradients'?",
    'variants = ["relu"], pane = "log"': "scene.pane: no pane of variants is called 'log'; there are 'gradients',",
    'variants = ["relu"], measure = "gradient"': "scene.measure: no measure of layers is called 'gradient'; did you mean",
    'variants = ["relu"], step = "vanishes"': "scene.step: no step is called 'vanishes'; did you mean 'vanished'?",
    'variants = ["relu"], step = -1': "scene.step: takes a step from 0 up, or one of 'vanished',",
    'variants = ["relu"], step = true': "scene.step: takes a step from 0 up, or one of 'vanished',",
    'variants = ["relu"], steps = 1': "scene.steps: [lesson.scene] has no key 'steps'; did you mean 'step'?",
}


@pytest.mark.parametrize(("text", "what"), WRONG.items(), ids=WRONG)
def test_what_is_wrong_is_said_once_with_its_place(scene, text, what):
    """Unknown variants, panes, measures, steps and keys are one error each, at their line, with the likely meant."""
    with pytest.raises(RecipeError) as raised:
        scene(f"{{ {text} }}")

    (problem,) = raised.value.problems
    assert str(problem).split(":", 1)[1].startswith(f"2: lesson.{what}")


def test_panes_and_measures_are_those_of_the_dashboard():
    """Every pane that a scene may name is a tab."""
    assert set(PANES) <= {tab.name for tab in TABS}


@pytest.mark.parametrize("path", shipped_recipes(), ids=lambda path: path.stem)
@pytest.mark.parametrize("quick", [False, True], ids=["full", "quick"])
def test_every_shipped_lesson_has_a_scene(path, quick):
    """Each opens on variants that it has, in full and small, and what it names is known."""
    recipe = load(path, quick=quick)
    scene = recipe.questions.lesson.scene

    assert scene is not None
    assert set(scene.variants) <= set(recipe.variants)
    assert scene.measure in MEASURES
