"""From a recipe to another, of some of its variants as they are and with one change each: what remedies are tried by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dlbench.recipe.check import NAME, check
from dlbench.recipe.loading import of_document
from dlbench.recipe.model import Recipe
from dlbench.recipe.patch import Mistake, Origin, Tree, merge
from dlbench.recipe.source_map import show
from dlbench.recipe.training import TRAINING

FIRST = 2
"""Mistakes of a refused change that are told."""


@dataclass(frozen=True)
class OneChange:
    """A variant of the new recipe: a candidate of the old one, and what is changed of it; nothing where it stays as it is."""

    variant: str
    candidate: int
    """Its place among the old recipe's candidates."""
    patch: Mapping[str, Any]
    """By dotted keys, as `--set` takes them, of the resolved candidate."""


class ChangeTester:
    """Lays changes over the candidates of a recipe, one at a time, and asks whether that is a recipe."""

    def __init__(self, recipe: Recipe) -> None:
        """`recipe` is one that was loaded."""
        self._base = Tree(recipe.document).only(TRAINING)
        self._drafts = [one.tree for one in check(Tree(recipe.document)).drafts]
        self._seen: dict[tuple[int, str], str] = {}

    def refusal(self, change: OneChange) -> str:
        """Why a change cannot be tried, or need not be, in words; empty where it can."""
        tree, mistakes = self._laid(change)
        if mistakes:
            return _told(mistakes)
        checked = check(Tree({**tree.data, "trials": {"seeds": [0]}}))
        if checked.mistakes or checked.unavailable:
            return _told(checked.mistakes or checked.unavailable)
        settings = repr(checked.candidates[0].settings)
        known = self._seen.setdefault((change.candidate, settings), change.variant)
        if known == change.variant:
            return ""
        return (
            "it changes nothing here"
            if change.variant.startswith(f"{known} + ")
            else f"it would train the same as '{known}'"
        )

    def sections(self, changes: Sequence[OneChange]) -> dict[str, Any]:
        """What they have in common, and their `variants`: each gives exactly its candidate with its change; none is refused."""
        base = self._base.data
        whole = {one.variant: self._laid(one)[0].data for one in changes}
        short = {
            one.variant: tables_of(one.patch)
            if self._drafts[one.candidate].data == base
            else _difference(base, whole[one.variant])
            for one in changes
        }
        if any(merge(self._base, Tree(short[name]))[0].data != data for name, data in whole.items()):
            return {"variants": whole}  # a patch can take no key away, so that here every variant is written in full
        return {**base, "variants": short}

    def _laid(self, change: OneChange) -> tuple[Tree, list[Mistake]]:
        return merge(self._drafts[change.candidate], Tree(tables_of(change.patch), {(): Origin((), change.variant)}))


def tables_of(patch: Mapping[str, Any]) -> dict[str, Any]:
    """A patch by dotted keys as tables within tables."""
    found: dict[str, Any] = {}
    for path, value in patch.items():
        *tables, key = path.split(".")
        place = found
        for table in tables:
            place = place.setdefault(table, {})
        place[key] = value
    return found


def recipe_of_changes(
    name: str,
    path: Path,
    frame: Mapping[str, Any],
    tester: ChangeTester,
    changes: Sequence[OneChange],
    *,
    seeds: str | None = None,
) -> Recipe:
    """The recipe of these changes, none of which is refused; `frame` are the sections around the trainings.

    `seeds` are those that the command line asks for. Raises `RecipeError` where all together are too much, `UsageError` where no
    seeds are named.
    """
    return of_document({NAME: name, **frame, **tester.sections(changes)}, path, seeds=seeds)


def _difference(old: Any, new: Any) -> Any:
    """The patch that makes the new data of the old; lists are given whole."""
    if not (isinstance(old, dict) and isinstance(new, dict)) or old.get("kind") != new.get("kind"):
        return new
    return {key: _difference(old.get(key), value) for key, value in new.items() if key not in old or old[key] != value}


def _told(mistakes: Sequence[Mistake]) -> str:
    """The first mistakes, each at its place in the recipe."""
    texts = (f"{show(one.origin.path)}: {one.what}" if one.origin.path else one.what for one in mistakes)
    return "; ".join(list(dict.fromkeys(texts))[:FIRST])
