"""Values and patches as TOML in one line each, as a command line takes them and as people paste them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from dlbench.words.printable import json_text

BARE = re.compile(r"[A-Za-z0-9_-]+")


def inline(value: Any) -> str:
    """A value in one line: `{kind = "adam", lr = 0.003}`."""
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key_text(key)} = {inline(own)}' for key, own in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(inline, value))}]"
    return json_text(value)


def key_text(key: str) -> str:
    """A key, between quotes where it needs them."""
    return key if BARE.fullmatch(key) else json_text(key)


def assignments(table: Mapping[str, Any], above: str = "") -> Iterator[str]:
    """A table as lines `model.init = "he"`; parts, which have a kind, stay whole."""
    for key, value in table.items():
        path = f"{above}{key_text(key)}"
        if isinstance(value, Mapping) and value and "kind" not in value:
            yield from assignments(value, f"{path}.")
        else:
            yield f"{path} = {inline(value)}"
