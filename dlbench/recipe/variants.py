"""From one recipe to what is compared: variants or a grid laid over the base, the search tried inside each."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any

from dlbench.recipe.elsewhere import suggestion
from dlbench.recipe.limits import TRIALS, beyond
from dlbench.recipe.messages import given
from dlbench.recipe.patch import Mistake, Tree, merge
from dlbench.recipe.source import nest
from dlbench.recipe.source_map import KeyPath, dotted, split
from dlbench.recipe.training import TRAINING

ALONE = "base"
"""The name of the only variant of a recipe without variants and grid."""


@dataclass(frozen=True)
class Axis:
    """A path and the values that it takes in turn; `found` is the list where it was written."""

    path: KeyPath
    found: Tree

    @property
    def values(self) -> list[Any]:
        """The values, as they were written."""
        values: list[Any] = self.found.data
        return values

    def patch(self, index: int) -> Tree:
        """One of the values as a patch."""
        value = self.found.at((index,), self.values[index])
        below = {self.path + place: origin for place, origin in value.origins.items()}
        return Tree(nest(self.path, value.data), {(): self.found.origin(()), **below})


@dataclass(frozen=True)
class Variant:
    """One thing that is compared: its patches over the base, and the search inside it."""

    name: str
    patches: list[Tree]
    search: list[Axis]


@dataclass(frozen=True)
class Draft:
    """A candidate before it is checked."""

    variant: str
    choice: dict[str, Any]
    tree: Tree


@dataclass
class Expansion:
    """What a recipe compares, and what is wrong with how it says so."""

    variants: list[Variant]
    mistakes: list[Mistake]

    def drafts(self, base: Tree) -> Iterator[Draft]:
        """Every candidate; patches that do not fit the base are added to the mistakes."""
        for variant in self.variants:
            tree = self._patched(base, variant.patches)
            for choice in product(*(range(len(axis.values)) for axis in variant.search)):
                chosen = list(zip(variant.search, choice, strict=True))
                values = {dotted(axis.path): axis.values[index] for axis, index in chosen}
                yield Draft(variant.name, values, self._patched(tree, [axis.patch(index) for axis, index in chosen]))

    def _patched(self, tree: Tree, patches: list[Tree]) -> Tree:
        for patch in patches:
            tree, mistakes = merge(tree, patch)
            self.mistakes += mistakes
        return tree


def expand(recipe: Tree, seeds: int) -> Expansion:
    """The variants of a recipe in order, and what is wrong with them; over the limit of trials, none are made."""
    if "grid" in recipe.data and "variants" in recipe.data:
        return Expansion([], [recipe.mistake(("grid",), "[grid] and [variants] cannot be combined; remove one")])
    mistakes: list[Mistake] = []
    make = _from_grid if "grid" in recipe.data else _from_variants
    return Expansion(make(recipe, seeds, mistakes), mistakes)


def _from_grid(recipe: Tree, seeds: int, mistakes: list[Mistake]) -> list[Variant]:
    grid, search = _axes(recipe.branch("grid"), mistakes), _axes(recipe.branch("search"), mistakes)
    if mistakes or _too_many(recipe, _size(grid) * _size(search), seeds, mistakes):
        return []
    return [Variant(name, patches, search) for name, patches in _grid_variants(grid)]


def _from_variants(recipe: Tree, seeds: int, mistakes: list[Mistake]) -> list[Variant]:
    table = recipe.data.get("variants", {})
    if not isinstance(table, dict):
        mistakes.append(recipe.mistake(("variants",), f"takes a table for each variant, not {given(table)}"))
        return []
    if _too_many(recipe, len(table), seeds, mistakes):
        return []
    variants = _named_variants(recipe, recipe.branch("search"), mistakes)
    if _too_many(recipe, sum(_size(variant.search) for variant in variants), seeds, mistakes):
        return []
    _check_budgets(recipe, variants, mistakes)
    return variants


def _size(axes: list[Axis]) -> int:
    return prod(len(axis.values) for axis in axes)


def _too_many(recipe: Tree, candidates: int, seeds: int, mistakes: list[Mistake]) -> bool:
    """Whether the trials are beyond the limit; says so where the most of them come from."""
    what = beyond(candidates * seeds, TRIALS, "trials")
    if what:
        section = next((key for key in ("grid", "search") if key in recipe.data and candidates > seeds), "trials")
        mistakes.append(recipe.mistake((section,), what))
    return what is not None


def _named_variants(recipe: Tree, search: Tree, mistakes: list[Mistake]) -> list[Variant]:
    """The tables of `[variants]`, each with the search that it changes; one without patches where there are none."""
    table = recipe.branch("variants")
    variants = []
    for name in table.data:
        patch = table.branch(name)
        if not isinstance(patch.data, dict):
            mistakes.append(patch.mistake((), f"takes a table of changes, not {given(patch.data)}"))
            continue
        for key in patch.data.keys() - {*TRAINING, "search"}:
            what = f"a variant cannot change '{key}'{suggestion(key, (*TRAINING, 'search'), 'it can change')}"
            mistakes.append(patch.mistake((key,), what))
        own, wrong = merge(search, patch.branch("search"))
        mistakes += wrong
        variants.append(Variant(name, [patch.only(TRAINING)], _axes(own, mistakes)))
    return variants or [Variant(ALONE, [], _axes(search, mistakes))]


def _check_budgets(recipe: Tree, variants: list[Variant], mistakes: list[Mistake]) -> None:
    """The best of ten choices beats the best of two by luck alone, so every variant tries equally many."""
    sizes = {variant.name: _size(variant.search) for variant in variants}
    first, *others = sizes
    for name in others:
        if sizes[name] != sizes[first]:
            what = f"tries {sizes[name]} choices, but '{first}' tries {sizes[first]}; a fair comparison gives each the same number"
            mistakes.append(recipe.mistake(("variants", name), what))


def _axes(table: Tree, mistakes: list[Mistake]) -> list[Axis]:
    """The lists in `[grid]` or `[search]`, their paths written as dotted keys, as tables or as one quoted key."""
    axes: list[Axis] = []
    if isinstance(table.data, dict):
        for key in table.data:
            _collect((), key, table, axes, mistakes)
    else:
        mistakes.append(table.mistake((), f"takes a list of values per path, not {given(table.data)}"))
    seen = Counter(axis.path for axis in axes)
    twice = [axis for axis in axes if seen[axis.path] > 1]
    mistakes += [axis.found.mistake((), f"'{dotted(axis.path)}' is varied twice") for axis in twice]
    return axes


def _collect(above: KeyPath, key: str, table: Tree, axes: list[Axis], mistakes: list[Mistake]) -> None:
    here = table.branch(key)
    try:
        path = above + (split(key) if "." in key else (key,))
    except ValueError:
        mistakes.append(here.mistake((), "is not a path such as model.layers.0.units"))
        return
    if path[0] not in TRAINING:
        what = f"there is no section '{path[0]}' to vary{suggestion(str(path[0]), TRAINING, 'there are')}"
        mistakes.append(here.mistake((), what))
    elif isinstance(here.data, dict):
        for inner in here.data:
            _collect(path, inner, here, axes, mistakes)
    elif not isinstance(here.data, list):
        mistakes.append(here.mistake((), f"takes a list of values, not {given(here.data)}"))
    elif not here.data:
        mistakes.append(here.mistake((), "needs at least one value"))
    else:
        mistakes += [here.mistake((index,), "is in the list already") for index in _repeated(here.data)]
        axes.append(Axis(path, here))


def _repeated(values: list[Any]) -> list[int]:
    """Where a value stands again."""
    texts = [json.dumps(value, sort_keys=True, default=str) for value in values]
    first = {text: index for index, text in reversed(list(enumerate(texts)))}
    return [index for index, text in enumerate(texts) if first[text] != index]


def _grid_variants(axes: list[Axis]) -> Iterator[tuple[str, list[Tree]]]:
    """Every combination with its name, such as `relu he 0.01`."""
    labels = [_labels(axis) for axis in axes]
    seen: Counter[str] = Counter()
    for choice in product(*(range(len(axis.values)) for axis in axes)):
        name = " ".join(labels[axis][index] for axis, index in enumerate(choice))
        seen[name] += 1
        yield (
            f"{name} #{seen[name]}" if seen[name] > 1 else name,
            [axis.patch(index) for axis, index in zip(axes, choice, strict=True)],
        )


def _labels(axis: Axis) -> list[str]:
    """A short name for each value of an axis: the shortest kind of name that tells all of them apart."""
    for label in (_short, _long):
        names = [label(axis.path, value) for value in axis.values]
        if len(set(names)) == len(names):
            return names
    return [f"{axis.path[-1]}#{index}" for index in range(len(axis.values))]


def _short(path: KeyPath, value: Any) -> str:
    match value:
        case bool():
            return str(path[-1]) if value else f"no {path[-1]}"
        case dict():
            return str(value.get("kind", "")) or _long(path, value)
        case list():
            return f"{len(value)} {path[-1]}"
        case _:
            return str(value)


def _long(path: KeyPath, value: Any) -> str:
    if not isinstance(value, dict):
        return _short(path, value)
    return " ".join(
        _short((key,), argument) if key == "kind" else f"{key}={argument}" for key, argument in value.items()
    )
