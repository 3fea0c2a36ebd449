"""Places in a recipe: paths of keys and indices, how they are written, and the lines on which they stand."""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections import Counter
from typing import Any, TypeAlias

KeyPath: TypeAlias = tuple[str | int, ...]
"""Keys of tables and indices of lists, from the top of the recipe: `("model", "layers", 2, "units")`."""

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_SPACE = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_STRING = re.compile(r'"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:\\.|[^"\\])*"|\'[^\']*\'', re.DOTALL)
_SCALAR = re.compile(r"[^,\]}#\r\n]+")


def show(path: KeyPath) -> str:
    """A path as it is written in messages: `model.layers[2].units`, `variants."relu+he".model.init`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            key = step if _BARE.fullmatch(step) else '"' + step.replace("\\", "\\\\").replace('"', '\\"') + '"'
            text += f".{key}" if text else key
    return text


def dotted(path: KeyPath) -> str:
    """A path as `--set` takes it, indices as keys: `model.layers.0.units`."""
    return show(tuple(map(str, path)))


def split(key: str) -> KeyPath:
    """The path that a dotted key such as `variants."relu+he".model.init` names; raises `tomllib.TOMLDecodeError`."""
    here: Any = tomllib.loads(f"{key} = 0")
    path: KeyPath = ()
    while isinstance(here, dict):
        if len(here) != 1:
            raise tomllib.TOMLDecodeError(f"{key!r} is not one key")
        name, here = next(iter(here.items()))
        path += (name,)
    return path


def line_numbers(text: str) -> dict[KeyPath, int]:
    """The line (from 1) of every key, table header and list item of a valid TOML text.

    tomllib keeps no positions and tomlkit shows none, so this walks over a text that tomllib has already accepted: it
    has to find where keys and values begin, and may trust that they are well formed.
    """
    scanner = _Scanner(text)
    scanner.document()
    return scanner.lines


class _Scanner:
    """Walks over valid TOML once, front to back; `at` is the next character."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[KeyPath, int] = {}
        self._ends = [match.start() for match in re.finditer("\n", text)]
        self._tables: Counter[KeyPath] = Counter()

    def document(self) -> None:
        table: KeyPath = ()
        while self._skip():
            if self._take("[["):
                table = self._header(is_item=True)
            elif self._take("["):
                table = self._header(is_item=False)
            else:
                self._assignment(table)

    def _skip(self) -> bool:
        match = _SPACE.match(self.text, self.at)
        self.at = match.end() if match else self.at
        return self.at < len(self.text)

    def _take(self, token: str) -> bool:
        if not self.text.startswith(token, self.at):
            return False
        self.at += len(token)
        return True

    def _note(self, path: KeyPath) -> None:
        self.lines.setdefault(path, bisect_right(self._ends, self.at - 1) + 1)

    def _keys(self) -> list[str]:
        keys = []
        while True:
            self._skip()
            match = _STRING.match(self.text, self.at) or _BARE.match(self.text, self.at)
            assert match, "the text is valid TOML"
            token = match.group()
            keys.append(next(iter(tomllib.loads(f"{token} = 0"))))
            self.at = match.end()
            self._skip()
            if not self._take("."):
                return keys

    def _header(self, *, is_item: bool) -> KeyPath:
        path: KeyPath = ()
        keys = self._keys()
        for depth, key in enumerate(keys, start=1):
            path += (key,)
            self._note(path)
            if is_item and depth == len(keys):
                self._tables[path] += 1
            if self._tables[path]:
                path += (self._tables[path] - 1,)
                self._note(path)
        self._take("]]" if is_item else "]")
        return path

    def _assignment(self, table: KeyPath) -> None:
        path = table
        for key in self._keys():
            path += (key,)
            self._note(path)
        self._take("=")
        self._skip()
        self._value(path)

    def _value(self, path: KeyPath) -> None:
        if self._take("["):
            self._array(path)
        elif self._take("{"):
            while self._skip() and not self._take("}"):
                if not self._take(","):
                    self._assignment(path)
        else:
            match = _STRING.match(self.text, self.at) or _SCALAR.match(self.text, self.at)
            assert match, "the text is valid TOML"
            self.at = match.end()

    def _array(self, path: KeyPath) -> None:
        index = 0
        while self._skip() and not self._take("]"):
            if not self._take(","):
                self._note((*path, index))
                self._value((*path, index))
                index += 1
