"""The keys in force: those of the table, or what a file makes of them, and all that is told of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from dlbench.tui.keys import KEYS, Group, Key

COMMON = ("sidebar", "help", "quit")
"""Actions that the footer shows last, and leaves out last."""
NO_KEY = "no key"
"""What is told of an action whose keys a file takes away."""


@dataclass(frozen=True)
class KeyTable:
    """Every key in the order of the help."""

    keys: tuple[Key, ...] = KEYS

    def face(self, id: str) -> str:  # noqa: A002  # what the table calls it
        """The first key of an action as people read it, by its name."""
        found = next(key for key in self.keys if key.id == id)
        return next(iter(found.faces), NO_KEY)

    def footer(self, pane: str) -> list[Key]:
        """The keys that the footer shows in a pane, from left to right."""
        keys = [key for key in self.keys if key.names]
        own = [key for key in keys if pane in key.shown and key.group not in {"Everywhere", "Run"}]
        rest = [key for key in keys if pane in key.shown and key not in own]
        return [*own, *rest, *sorted((key for key in keys if "*" in key.shown), key=lambda key: COMMON.index(key.name))]

    def grouped(self) -> list[tuple[Group, list[Key]]]:
        """The keys in the groups of the help."""
        return [(group, list(keys)) for group, keys in groupby(self.keys, key=lambda key: key.group)]

    def told(self, text: str) -> str:
        """A text that names keys of the table by their first faces, between backticks, with those in force."""
        now = {old.faces[0]: next(iter(key.faces), NO_KEY) for old, key in zip(KEYS, self.keys, strict=True)}
        return re.sub(r"`([^`\n]+)`", lambda match: f"`{now.get(match[1], match[1])}`", text)

    def as_markdown(self) -> str:
        """Every key in tables, one a group, with its name in keys.toml: what the documentation shows."""
        return "\n\n".join(_table(group, keys) for group, keys in self.grouped())


def dispensable(keys: list[Key]) -> Iterator[Key]:
    """The keys of a footer in the order in which they are left out where there is no room; of a group the last one first."""
    order = ("Everywhere", "Replay", "Run", "Tables", "Charts", "Cursor")
    yield from sorted((key for key in keys[::-1] if "*" not in key.shown), key=lambda key: order.index(key.group))
    yield from (key for key in keys if "*" in key.shown)


def _table(group: Group, keys: list[Key]) -> str:
    rows = (f"| {', '.join(f'`{face}`' for face in key.faces)} | {key.help} | `{key.id}` |" for key in keys)
    return "\n".join([f"| {group} | | name |", "|---|---|---|", *rows])
