"""Patches: a partial recipe laid over another, remembering where every value came from.

Tables merge, values and lists replace, a table of another `kind` replaces the whole, a string is short for
`{ kind = ... }`, and one item of a list is reached by its index as a key; `insert` and `remove` are keys of a list too
(`dlbench.recipe.list_edits`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from dlbench.recipe.list_edits import EDITS, INSERT, Inserted, arranged, items_of
from dlbench.recipe.source_map import KeyPath

_PLAIN = ("lesson", "claims", "breakpoints")
"""Sections without parts, where a string is a text and never short for a table."""

_OF_PATCHES = ("variants", "grid", "search")
"""Sections whose tables are patches themselves: there, what edits a list that is not there waits for one."""

_ALTERNATIVES = (
    ({"steps"}, {"epochs"}),
    ({"keep"}, {"rate"}),
    ({"limit"}, {"limit_per_class"}),
    ({"at_most"}, {"at_least"}, {"between"}, {"near", "tolerance"}, {"better_than", "by"}),
)
"""Keys of which one stands in place of the other: a patch that gives one takes the others away."""


@dataclass(frozen=True)
class Origin:
    """Where a value was written: its path in the recipe's file, or in `option`, the words of the command line."""

    path: KeyPath
    option: str = ""


@dataclass(frozen=True)
class Mistake:
    """Something wrong, and where it was written."""

    origin: Origin
    what: str


@dataclass(frozen=True)
class Tree:
    """Plain data with the origin of each of its branches; a branch without one of its own has its parent's."""

    data: Any
    origins: dict[KeyPath, Origin] = field(default_factory=lambda: {(): Origin(())})

    def origin(self, path: KeyPath) -> Origin:
        """Where the value at `path` was written, or where it would stand if it is missing."""
        for length in range(len(path), -1, -1):
            if found := self.origins.get(path[:length]):
                return Origin(found.path + path[length:], found.option)
        return Origin(path)

    def at(self, path: KeyPath, data: Any) -> Tree:
        """The branch at `path`, whose value is `data`, as a tree of its own."""
        below = {place[len(path) :]: origin for place, origin in self.origins.items() if place[: len(path)] == path}
        return Tree(data, {(): self.origin(path), **below})

    def branch(self, key: str) -> Tree:
        """The branch at a key of a table; an empty table where there is none."""
        return self.at((key,), self.data.get(key, {}))

    def only(self, keys: tuple[str, ...]) -> Tree:
        """The same tree with no other keys at its top than these."""
        return Tree({key: value for key, value in self.data.items() if key in keys}, self.origins)

    def mistake(self, path: KeyPath, what: str) -> Mistake:
        """A mistake in the value at `path`."""
        return Mistake(self.origin(path), what)


def merge(base: Tree, patch: Tree) -> tuple[Tree, list[Mistake]]:
    """`patch` laid over `base`, neither of them changed, and the items of lists that it names in vain."""
    merger = _Merger(base, patch)
    data = merger.merged(base.data, patch.data, (), ())
    return Tree(data, merger.origins), merger.mistakes


class _Merger:
    """One merge. `at` is a path in the result, `given` the same place in the patch, where indices are keys."""

    def __init__(self, base: Tree, patch: Tree) -> None:
        self.patch = patch
        self.origins = dict(base.origins)
        self.mistakes: list[Mistake] = []

    def merged(self, old: Any, new: Any, at: KeyPath, given: KeyPath) -> Any:
        holds_parts = at[:1] not in {(section,) for section in _PLAIN}
        if isinstance(new, str) and isinstance(old, dict) and isinstance(old.get("kind"), str) and holds_parts:
            new = {"kind": new}
        if not isinstance(new, dict):
            return self._replaced(new, at, given)
        if isinstance(old, str) and holds_parts:
            old = {"kind": old}
        if isinstance(old, list):
            return self._items(old, new, at, given)
        if not isinstance(old, dict) or _of_another_kind(old, new):
            return self._replaced(new, at, given)
        return self._table(old, new, at, given)

    def _table(self, old: dict[str, Any], new: dict[str, Any], at: KeyPath, given: KeyPath) -> dict[str, Any]:
        ousted = set() if at == ("variants",) else _ousted(new)
        result = {key: value for key, value in old.items() if key not in ousted}
        for key in old.keys() - result.keys():
            self._forget((*at, key))
        for key, value in new.items():
            place, source = (*at, key), (*given, key)
            if key in result:
                result[key] = self.merged(result[key], value, place, source)
            elif place[0] not in _OF_PATCHES and isinstance(value, dict) and value and value.keys() <= set(EDITS):
                result[key] = self._items([], value, place, source)
            else:
                result[key] = self._replaced(value, place, source)
        return result

    def _items(self, old: list[Any], new: dict[str, Any], at: KeyPath, given: KeyPath) -> list[Any]:
        result = list(old)
        for key in [key for key in new if key not in EDITS]:
            source = (*given, key)
            index = next((index for index in range(len(old)) if key == str(index)), None)
            if index is None:
                self.mistakes.append(self.patch.mistake(source, f"the list has no item {key!r}; {items_of(old)}"))
            else:
                result[index] = self.merged(result[index], new[key], (*at, index), source)
        return self._arranged(result, new, at, given) if new.keys() & EDITS else result

    def _arranged(self, old: list[Any], new: dict[str, Any], at: KeyPath, given: KeyPath) -> list[Any]:
        """Items put in and taken out. Those that move keep their origins, and what did it leaves its own behind."""
        found = arranged(old, new)
        self.mistakes += [self.patch.mistake((*given, *path), what) for path, what in found.mistakes]
        whole = Tree(None, dict(self.origins))
        for index in range(len(old)):
            self._forget((*at, index))
        result = []
        for index, one in enumerate(found.items):
            branch = (
                self.patch.at((*given, INSERT, one.number), one.item)
                if isinstance(one, Inserted)
                else whole.at((*at, one), old[one])
            )
            self.origins.update({(*at, index, *below): origin for below, origin in branch.origins.items()})
            result.append(branch.data)
        for key in new.keys() & EDITS:
            traces = sum(place[: len(at) + 1] == (*at, key) for place in self.origins)
            self.origins[(*at, key, traces)] = self.patch.origin((*given, key))
        return result

    def _replaced(self, new: Any, at: KeyPath, given: KeyPath) -> Any:
        self._forget(at)
        branch = self.patch.at(given, new)
        self.origins.update({at + below: origin for below, origin in branch.origins.items()})
        return new

    def _forget(self, at: KeyPath) -> None:
        for place in [place for place in self.origins if place[: len(at)] == at]:
            del self.origins[place]


def _of_another_kind(old: dict[str, Any], new: dict[str, Any]) -> bool:
    return isinstance(old.get("kind"), str) and new.get("kind", old["kind"]) != old["kind"]


def _ousted(new: dict[str, Any]) -> set[str]:
    """The keys that a table gives up when `new` is laid over it."""
    return {
        key
        for group in _ALTERNATIVES
        if any(keys & new.keys() for keys in group)
        for keys in group
        if not keys & new.keys()
        for key in keys
    }
