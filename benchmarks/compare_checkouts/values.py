"""What a command printed, as values by their paths: JSON, CSV, Markdown, or plain lines."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any, TypeAlias

Path: TypeAlias = tuple[str, ...]
"""Where a value stands: `("rows", "sigmoid", "cells", "solved", "mean")`."""

IDENTITIES = (
    ("key",),
    ("part", "variant", "seed", "choice", "members", "combine"),
    ("variant", "choice", "seed", "members", "combine"),
    ("name",),
)
"""What identifies the items of a list, the first of these that does: of its fields, those that an item has; else their index."""


class Literal(str):
    """A number as it is written, so that 1, 1.0 and 1e0 are three values, and the text "1" a fourth."""

    __slots__ = ()


Value: TypeAlias = str | bool | tuple[str, ...] | None
"""A text, a `Literal`, true, false or null; a tuple is the order in which the items of a list, or columns, stand."""

Values: TypeAlias = dict[Path, Value]


@dataclass(frozen=True)
class Renames:
    """Names of before and what they are called after: whole words of keys, of columns and of short texts.

    A word ends at anything but a letter or a digit, so that `deviation` is one in `train_loss_deviation`. Of names that
    begin at one place the longest counts; one that maps to itself is left alone inside of longer ones.
    """

    names: Mapping[str, str] = field(default_factory=dict)

    def apply(self, text: str) -> str:
        """The text in the names of after."""
        return self._pattern.sub(lambda match: self._spelled[match[0]], text) if self.names else text

    def keys(self, data: Any) -> Any:
        """The same data with every key of its tables in the names of after."""
        if isinstance(data, dict):
            return {self.apply(key): self.keys(value) for key, value in data.items()}
        return [self.keys(item) for item in data] if isinstance(data, list) else data

    @cached_property
    def _spelled(self) -> dict[str, str]:
        """The names as columns have them and as headings do: with blanks for underscores."""
        return {old.replace("_", " "): new.replace("_", " ") for old, new in self.names.items()} | dict(self.names)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        names = "|".join(map(re.escape, sorted(self._spelled, key=len, reverse=True)))
        return re.compile(rf"(?<![^\W_])(?:{names})(?![^\W_])")


def of_json(text: str) -> Any:
    """JSON as data, its numbers as they are written."""
    return json.loads(text, parse_float=Literal, parse_int=Literal, parse_constant=Literal)


def of_csv(text: str) -> Any:
    """CSV as rows by their columns' names."""
    reader = csv.DictReader(io.StringIO(text))
    return {"columns": dict.fromkeys(reader.fieldnames or ()), "rows": list(reader)}


def of_trials(text: str) -> Any:
    """The export of trials as rows; what was last probed of a trial that stopped early stands apart."""
    data = of_csv(text)
    for row in data["rows"]:
        if row.get("stopped_at"):
            row["before it stopped"] = {name: row.pop(name) for name in list(row) if name.endswith("gradient_ratio")}
    return data


def of_lines(text: str) -> Any:
    """Lines that people read, without the blanks that lay them out and the headings, which break by their columns' widths."""
    lines: list[str] = []
    for block in text.split("\n\n"):
        shown = [" ".join(line.split()) for line in block.splitlines()]
        rules = [index for index, line in enumerate(shown) if line and not line.strip("─- ")]
        lines += shown[rules[-1] + 1 :] if rules else shown
    return {"line": lines}


def of_markdown(text: str) -> Any:
    """Markdown as the rows of its tables by their headings, and its other lines; section by section, block by block."""
    found: dict[str, dict[str, Any]] = {}
    title = ""
    for block in _unescaped(text).split("\n\n"):
        lines = block.splitlines()
        if block.startswith("#"):
            title = block.lstrip("# ")
        elif block.startswith("|"):
            section = found.setdefault(title, {})
            section[f"table {len(section)}"] = _table(lines)
        else:
            found.setdefault(title, {})["line"] = lines
    return found


def _unescaped(text: str) -> str:
    """Without the backslashes; a bar that is no border of a cell becomes another one."""
    return re.sub(r"\\(.)", r"\1", text.strip().replace(r"\|", "¦"))


def _table(lines: Sequence[str]) -> dict[str, Any]:
    header, _, *rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in lines)
    return {"columns": dict.fromkeys(header), "rows": [dict(zip(header, row, strict=True)) for row in rows]}


PARSERS: Mapping[str, Callable[[str], Any]] = {
    "json": of_json,
    "csv": of_csv,
    "trials": of_trials,
    "markdown": of_markdown,
    "lines": of_lines,
}


def without(data: Any, patterns: Collection[str], but: Collection[str] = ()) -> Any:
    """The same data, without the texts in its lists that are like a pattern of fnmatch, `but` those."""
    if isinstance(data, dict):
        return {key: without(value, patterns, but) for key, value in data.items()}
    if isinstance(data, list):
        return [without(item, patterns, but) for item in data if item in but or not _is_like(item, patterns)]
    return data


def _is_like(item: Any, patterns: Collection[str]) -> bool:
    return isinstance(item, str) and any(fnmatchcase(item, pattern) for pattern in patterns)


def texts(data: Any) -> Iterator[str]:
    """The texts in its lists."""
    for item in data.values() if isinstance(data, dict) else data if isinstance(data, list) else ():
        if isinstance(item, str) and isinstance(data, list):
            yield item
        yield from texts(item)


def flat(data: Any, renames: Renames | None = None) -> Values:
    """Every value in data by its path, in the names of after; the order of items and of columns is a value of its own.

    What is empty is a value too: an order of nothing.
    """
    names = renames or Renames()
    return dict(_flat(names.keys(data), (), names))


def renamed(data: Any, renames: Renames, after: Values) -> Values:
    """The values of before by their paths in after: under the new names, or under the old where after has only these."""
    new, old = flat(data, renames), flat(data)
    pairs = zip(new.items(), old, strict=True)
    return {path if path in after and to not in after else to: value for (to, value), path in pairs}


def _flat(data: Any, path: Path, names: Renames) -> Iterator[tuple[Path, Value]]:
    if isinstance(data, dict | list) and not data:
        yield path, ()
    elif isinstance(data, dict):
        if path[-1:] == ("columns",):
            yield (*path, "order"), tuple(data)
        for key, value in data.items():
            yield from _flat(value, (*path, key), names)
    elif isinstance(data, list):
        labels = _labels(data, names)
        if any(isinstance(item, dict) for item in data):
            yield (*path, "order"), tuple(labels)
        for label, item in zip(labels, data, strict=True):
            yield from _flat(item, (*path, label), names)
    else:
        yield path, data


def _labels(items: Sequence[Any], names: Renames) -> Sequence[str]:
    if all(isinstance(item, dict) for item in items):
        for identity in IDENTITIES:
            labels = [_label(item, identity) for item in items]
            if all(labels) and len(set(labels)) == len(labels):
                return list(map(names.apply, labels)) if identity == ("key",) else labels
    return [str(index) for index in range(len(items))]


def _label(item: Mapping[str, Any], identity: Sequence[str]) -> str:
    found = [item[name] for name in identity if item.get(name)]
    return " ".join(one if isinstance(one, str) else json.dumps(one, ensure_ascii=False) for one in found)
