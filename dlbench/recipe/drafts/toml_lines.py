"""Lines of TOML with what is said of them."""

from __future__ import annotations

import textwrap
from typing import Any

import tomli_w

from dlbench.words.printable import one_line

WIDTH = 108
LARGE = 10_000
"""A number from which on its digits are parted by threes."""


class Raw(str):
    """A value that is TOML already."""

    __slots__ = ()


def assigned(key: str, value: Any, comment: str = "") -> str:
    """`key = value`, what is said of it above it."""
    # A comment with a control character, as of a column's name, would be no TOML.
    lines = textwrap.wrap(one_line(comment), WIDTH, break_long_words=False, break_on_hyphens=False)
    return "\n".join([*(f"# {line}" for line in lines), f"{key} = {toml(value)}"])


def toml(value: Any) -> str:
    """A text, number, truth value, or list of them, in one line."""
    if isinstance(value, Raw):
        return value
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    if isinstance(value, int) and abs(value) >= LARGE:
        return f"{value:_}"
    return tomli_w.dumps({"value": value}).removeprefix("value = ").rstrip("\n")
