"""How far the changes of the command line reach: which trials see them, and what stands in their way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from dlbench.recipe.list_edits import EDITS
from dlbench.recipe.messages import few
from dlbench.recipe.patch import Origin, Tree
from dlbench.recipe.source_map import KeyPath, show
from dlbench.recipe.training import TRAINING
from dlbench.recipe.variants import Draft

NOTHING_CHANGED = "nothing has changed"
_VARYING = ("variants", "grid", "search")


def unseen(changes: Sequence[Tree], recipe: Tree, drafts: Sequence[Draft]) -> list[str]:
    """A sentence for each change that some variants replace by their own, or that comes to nothing.

    `changes` are patches of the command line in their order, `recipe` is the recipe with all of them laid over it, `drafts`
    are its candidates. A value is followed by its origin, so that it is seen too where it equals what was there before.
    """
    told = {change.origin(()).option: _told(change, recipe, drafts) for change in changes}
    return [f"{option}: {what}" for option, what in told.items() if what]


def _told(change: Tree, recipe: Tree, drafts: Sequence[Draft]) -> str | None:
    paths, option = list(_leaves(change.data, ())), change.origin(()).option
    if not paths:
        return None
    if paths[0][0] == "quick":
        return f"{NOTHING_CHANGED}: [quick] is applied before it; set the key itself"
    found = [one for path in paths for one in _options(recipe, path)]
    if option not in found:
        return f"{NOTHING_CHANGED}: {found[0] or 'another option'} comes after it"
    return _reached(option, paths, drafts) if paths[0][0] in (*TRAINING, *_VARYING) else None


def _reached(option: str, paths: Sequence[KeyPath], drafts: Sequence[Draft]) -> str | None:
    """Which variants see a value of the training; of a variant's, the grid's or the search's own only whether any does."""
    seeing = dict.fromkeys(draft.variant for draft in drafts if _sees(draft.tree, paths, option))
    blind = [draft for draft in drafts if draft.variant not in seeing]
    if not blind or (seeing and paths[0][0] not in TRAINING):
        return None
    names = list(dict.fromkeys(draft.variant for draft in blind))
    where = _where({_origin(draft.tree, path) for draft in blind for path in paths})
    others = f"{_variants(names)} {'sets its' if len(names) == 1 else 'set their'} own{where}"
    if seeing:
        return f"only {_variants(list(seeing))} {'sees' if len(seeing) == 1 else 'see'} it; {others}"
    return f"no trial sees it, {NOTHING_CHANGED}: {others}"


def _sees(tree: Tree, paths: Sequence[KeyPath], option: str) -> bool:
    if paths[0][0] in TRAINING:
        return any(option in _options(tree, path) for path in paths)
    return any(origin.option == option for origin in tree.origins.values())


def _options(tree: Tree, path: KeyPath) -> list[str]:
    """Which options the value at `path` is of: one, or of a list all that have put something in or taken it out."""
    place = _indexed(path, tree.data)
    if path[-1] not in EDITS:
        return [_origin(tree, path).option]
    return [origin.option for key, origin in tree.origins.items() if key[: len(place)] == place] or [
        _origin(tree, path).option
    ]


def _origin(tree: Tree, path: KeyPath) -> Origin:
    """Where the value at `path` was written, or the table that holds it."""
    place = _indexed(path, tree.data)
    return next(tree.origins[place[:end]] for end in range(len(place), -1, -1) if place[:end] in tree.origins)


def _leaves(value: Any, path: KeyPath) -> Iterator[KeyPath]:
    """The paths of all values in tables; an empty table is none."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, (*path, key))
    else:
        yield path


def _indexed(path: KeyPath, data: Any) -> KeyPath:
    """The same path with the indices of lists as numbers, as far as it leads in `data`."""
    found: KeyPath = ()
    for key in path:
        step = int(key) if isinstance(data, list) and str(key).isdecimal() and int(key) < len(data) else key
        inside = isinstance(step, int) or (isinstance(data, dict) and step in data)
        data = data[step] if inside else None
        found += (step,)
    return found


def _variants(names: list[str]) -> str:
    return f"variant{'s' if len(names) > 1 else ''} {few(names)}"


def _where(origins: set[Origin]) -> str:
    """` (variants.a.model.activation)`: where the values that were taken instead are written, where that is known."""
    varying = {(key,) for key in _VARYING}
    places = sorted({origin.option or show(origin.path) for origin in origins if origin.path[:1] in varying})
    shown = ", ".join(places[:3]) + (f" and {len(places) - 3} more" if len(places) > 3 else "")
    return f" ({shown})" if places else ""
