"""Where in a recipe a key stands that someone has written into another place."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator
from functools import cache
from types import NoneType
from typing import Annotated, Any, NamedTuple, get_args, get_origin, get_type_hints

from dlbench.errors import meant
from dlbench.parts import CATALOGS
from dlbench.parts.arguments import Of
from dlbench.parts.datasets.common import COMMON
from dlbench.recipe.messages import nearest
from dlbench.recipe.sections import Frame
from dlbench.recipe.training import Training

SLIP = 0.8
"""How alike (from 0 to 1) two names are of which one is the other with a slip of the pen."""
_SHOWN = 3


class KeyPlace(NamedTuple):
    """A place of a recipe; `extras` counts the optional tables and lists on the way to it, which a recipe may lack."""

    extras: int
    depth: int
    path: str

    def below(self, key: str) -> KeyPlace:
        """A key of the table here."""
        return KeyPlace(self.extras, self.depth + 1, f"{self.path}.{key}" if self.path else key)

    def optional(self, item: str = "") -> KeyPlace:
        """The same where it is optional, or the first item of the list here."""
        return KeyPlace(self.extras + 1, self.depth, self.path + item)


def suggestion(key: str, known: Collection[str], instead: str, section: str = "") -> str:
    """How the error about a key that does not belong ends: where it belongs, unless a known one looks much like it."""
    place = "" if meant(key, known, SLIP) else elsewhere(key, section)
    return place or nearest(key, known, instead)


def elsewhere(key: str, section: str = "") -> str:
    """`; did you mean train.optimizer.lr?` for a key that other places of a recipe have, empty where none has.

    `section` is where it was written: a place inside of that one is what was meant. Of all places those are named that
    every recipe has, and of these the nearest to the top.
    """
    found = _places().get(key, [])
    fitting = [place for place in found if section and place.path.startswith(f"{section}.")] or found
    nearest = [place.path for place in fitting if place[:2] == min(fitting)[:2]][:_SHOWN]
    return f"; did you mean {' or '.join(nearest)}?" if nearest else ""


@cache
def _places() -> dict[str, list[KeyPlace]]:
    """Key -> the places that have it, the keys at the top of a recipe left out."""
    found: dict[str, dict[KeyPlace, None]] = {}
    for section in (Training, Frame):
        for place in _fields(section, KeyPlace(0, 0, "")):
            if place.depth > 1:
                found.setdefault(place.path.rpartition(".")[2], {})[place] = None
    return {key: list(places) for key, places in found.items()}


def _fields(section: type[Any], above: KeyPlace) -> Iterator[KeyPlace]:
    hints = get_type_hints(section, include_extras=True)
    for entry in dataclasses.fields(section):
        place = above.below(entry.name)
        yield place
        yield from _inside(
            hints[entry.name], place if entry.default_factory is dataclasses.MISSING else place.optional()
        )


def _inside(annotation: Any, place: KeyPlace) -> Iterator[KeyPlace]:
    """The places in a field's value: the keys of a table, the arguments of any part that it may name."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if isinstance(annotation, type) and dataclasses.is_dataclass(annotation):
        yield from _fields(annotation, place)
    elif origin is Annotated:
        yield from _inside(inner[0], place)
        at = place.optional("[0]") if get_origin(inner[0]) is list else place
        yield from (at.below(key) for mark in inner[1:] if isinstance(mark, Of) for key in _arguments(mark.catalog))
    elif origin is list:
        yield from _inside(inner[0], place.optional("[0]"))
    else:
        yield from (
            one for option in inner for one in _inside(option, place.optional() if NoneType in inner else place)
        )


def _arguments(catalog: str) -> list[str]:
    """Every argument that some part of a catalogue takes."""
    shared = COMMON if catalog == "datasets" else {}
    return list(dict.fromkeys([*shared, *(key for part in CATALOGS[catalog] for key in part.arguments)]))
