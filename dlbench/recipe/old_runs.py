"""The questions of runs whose plan does not keep them, as those of version 0.1.0: read of the recipe in the run's folder."""

from __future__ import annotations

from dlbench.errors import Problem, RecipeError
from dlbench.plan.questions import Questions
from dlbench.recipe.check import check
from dlbench.recipe.patch import Tree
from dlbench.recipe.source import parse
from dlbench.recipe.source_map import show
from dlbench.recipe.texts import fill_texts

ASKING = ("lesson", "compare", "ensemble", "claims")
"""The sections of a recipe that ask something of its run."""


def questions_in(text: str, file: str) -> Questions:
    """What a recipe's text asks, which `file` has; mistakes elsewhere, or missing data, are not its business.

    Raises RecipeError where one of those sections is wrong.
    """
    recipe = Tree(parse(text, file))
    checked = check(recipe)
    fill_texts(recipe, checked)
    paths = [(mistake.origin.path, mistake.what) for mistake in checked.mistakes]
    wrong = [Problem(file, None, show(path), what) for path, what in paths if path and path[0] in ASKING]
    if wrong:
        raise RecipeError(wrong)
    return checked.questions
