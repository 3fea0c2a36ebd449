"""Texts of a recipe that speak of the run's own steps, epochs and seeds."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlbench.cli.recipe_list import listing
from dlbench.errors import RecipeError
from dlbench.plan.make import make_plan
from dlbench.plan.questions import said
from dlbench.plan.reading import plan_from
from dlbench.recipe import load, shipped_recipes
from dlbench.recipe.placeholders import PLACE, RunCounts, TrainingLength, filled
from dlbench.words.printable import json_text

TEXT = "{steps} steps, {epochs} epochs, {seeds} seeds, {steps of relu} of relu"
QUICK = "[quick]\ntrain.steps = 40\ntrials.seeds = 2"


@pytest.fixture
def loaded(base, tmp_path):
    """Loads the tests' own recipe, whose relu trains for 12,000 steps, with a text of its lesson and of its claim."""

    def load_with(text, *, explain=None, says=None, more="", **options):
        lesson = f"[lesson]\nexplain = {json.dumps(explain or text, ensure_ascii=False)}"
        written = base.replace("[lesson]", lesson).replace(
            'model.activation = "relu"', 'model.activation = "relu"\ntrain.steps = 12_000'
        )
        written = written.replace('says = "The sigmoid net fails"', f"says = {json.dumps(says or text)}")
        path = tmp_path / "case.toml"
        path.write_text(f"{written}\n{more}", encoding="utf-8")
        return load(path, options.pop("overrides", ()), **options)

    return load_with


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({}, "100 steps, 100 epochs, 3 seeds, 12,000 of relu"),
        ({"quick": True}, "40 steps, 40 epochs, 2 seeds, 12,000 of relu"),
        ({"seeds": "5-9"}, "100 steps, 100 epochs, 5 seeds, 12,000 of relu"),
        ({"overrides": ["train.steps=2000"]}, "2,000 steps, 2,000 epochs, 3 seeds, 12,000 of relu"),
    ],
    ids=["full", "quick", "seeds", "set"],
)
def test_texts_speak_of_the_run_itself(loaded, options, told):
    """`--quick`, `--seeds` and `--set` change what lesson and claims say as they change the run."""
    questions = loaded(TEXT, more=QUICK, **options).questions

    assert questions.lesson.explain == told
    assert questions.claims[0].says == told


def test_a_claim_speaks_of_its_own_variant(loaded):
    """Where no variant is named, the claim's is meant; in the lesson the first."""
    recipe = loaded("{steps}", more='[[claims]]\nsays = "{steps}"\nsource = "theory"\nvariant = "relu"\n'
                    'metric = "solved"\nat_least = 0')  # fmt: skip

    assert [claim.says for claim in recipe.questions.claims] == ["100", "12,000"]


def test_epochs_are_told_of_trainings_by_steps(loaded):
    """A training of a number of steps has the epochs that these come to."""
    recipe = loaded("{epochs}", overrides=["train.batch_size=3", "train.steps=9"])

    assert recipe.questions.lesson.explain == "4.5", "of the four samples, two batches make an epoch"


def test_braces_remain_possible(loaded):
    """Doubled ones are braces; sets, formulas and whatever is no name stays as it is written."""
    text = "{{steps}} {0, 1} { x } {} {{}} f(x) = {x^2}"

    assert loaded(text).questions.lesson.explain == "{steps} {0, 1} { x } {} {{}} f(x) = {x^2}"


@given(st.text(st.sampled_from("{} steps1,of"), max_size=30))
def test_only_places_are_touched(text):
    """What stands between places stays, letter by letter."""
    known = RunCounts(3, {"relu": TrainingLength(7, 2.5)})
    pieces = PLACE.split(text)[:: PLACE.groups + 1]
    rest, at = filled(text, known), 0
    for piece in pieces:
        at = rest.index(piece, at) + len(piece)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("{stps}", "no place in a text is called 'stps' (braces themselves are doubled: '{{stps}}'); did you mean 'steps'?"),
        ("{loss}", "no place in a text is called 'loss' (braces themselves are doubled: '{{loss}}'); there are 'steps',"),
        ("{steps of rlu}", "'{steps of rlu}': no variant is called 'rlu'; did you mean 'relu'?"),
    ],
)  # fmt: skip
def test_what_cannot_be_filled_in_is_a_mistake(loaded, text, what):
    """An unknown place, or variant, is an error at its line, in the lesson and in claims, with the likely meant."""
    with pytest.raises(RecipeError) as in_lesson:
        loaded("fine", explain=text)
    with pytest.raises(RecipeError) as in_claim:
        loaded("fine", says=text)

    (lesson,), (claim,) = in_lesson.value.problems, in_claim.value.problems
    assert f"2: lesson.explain: {what}" in str(lesson)
    assert f"claims[0].says: {what}" in str(claim)


def test_a_plan_keeps_what_was_told(loaded):
    """Texts of a run are those that it began with, and read back they are not filled in again."""
    plan = make_plan(loaded("{steps} and {{steps}}"), device="cpu")
    again = plan_from(json.loads(json_text(plan)))

    assert again.questions.lesson.explain == plan.questions.lesson.explain == "100 and {steps}"


@pytest.mark.parametrize("path", shipped_recipes(), ids=lambda path: path.stem)
@pytest.mark.parametrize("quick", [False, True], ids=["full", "quick"])
def test_shipped_texts_have_no_place_open(path, quick):
    """Whoever reads a lesson, a claim or the list of recipes, in any language, reads numbers."""
    questions = load(path, quick=quick).questions
    texts = [*vars(questions.lesson).values(), *(claim.says for claim in questions.claims)]
    told = [said(text, language) for text in texts if isinstance(text, str | dict) for language in ("en", "ko")]
    told += [
        text
        for language in ("en", "ko")
        for one in [listing(path, language, {})]
        for text in (one.section, one.title, one.question)
    ]

    assert [text for text in told if PLACE.search(text)] == []


def test_the_first_lesson_tells_how_long_it_has_trained():
    """Nine layers for 3,000 steps are not told as 10,000."""
    full, quick = (load("xor-nine-layers", quick=quick).questions.lesson for quick in (False, True))

    for lesson, other in ((full, "3,000"), (quick, "10,000")):
        for text in (lesson.question, lesson.explain):
            assert not re.search(other, " ".join(text.values()))
    assert "10,000 steps" in full.explain["en"]
    assert "3,000 스텝" in quick.question["ko"]
