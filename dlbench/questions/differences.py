"""Nested values as dotted keys, and where two of them differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

ABSENT = "not there"
"""What stands for a value that one side does not have."""


@dataclass(frozen=True)
class Difference:
    """One key of which two runs have other values; `ABSENT` where one has none."""

    key: str
    first: Any
    second: Any


def flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """The leaves of nested tables and lists by their dotted keys: `train.optimizer.lr`, `model.layers[0].units`."""
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from flat(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and value:
        for index, inner in enumerate(value):
            yield from flat(inner, f"{path}[{index}]")
    else:
        yield path, value


def differences(first: Any, second: Any) -> list[Difference]:
    """Every leaf that differs, in the order of the first, then those that only the second has."""
    ours, theirs = dict(flat(first)), dict(flat(second))
    pairs = ((key, ours.get(key, ABSENT), theirs.get(key, ABSENT)) for key in dict.fromkeys([*ours, *theirs]))
    return [Difference(key, a, b) for key, a, b in pairs if type(a) is not type(b) or a != b]
