"""Values of before against values of after: which agree, and what became of the others."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase

from benchmarks.compare_checkouts.values import Literal, Path, Renames, Value, Values

NUMBER = re.compile(r"[-+−]?[0-9][0-9.,]*(?:e[-+]?[0-9]+)?|[∞✔✖▲]")
"""What of a text for people is no wording: its numbers, and the marks that stand for verdicts."""


class Kind(StrEnum):
    """What became of a value."""

    CHANGED = "changed"
    LOST = "lost"
    NEW = "new"
    REWORDED = "reworded"
    """A text whose words are others, and whose numbers are the same."""


@dataclass(frozen=True)
class Difference:
    """What stood at a path before and stands there after; `None` also where nothing does."""

    kind: Kind
    path: Path
    before: Value = None
    after: Value = None

    def __str__(self) -> str:
        place, before, after = "/".join(self.path), shown(self.before), shown(self.after)
        told = {Kind.LOST: f"was {before}", Kind.NEW: f"is {after}"}.get(self.kind, f"{before} -> {after}")
        return f"{self.kind} {place}: {told}"


@dataclass(frozen=True)
class Rules:
    """What may differ: names, by `renames`; values whose path a pattern of `left_out` matches; those added, by `new`.

    Patterns are those of fnmatch over a path's parts joined by `/`, its `*` goes over any of them. A pattern that matches the
    way to a value matches the value.
    """

    renames: Renames = field(default_factory=Renames)
    left_out: Mapping[str, str] = field(default_factory=dict)
    """Pattern -> the reason why such values cannot be the same."""
    unsaid: Mapping[str, str] = field(default_factory=dict)
    """Pattern of a text in a list -> the reason why it may stand there or not."""
    new: tuple[str, ...] = ()
    new_texts: tuple[str, ...] = ()
    """Patterns of texts that a list may have more than before, wherever they stand in it."""
    words: bool = False
    """Whether other words for the same numbers count as a difference."""


@dataclass
class Found:
    """How many values agree, how many were left out or are new as allowed, and all differences."""

    agree: int = 0
    left_out: int = 0
    allowed: int = 0
    reworded: list[Difference] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)


def compare(before: Values, after: Values, rules: Rules) -> Found:
    """Hold two sets of values against each other; those of before have their paths in the names of after."""
    found = Found()
    for path in dict.fromkeys((*before, *after)):
        one = difference(path, before, after, rules.renames)
        if matches(path, rules.left_out):
            found.left_out += 1
        elif one is None:
            found.agree += 1
        elif one.kind is Kind.NEW and matches(path, rules.new):
            found.allowed += 1
        elif one.kind is Kind.REWORDED and not rules.words:
            found.reworded.append(one)
        else:
            found.differences.append(one)
    return found


def difference(path: Path, before: Values, after: Values, renames: Renames) -> Difference | None:
    """What became of the value at a path; nothing where it is what it was."""
    if path not in after:
        return Difference(Kind.LOST, path, before=before[path])
    if path not in before:
        return Difference(Kind.NEW, path, after=after[path])
    old, new = before[path], after[path]
    if is_same(old, new, renames):
        return None
    return Difference(Kind.REWORDED if is_reworded(old, new, renames) else Kind.CHANGED, path, old, new)


def is_same(old: Value, new: Value, renames: Renames) -> bool:
    """Whether a value is what it was: texts in the old names or the new, orders for what both have, all else exactly."""
    if isinstance(old, tuple) and isinstance(new, tuple):
        return [one for one in old if one in new] == [one for one in new if one in old]
    if type(old) is not type(new):
        return False
    return old == new or (type(old) is str and renames.apply(old) == new)


def is_reworded(old: Value, new: Value, renames: Renames) -> bool:
    """Whether both are texts of several words with the same numbers."""
    if type(old) is not str or type(new) is not str or " " not in old or " " not in new:
        return False
    return NUMBER.findall(new) in (NUMBER.findall(old), NUMBER.findall(renames.apply(old)))


def matches(path: Path, patterns: Mapping[str, str] | tuple[str, ...]) -> bool:
    """Whether a pattern is that of a path, or of the beginning of one."""
    ways = ["/".join(path[:end]) for end in range(1, len(path) + 1)]
    return any(fnmatchcase(way, pattern) for pattern in patterns for way in ways)


def wordings(reworded: list[Difference]) -> Counter[tuple[str, str]]:
    """Before and after of texts that say the same in other words, with `#` for numbers, and how often each is met."""
    return Counter((NUMBER.sub("#", str(one.before)), NUMBER.sub("#", str(one.after))) for one in reworded)


def shown(value: Value) -> str:
    """A value in a line: texts in quotes, numbers as they are written."""
    if isinstance(value, Literal):
        return value
    if isinstance(value, tuple):
        return ", ".join(value)
    return json.dumps(value, ensure_ascii=False)
