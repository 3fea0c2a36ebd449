"""The recipes that a command line names, checked together with their data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dlbench.cli.output import say
from dlbench.errors import DlbenchError, SetupError, UsageError, together

if TYPE_CHECKING:
    from dlbench.recipe.model import Recipe


def load_all(names: list[str], overrides: list[str], seeds: str | None, *, quick: bool) -> list[Recipe]:
    """Every recipe, its data on this machine; raises the problems of all of them at once."""
    if not names:
        raise UsageError("no recipe given; `dlbench list` shows those that come with dlbench")
    recipes, errors = [], []
    for found in load_each(names, overrides, seeds, quick=quick):
        if isinstance(found, DlbenchError):
            errors.append(found)
        else:
            recipes.append(found)
    if errors:
        raise together(errors)
    require_data(recipes)
    for recipe in recipes:
        tell_notes(recipe)
    return recipes


def load_each(
    names: list[str], overrides: list[str], seeds: str | None, *, quick: bool
) -> Iterator[Recipe | DlbenchError]:
    """One recipe after the other, or what is wrong with it."""
    from dlbench.recipe import load
    from dlbench.recipe.source import patches

    patches(overrides, seeds)  # what is wrong with them is said once, not of every recipe
    for name in names:
        try:
            yield load(name, overrides, seeds=seeds, quick=quick)
        except DlbenchError as error:
            yield error


def tell_notes(recipe: Recipe) -> None:
    """Say which changes of the command line do not reach every variant."""
    for note in recipe.notes:
        say(f"note: {recipe.name}: {note}")


def require_data(recipes: list[Recipe]) -> None:
    """Raise SetupError where data is not on this machine, before anything starts."""
    if missing := dict.fromkeys(what for recipe in recipes for what in missing_data(recipe)):
        raise SetupError("\n".join(missing))


def missing_data(recipe: Recipe) -> list[str]:
    """What of a recipe's data is not on this machine, where it was looked for, and what to do."""
    from dlbench.parts.datasets import describe

    sources = [describe(candidate.settings["data"]) for candidate in recipe.candidates]
    return list(dict.fromkeys(filter(None, (source.missing() for source in sources))))
