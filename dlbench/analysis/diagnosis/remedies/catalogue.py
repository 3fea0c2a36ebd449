"""The catalogue of remedies: how each is made a patch of a recipe, by its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from dlbench.analysis.diagnosis.finding import Remedy
from dlbench.analysis.diagnosis.recipe_settings import Patch, RecipeSettings, writable

Making = Callable[[RecipeSettings], Patch | None]
"""From settings to a patch: `None` where the remedy does not fit, empty where no setting does it."""

_MAKING: dict[str, tuple[Making, str]] = {}
"""By the remedy's name: how its patch is made, and why it may help."""


def remedy(name: str, says: str) -> Callable[[Making], Making]:
    """Register how a remedy's patch is made."""

    def register(making: Making) -> Making:
        _MAKING[name] = (making, says)
        return making

    return register


def remedies(names: Sequence[str], settings: Mapping[str, object], evidence: Mapping[str, float]) -> tuple[Remedy, ...]:
    """These remedies for a recipe, those alone that fit it; of what was recorded they are told without a patch."""
    found, recipe = [], RecipeSettings(settings, evidence)
    for name in names:
        making, says = _MAKING[name]
        patch = making(recipe) if recipe.is_known else {}
        if patch is not None:
            found.append(Remedy(name, writable(patch), says))
    return tuple(found)


def remedy_names() -> tuple[str, ...]:
    """The names of all remedies."""
    return tuple(_MAKING)
