"""The texts of a checked recipe with what its run says of itself put into their places."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from dlbench.plan.questions import Texts
from dlbench.recipe.check import Checked
from dlbench.recipe.patch import Tree
from dlbench.recipe.placeholders import RunCounts, filled, place_mistakes
from dlbench.recipe.source_map import KeyPath

IN_LESSON = ("title", "question", "explain", "section")
"""The keys of `[lesson]` that are texts."""


def fill_texts(recipe: Tree, checked: Checked) -> None:
    """Put steps, epochs and seeds into the texts of lesson and claims; what cannot be filled in is a mistake more."""
    for path, text in _texts(recipe.data):
        checked.mistakes += [recipe.mistake(path, what) for what in place_mistakes(text, checked.variants)]
    counts = RunCounts(len(checked.seeds), checked.lengths)
    own: dict[str, Any] = {key: filled(getattr(checked.lesson, key), counts) for key in IN_LESSON}
    checked.lesson = replace(checked.lesson, **own)
    checked.claims = [
        replace(claim, says=filled(claim.says, counts, claim.variant) or claim.says) for claim in checked.claims
    ]


def _texts(data: dict[str, Any]) -> Iterator[tuple[KeyPath, Texts]]:
    """Where a recipe has texts, as far as they are texts at all: what is wrong otherwise is said elsewhere."""
    lesson, claims = data.get("lesson"), data.get("claims")
    if isinstance(lesson, dict):
        for key in IN_LESSON:
            if _is_text(lesson.get(key)):
                yield ("lesson", key), lesson[key]
    for index, claim in enumerate(claims if isinstance(claims, list) else []):
        if isinstance(claim, dict) and _is_text(claim.get("says")):
            yield ("claims", index, "says"), claim["says"]


def _is_text(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, dict) and all(isinstance(one, str) for one in value.values()))
