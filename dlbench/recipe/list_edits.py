"""What a patch puts into a list and takes out of it: `layers.insert = [{ at = 2, kind = "dropout", ... }]`, `layers.remove = [3]`.

All places are those of the list before the patch, so that the order in which edits are written does not matter, and an item
that the same patch changes (`layers.3.units = 64`) keeps its number. What is inserted at one place stands in the order written.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from dlbench.recipe.messages import given, listed, nearest
from dlbench.recipe.source_map import KeyPath

INSERT = "insert"
REMOVE = "remove"
EDITS = (INSERT, REMOVE)
"""The keys of a patch of a list that are no item's number."""

_PLACES = ("at", "before", "after")
_EXAMPLE = '{ at = 1, kind = "dropout", keep = 0.5 }'


@dataclass(frozen=True)
class Inserted:
    """An item of the patch: its number in `insert`, and what it is without its place."""

    number: int
    item: dict[str, Any]


@dataclass
class Arrangement:
    """The list after its edits, old items by their numbers; and what is wrong, by paths below the list."""

    items: list[int | Inserted] = field(default_factory=list)
    mistakes: list[tuple[KeyPath, str]] = field(default_factory=list)


def arranged(old: list[Any], patch: dict[str, Any]) -> Arrangement:
    """The items of `old` as `patch` arranges them; edits that cannot be made are left out, and told."""
    result = Arrangement()
    removed = set(_removed(old, patch, result.mistakes))
    before: dict[int, list[Inserted]] = {}
    for number, item in enumerate(_tables(patch, result.mistakes)):
        for place in _places(old, number, item, result.mistakes):
            rest = {key: value for key, value in item.items() if key not in _PLACES}
            before.setdefault(place, []).append(Inserted(number, rest))
    for index in range(len(old) + 1):
        result.items += before.get(index, [])
        result.items += [index] if index < len(old) and index not in removed else []
    return result


def _removed(old: list[Any], patch: dict[str, Any], mistakes: list[tuple[KeyPath, str]]) -> Iterator[int]:
    asked = patch.get(REMOVE, [])
    if not isinstance(asked, list):
        mistakes.append(((REMOVE,), f'takes a list, such as [1] or ["dropout"], not {given(asked)}'))
        return
    seen: set[int] = set()
    for number, one in enumerate(asked):
        for index in _found(old, one, (REMOVE, number), mistakes):
            if index in seen:
                mistakes.append(((REMOVE, number), f"item {index} is removed twice"))
            elif str(index) in patch:
                mistakes.append(((REMOVE, number), f"item {index} is both changed and removed"))
            seen.add(index)
            yield index


def _tables(patch: dict[str, Any], mistakes: list[tuple[KeyPath, str]]) -> list[dict[str, Any]]:
    """What is to be inserted, if that is well formed."""
    asked = patch.get(INSERT, [])
    if isinstance(asked, list) and all(isinstance(one, dict) for one in asked):
        return asked
    mistakes.append(((INSERT,), f"takes a list of tables, such as [{_EXAMPLE}], not {given(asked)}"))
    return []


def _places(old: list[Any], number: int, item: dict[str, Any], mistakes: list[tuple[KeyPath, str]]) -> Iterator[int]:
    """Before which items of the old list an item goes; the number of items stands for the end."""
    named = [key for key in _PLACES if key in item]
    if len(named) != 1:
        mistakes.append(((INSERT, number), f"needs one of {listed(_PLACES, 'and')}, such as {_EXAMPLE}"))
        return
    (key,) = named
    where, path = item[key], (INSERT, number, key)
    if key != "at":
        yield from (index + (key == "after") for index in _found(old, where, path, mistakes))
    elif not isinstance(where, int) or isinstance(where, bool):
        mistakes.append((path, f"takes a place from 0 to {len(old)}, not {given(where)}"))
    elif not 0 <= where <= len(old):
        mistakes.append(
            (path, f"there is no place {where}; the list has {len(old)} items, and so the places 0 to {len(old)}")
        )
    else:
        yield where


def _found(old: list[Any], asked: Any, path: KeyPath, mistakes: list[tuple[KeyPath, str]]) -> Iterator[int]:
    """The item of a number, or all items of a kind."""
    kinds = [one.get("kind") if isinstance(one, dict) else one for one in old]
    if isinstance(asked, str):
        if asked not in kinds:
            known = dict.fromkeys(kind for kind in kinds if isinstance(kind, str))
            mistakes.append((path, f"the list has no '{asked}'{nearest(asked, list(known), 'it has')}"))
        yield from (index for index, kind in enumerate(kinds) if kind == asked)
    elif not isinstance(asked, int) or isinstance(asked, bool):
        mistakes.append((path, f"takes the number of an item, or a kind, not {given(asked)}"))
    elif not 0 <= asked < len(old):
        mistakes.append((path, f"the list has no item {asked}; {items_of(old)}"))
    else:
        yield asked


def items_of(old: list[Any]) -> str:
    """Which items a list has, for a message."""
    return f"it has the items 0 to {len(old) - 1}" if old else "it is empty"
