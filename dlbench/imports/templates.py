"""How variants and seeds are named: texts with fields in braces, `lr={lr}`, filled in by paths, hyperparameters or columns."""

from __future__ import annotations

import string
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from dlbench.errors import UsageError, hint, shortened
from dlbench.imports.log import wrong


@dataclass(frozen=True)
class Template:
    """A text with fields; `option` is what it was given as."""

    option: str
    text: str
    fields: tuple[str, ...]

    def filled(self, values: Mapping[str, Any]) -> str:
        """The text with what its fields are."""
        pieces = string.Formatter().parse(self.text)
        return "".join(before + ("" if name is None else as_text(values[name])) for before, name, _, _ in pieces)

    def check(self, place: str, names: Collection[str]) -> None:
        """Raise UsageError where a log has not all of the fields."""
        for name in self.fields:
            if name not in names:
                listed = ", ".join(sorted(map(str, names))[:20]) or "none"
                there = hint(name, map(str, names), "")
                raise wrong(
                    place, None, f"there is no field '{shortened(name)}' for {self.option}{there} (fields: {listed})"
                )


def template(option: str, text: str) -> Template:
    """Read a template; raises UsageError where its braces do not fit."""
    try:
        pieces = list(string.Formatter().parse(text))
    except ValueError as error:
        raise UsageError(f"{option}: '{shortened(text)}': {error}") from error
    if any(name == "" or form or conversion for _, name, form, conversion in pieces):
        raise UsageError(
            f"{option}: '{shortened(text)}': braces hold the name of a field and nothing else, as in '{{lr}}'"
        )
    return Template(option, text, tuple(name for _, name, _, _ in pieces if name is not None))


def as_text(value: Any) -> str:
    """A field as it is written; a whole number that became a float is a whole number."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() and abs(value) < 1e15 else str(value)


LARGEST_SEED = 2**63 - 1


def seed_of(text: str, place: str, line: int | None) -> int:
    """A seed; raises UsageError where it is no whole number from 0 on."""
    digits = text.strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) < 20 and int(digits) <= LARGEST_SEED):
        raise wrong(place, line, f"the seed '{shortened(text)}' is no whole number from 0 to 2**63 - 1")
    return int(digits)
