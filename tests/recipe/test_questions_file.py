"""Questions of recordings: what a file may ask, and every mistake in it at once, with its line."""

import pytest

from dlbench.errors import RecipeError, UsageError
from dlbench.plan.questions import Questions
from dlbench.plan.reading import typed
from dlbench.recipe.questions import questions_from

GOOD = """
[lesson]
title = { en = "Inits", ko = "초기화" }

[compare]
metric = "bleu"
baseline = "xavier"
columns = ["bleu", "val_ppl@100", "train_loss"]
better = { bleu = "higher" }

[[claims]]
says = "he reads better"
source = "measured"
variant = "he"
metric = "bleu"
better_than = "xavier"
"""

WRONG = {
    "an unknown section": ("[trials]\nseeds = 3\n", "trials: there is no section 'trials' in questions"),
    "a key that is none": ("[compare]\nmetrik = 'bleu'\n", "compare.metrik: [compare] has no key 'metrik'"),
    "a number for a name": ("[compare]\nmetric = 3\n", "compare.metric: takes a text, not 3"),
    "a name of blanks": ("[compare]\nmetric = ' '\n", "compare.metric: no metric is called ' ' here"),
    "no direction": ("[compare]\nbetter = { bleu = 'up' }\n", 'compare.better: takes names with "higher" or "lower"'),
    "a direction of ours": (
        "[compare]\nbetter = { test_loss = 'higher' }\n",
        "compare.better.test_loss: it is known which way 'test_loss' is better",
    ),
    "a choice": ("[compare]\nselect = 'test_loss'\n", "compare.select: picks from a search"),
    "a scene": ("[lesson]\nscene = { variants = ['a'] }\n", "lesson.scene: is for the variants of a recipe"),
    "two conditions": (
        "[[claims]]\nsays='x'\nsource='measured'\nvariant='a'\nmetric='bleu'\nat_least=1.0\nat_most=2.0\n",
        "claims[0]: needs exactly one of",
    ),
    "better, but which way": (
        "[[claims]]\nsays='x'\nsource='measured'\nvariant='a'\nmetric='bleu'\nbetter_than='b'\n",
        "claims[0].better_than: nobody has said which way 'bleu' is better",
    ),
    "an ensemble": (
        "[[claims]]\nsays='x'\nsource='measured'\nvariant='a'\nmetric='ensemble_accuracy'\nat_least=1.0\n",
        "claims[0].metric: is of ensembles",
    ),
}


def test_a_file_and_the_same_as_data_ask_the_same(tmp_path):
    """A file is read with the checks of recipes; a table from Python says the same."""
    import tomllib

    (path := tmp_path / "questions.toml").write_text(GOOD)
    asked = questions_from(path)

    assert asked == questions_from(tomllib.loads(GOOD))
    assert (asked.compare.metric, asked.compare.columns, asked.better) == (
        "bleu", ["bleu", "val_ppl@100", "train_loss"], {"bleu": "higher"},
    )  # fmt: skip
    assert asked.claims[0].better_than == "xavier"


def test_questions_survive_a_plan(tmp_path):
    """What a recording asks stands in its plan, and comes back equal."""
    import tomllib

    from recorded_runs import Recorded, record

    asked = questions_from(tomllib.loads(GOOD))
    assert record(tmp_path, Recorded(questions=asked)).read_plan().questions == asked
    assert typed(Questions, {}).better == {}


@pytest.mark.parametrize(("text", "said"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_told_with_its_line(tmp_path, text, said):
    """Each mistake has the file, a line of it, the key and the sentence."""
    (path := tmp_path / "questions.toml").write_text(text)
    with pytest.raises(RecipeError) as caught:
        questions_from(path)

    (problem,) = caught.value.problems
    assert said in f"{problem.path}: {problem.what}"
    assert problem.line in range(1, 8)


def test_all_mistakes_are_told_at_once(tmp_path):
    """In the order of their lines."""
    (path := tmp_path / "questions.toml").write_text(
        WRONG["a number for a name"][0] + WRONG["an unknown section"][0] + WRONG["two conditions"][0]
    )
    with pytest.raises(RecipeError) as caught:
        questions_from(path)
    assert [problem.line for problem in caught.value.problems] == [2, 3, 5]


def test_a_file_that_is_not_there_is_the_callers_mistake(tmp_path):
    """It is named, and nothing else is said."""
    with pytest.raises(UsageError, match=r"none\.toml: cannot be read: No such file"):
        questions_from(tmp_path / "none.toml")
