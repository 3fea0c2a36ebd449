"""Fields that stand in paths: `runs/{variant}/seed-{seed}/metrics.csv`, a regular expression, or `lr=0.1` in a folder's name."""

from __future__ import annotations

import re
from pathlib import Path

from dlbench.errors import UsageError, shortened
from dlbench.imports.log import path_text

_PIECES = re.compile(r"(\*\*/|\*\*|\*|\?|\{[^{}]*\})")
_WILD = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
_TOLD = re.compile(r"(?:^|[/,;])([A-Za-z][\w.-]*)=([^/,;]+)")


class PathPattern:
    """The end of a path as a pattern: `{name}` is a field of one folder's or file's name, `*` and `**/` are as in shells.

    What has a group `(?P<name>...)` is a regular expression as Python has them, searched for in the path.
    """

    def __init__(self, text: str) -> None:
        """Raises UsageError where it is no pattern, or names no field."""
        self.text = text
        try:
            self._pattern = re.compile(text if "(?P<" in text else _as_regex(text))
        except re.error as error:
            raise UsageError(f"--from: '{shortened(text)}' is no pattern: {error}") from error
        if not self._pattern.groupindex:
            raise UsageError(
                f"--from: '{shortened(text)}' names no field; write one as in '{{variant}}/seed-{{seed}}/*.csv'"
            )

    def fields(self, path: Path) -> dict[str, str] | None:
        """The fields of a path; `None` where it does not fit."""
        found = self._pattern.search(path_text(path))
        return (
            None if found is None else {name: value for name, value in found.groupdict().items() if value is not None}
        )


def told_fields(path: Path) -> dict[str, str]:
    """What folders and files say of themselves: `{"lr": "0.1", "seed": "3"}` of `runs/lr=0.1,seed=3/metrics.csv`."""
    text = path_text(path)
    return {
        name: value.removesuffix(path.suffix) if text.endswith(value) else value for name, value in _TOLD.findall(text)
    }


def _as_regex(text: str) -> str:
    seen: set[str] = set()
    pieces = []
    for piece in _PIECES.split(text.removeprefix("./").rstrip("/")):
        if not piece.startswith("{"):
            pieces.append(_WILD.get(piece) or re.escape(piece))
            continue
        name = piece[1:-1]
        if not name.isidentifier():
            raise UsageError(f"--from: '{shortened(piece)}' is no field; its name is made of letters, digits and _")
        pieces.append(f"(?P={name})" if name in seen else f"(?P<{name}>[^/]+?)")
        seen.add(name)
    return f"(?:^|/){''.join(pieces)}$"
