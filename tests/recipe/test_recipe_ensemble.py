"""What a recipe asks of ensembles, and what it may claim of them."""

import re

import pytest

from dlbench.errors import RecipeError
from dlbench.plan.questions import Ensemble
from dlbench.recipe import load

ASKED = "[ensemble]\nsizes = [1, 3]\n"
CLAIM = '[[claims]]\nsays = "it helps"\nsource = "lecture"\nvariant = "relu"\nmetric = "ensemble_gain"\n'
FINE = CLAIM + "members = 3\nat_least = 0.01\n"


@pytest.fixture
def loaded(base, tmp_path):
    """Loads the tests' own recipe with more at its end: what begins there stands on line 37."""

    def load_with(more, overrides=(), **options):
        path = tmp_path / "case.toml"
        path.write_text(f"{base}\n{more}", encoding="utf-8")
        return load(path, overrides, **options)

    return load_with


def test_the_sections_defaults_are_filled_in(loaded):
    """Left out: mean probability, 300 subsets, seed 0; without the section there are no ensembles."""
    assert loaded(ASKED).questions.ensemble == Ensemble([1, 3], "probability", 300, 0)
    assert loaded("").questions.ensemble is None


@pytest.mark.parametrize(
    ("more", "kept"),
    [
        ("", False),
        (ASKED, True),
        ("[evaluate]\npredictions = true", True),
        (f'{ASKED}[evaluate]\npredictions = "auto"', True),
        ("[evaluate]\npredictions = false", False),
    ],
    ids=["nobody", "ensemble", "asked", "auto", "refused"],
)
def test_predictions_are_kept_where_they_are_needed(loaded, more, kept):
    """By default exactly where ensembles are asked for; the settings say which, so that the engine need not know why."""
    assert {candidate.settings["evaluate"]["predictions"] for candidate in loaded(more).candidates} == {kept}


def test_the_quick_version_may_ask_for_less(loaded):
    """A patch replaces sizes and seeds together."""
    more = f"{ASKED}[quick]\ntrials.seeds = 2\nensemble.sizes = [1, 2]"

    assert loaded(more, quick=True).questions.ensemble.sizes == [1, 2]


def test_claims_of_ensembles_are_read(loaded):
    """Members and the way to combine go with a metric of ensembles; one variant may be better than another in it."""
    recipe = loaded(
        f'{ASKED}combine = ["probability", "vote"]\n{CLAIM}members = 3\ncombine = "vote"\nbetter_than = "sigmoid"'
    )

    assert (recipe.questions.claims[1].members, recipe.questions.claims[1].combine) == (3, "vote")


@pytest.mark.parametrize(
    ("more", "what"),
    [
        ("[ensemble]", "37: ensemble: [ensemble] needs 'sizes'"),
        ("[ensemble]\nsize = [1]", "38: ensemble.size: [ensemble] has no key 'size'; did you mean 'sizes'?"),
        ("[ensemble]\nsizes = 3", '38: ensemble.sizes: takes a list of numbers of members from 1 up, or "all", not 3'),
        ("[ensemble]\nsizes = []", "38: ensemble.sizes: takes a list of numbers of members from 1 up"),
        ("[ensemble]\nsizes = [0]", "38: ensemble.sizes: takes a list of numbers of members from 1 up"),
        ("[ensemble]\nsizes = [1, 4]", "38: ensemble.sizes[1]: 4 members need 4 seeds, but there are 3 (trials.seeds)"),
        ("[ensemble]\nsizes = [2, 2]", "38: ensemble.sizes: names 2 more than once"),
        (
            f'{ASKED}combine = "mean"',
            '39: ensemble.combine: takes "probability", "logit" or "vote", or a list of them, not',
        ),
        (f'{ASKED}combine = ["vote", "vote"]', "39: ensemble.combine: names vote more than once"),
        (f"{ASKED}subsets = 0", "39: ensemble.subsets: must be at least 1, not 0"),
        (
            f"{ASKED}[evaluate]\npredictions = false",
            "40: evaluate.predictions: [ensemble] needs the predictions of every",
        ),
        (
            '[evaluate]\npredictions = "yes"',
            '38: evaluate.predictions: takes true, false or "auto", not the text "yes"',
        ),
        (FINE, "41: claims[1].metric: 'ensemble_gain' needs [ensemble] with the numbers of members as 'sizes'"),
        (f"{ASKED}{CLAIM}at_least = 0", "39: claims[1]: 'ensemble_gain' needs 'members', how many: one of 1, 3"),
        (
            f"{ASKED}{CLAIM}members = 2\nat_least = 0",
            "44: claims[1].members: there are no ensembles of 2; the sizes are 1, 3",
        ),
        (
            f'{ASKED}{FINE}combine = "logit"',
            "46: claims[1].combine: nothing is combined by 'logit'; [ensemble] combines by",
        ),
        (
            f"{ASKED}{FINE}at_step = 5",
            "46: claims[1].at_step: 'ensemble_gain' is of the last step and of each variant's",
        ),
        (
            f'[ensemble]\nsizes = "all"\ncombine = "vote"\n{FINE.replace("_gain", "_loss_gain")}',
            "44: claims[1].metric: votes are no probabilities and have no 'ensemble_loss_gain'",
        ),
        (
            f"{ASKED}{FINE.replace('ensemble_gain', 'test_loss')}",
            "44: claims[1].members: 'members' needs a metric of ensembles: 'ensemble_accuracy', 'ensemble_gain',",
        ),
        (
            f"{ASKED}{FINE.replace('ensemble_gain', 'ensembel_gain')}",
            "43: claims[1].metric: no metric is called 'ensembel_gain' here; did you mean 'ensemble_gain'?",
        ),
    ],
)
def test_mistakes_are_told_where_they_stand(loaded, more, what):
    """Every wrong key, size, way and claim is one line with its place, what is wrong, and what to do."""
    with pytest.raises(RecipeError, match=re.escape(what)):
        loaded(more)


def test_fewer_seeds_on_the_command_line_are_told_too(loaded):
    """Where the command line leaves fewer seeds than an ensemble needs, the recipe's line is named."""
    with pytest.raises(RecipeError, match=re.escape("38: ensemble.sizes[1]: 3 members need 3 seeds, but there are 2")):
        loaded(ASKED, seeds="2")


def test_ensembles_decide_no_comparison(loaded):
    """What compares variants is one number a trial: a metric of ensembles is none."""
    with pytest.raises(RecipeError, match="no metric is called 'ensemble_gain' here"):
        loaded(ASKED, ["compare.metric=ensemble_gain"])
