"""From a name or a path to a recipe that can run, or to every problem in it with its line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import tomli_w

from dlbench.errors import DataError, Problem, RecipeError
from dlbench.files import exists
from dlbench.recipe.check import NAME, Checked, check
from dlbench.recipe.messages import given
from dlbench.recipe.model import Recipe
from dlbench.recipe.patch import Mistake, Tree, merge
from dlbench.recipe.reach import unseen
from dlbench.recipe.resolve import FILE_KEYS
from dlbench.recipe.shipped import find_recipe
from dlbench.recipe.source import parse, patches, read
from dlbench.recipe.source_map import KeyPath, line_numbers, show
from dlbench.recipe.texts import fill_texts
from dlbench.words.printable import printable

FILES = tuple(f"data.{key}" for key in FILE_KEYS)
"""Where a recipe names a file or folder."""


def load(source: str | Path, overrides: Sequence[str] = (), *, seeds: str | None = None, quick: bool = False) -> Recipe:
    """The recipe at a path, or of a shipped name, with the changes of the command line.

    `overrides` are `path=value` texts, `seeds` is "5", "0,3,7" or "0-9", `quick` lays the recipe's `[quick]` over it
    first. Raises `RecipeError` with every problem, `UsageError` where there is no such recipe, `DataError` where a file
    that it names is not there or cannot be read.
    """
    path = find_recipe(str(source))
    text = read(path)
    data = _anchored(parse(text, str(path)), path.parent.resolve())
    changes = patches(overrides, seeds)
    recipe, mistakes = _prepared(data, changes, quick=quick)
    checked = _checked(recipe)
    mistakes += checked.mistakes
    if not (mistakes or quick or changes):
        mistakes += _quick_mistakes(data)
    if mistakes:
        raise RecipeError(_problems(mistakes, text, str(path)))
    if checked.unavailable:
        raise DataError(_problems(checked.unavailable, text, str(path)))
    return _recipe(path, recipe.data, checked, unseen(changes, recipe, checked.drafts))


def of_document(data: dict[str, Any], path: Path, *, seeds: str | None = None) -> Recipe:
    """The recipe that this data is, as if it stood in a file at `path`, which need not be there.

    `seeds` and errors are those of `load`.
    """
    recipe, mistakes = _prepared(data, patches([], seeds), quick=False)
    checked = _checked(recipe)
    mistakes += checked.mistakes
    if found := mistakes or checked.unavailable:
        problems = _problems(found, tomli_w.dumps(data), str(path))
        raise RecipeError(problems) if mistakes else DataError(problems)
    return _recipe(path, recipe.data, checked, [])


def _anchored(value: Any, folder: Path, at: str = "") -> Any:
    """The data with the files it names made absolute where they lie in the recipe's folder."""
    match value:
        case dict():
            return {key: _anchored(inner, folder, f"{at}.{key}") for key, inner in value.items()}
        case list():
            return [_anchored(inner, folder, at) for inner in value]
        case str() if at.endswith(FILES) and value and exists(folder / value):
            return str(folder / value)
        case _:
            return value


def _prepared(data: dict[str, Any], changes: list[Tree], *, quick: bool) -> tuple[Tree, list[Mistake]]:
    """The recipe's data with `[quick]`, if asked for, and the command line's changes laid over it."""
    whole = Tree(data)
    mistakes: list[Mistake] = []
    if quick:
        patch = whole.branch("quick")
        if not isinstance(patch.data, dict) or "quick" not in data:
            what = (
                f"takes a table of changes, not {given(patch.data)}" if "quick" in data else "the recipe has no [quick]"
            )
            mistakes.append(whole.mistake(("quick",), what))
        else:
            changes = [patch, *changes]
        whole = whole.only(tuple(key for key in data if key != "quick"))
    for patch in changes:
        whole, wrong = merge(whole, patch)
        mistakes += wrong
    return whole, mistakes


def _quick_mistakes(data: dict[str, Any]) -> list[Mistake]:
    """What would go wrong with `--quick`, so that it is known before someone needs it."""
    if "quick" not in data:
        return []
    recipe, mistakes = _prepared(data, [], quick=True)
    return mistakes + _checked(recipe).mistakes


def _checked(recipe: Tree) -> Checked:
    """A recipe, checked, its texts filled in."""
    found = check(recipe)
    fill_texts(recipe, found)
    return found


def _problems(mistakes: list[Mistake], text: str, file: str) -> list[Problem]:
    """The mistakes with their lines, in the order of the file, the command line's last."""
    lines = line_numbers(text)
    problems = [_problem(mistake, lines, file) for mistake in dict.fromkeys(mistakes)]
    return sorted(problems, key=lambda problem: (problem.file != file, problem.line or 0))


def _problem(mistake: Mistake, lines: dict[KeyPath, int], file: str) -> Problem:
    origin = mistake.origin
    if origin.option:
        return Problem(origin.option, None, show(origin.path), mistake.what)
    line = next(
        (lines[origin.path[:end]] for end in range(len(origin.path), 0, -1) if origin.path[:end] in lines), None
    )
    return Problem(file, line, show(origin.path), mistake.what)


def data_problem(recipe: Recipe, what: str) -> Problem:
    """What is wrong with a recipe's data, found by reading it, at the line that names the data."""
    lines = line_numbers(read(recipe.path))
    place = next((path for key in (*FILE_KEYS, "kind") if (path := ("data", key)) in lines), ("data",))
    return Problem(str(recipe.path), lines.get(place), show(place), what)


def _recipe(path: Path, data: dict[str, Any], checked: Checked, notes: list[str]) -> Recipe:
    name = data.get(NAME, printable(path.stem))
    return Recipe(
        name,
        path,
        checked.variants,
        checked.candidates,
        checked.seeds,
        checked.questions,
        checked.breakpoints,
        {NAME: name, **data},
        [*notes, *(f"{show(note.origin.path)}: {note.what}" for note in checked.notes)],
    )
