"""Other keys from a file: `keys.toml`, one line an action. What it asks for in vain is told, and stays as it was."""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from textual.keys import KEY_NAME_REPLACEMENTS, Keys, format_key

from dlbench.errors import UsageError, hint
from dlbench.files import exists, expanded, open_file
from dlbench.tui.key_table import KeyTable
from dlbench.tui.keys import KEYS, Key, face

MODIFIERS = ("ctrl", "shift", "alt", "super")
SPELLINGS = {"esc": "escape", "return": "enter", "pgup": "pageup", "pgdn": "pagedown", "del": "delete"}
SAME = {"ctrl+i": "tab", "ctrl+m": "enter", "ctrl+left_square_bracket": "escape", "shift+space": "space"}
"""Keys that a terminal cannot tell from others."""
NAMED = {key.value for key in Keys if key.value.isalnum()}
"""Keys that print nothing."""
HEAD = """\
# The keys of the dashboard. Copy what you want to change into {place};
# `dlbench watch --keys FILE` and DLBENCH_KEYS name another file. A key is a letter or sign, or a name such as
# "space", "f5", "pageup", "ctrl+k"; several are a list, none is []. What is not in the file stays as it is here.
"""


@dataclass(frozen=True)
class ReadKeys:
    """The keys in force, and in one message what is wrong with the file; empty if nothing is."""

    table: KeyTable
    problem: str = ""


def usual_file() -> Path:
    """Where the file is looked for when nobody names one."""
    from platformdirs import user_config_path

    return user_config_path("dlbench") / "keys.toml"


def read_keys(file: Path | None) -> ReadKeys:
    """The keys that a file makes of the table; without a file the usual one, which need not be there.

    Raises UsageError where a file that was named cannot be read.
    """
    path = usual_file() if file is None else expanded(file)
    if file is None and not exists(path):
        return ReadKeys(KeyTable())
    try:
        with open_file(path) as opened:
            wanted = tomllib.loads(opened.read().decode())
    except (OSError, ValueError) as error:
        if file is not None and isinstance(error, OSError):
            raise UsageError(f"{path}: cannot read these keys: {error.strerror}") from error
        reason = error.strerror if isinstance(error, OSError) else error
        return ReadKeys(KeyTable(), f"{path}: {reason}; all keys stay as they are")
    table, problems = remapped(wanted)
    told = "\n".join(f"- {problem}" for problem in problems)
    return ReadKeys(table, f"{path} asks in vain:\n{told}" if told else "")


def remapped(wanted: Mapping[str, Any]) -> tuple[KeyTable, list[str]]:
    """The table with other keys for some actions, and why others keep theirs.

    Of two actions with one key neither is guessed at: what the file says of them does not count. That can free the key of a third
    action for its owner, so that it is looked at again until no key has two meanings.
    """
    known, problems, chosen = {key.id: key for key in KEYS}, [], {}
    for name, value in wanted.items():
        try:
            chosen[name] = _keys(known, name, value)
        except ValueError as error:
            problems.append(str(error))
    while clash := _clash(chosen):
        key, owners = clash
        dropped = [owner for owner in owners if owner in chosen]
        problems.append(
            f"{face(key)} would be {' and '.join(owners)}: {' and '.join(dropped)} stay{'s' * (len(dropped) == 1)} as before"
        )
        for owner in dropped:
            del chosen[owner]
    return KeyTable(tuple(_with(key, chosen) for key in KEYS)), problems


def as_toml(table: KeyTable) -> str:
    """A table as a file that makes it."""
    wide = max(len(key.id) for key in table.keys)
    lines = [HEAD.format(place=usual_file())]
    for group, keys in table.grouped():
        lines.append(f"\n# {group}\n")
        own = [key for key in keys if not key.is_fixed]
        lines += [f"{key.id:<{wide}} = {_value(key.names)}  # {key.help}\n" for key in own]
    return "".join(lines)


def _value(names: list[str]) -> str:
    written = [f'"{name if name in NAMED else format_key(name)}"' for name in names]
    return written[0] if len(written) == 1 else f"[{', '.join(written)}]"


def _keys(known: Mapping[str, Key], name: str, value: Any) -> list[str]:
    """The keys of an action as Textual calls them; raises ValueError that says what is wrong with the entry."""
    if name not in known:
        raise ValueError(f"no action is called '{name}'{hint(name, known, '`dlbench watch --print-keys` lists them')}")
    if known[name].is_fixed:
        raise ValueError(f"{name} has to stay on {known[name].faces[0]}, which always leaves")
    texts = value if isinstance(value, list) else [value]
    return list(dict.fromkeys(_key(name, text) for text in texts))


def _key(name: str, text: Any) -> str:
    """One key as Textual calls it: `question_mark` for `?`, `F` for `shift+f`."""
    wrong = ValueError(f"{name} = {text!r}: there is no such key")
    if not isinstance(text, str) or not text.strip():
        raise wrong
    *held, last = [text.strip()] if len(text.strip()) == 1 else text.strip().split("+")
    last = SPELLINGS.get(last.lower(), last) if len(last) > 1 else _named(last)
    if len(last) > 1 and last.lower() in NAMED:
        last = last.lower()
    is_key = last in NAMED or len(format_key(last)) == 1
    if not is_key or any(one not in MODIFIERS for one in held) or len(set(held)) < len(held):
        raise wrong
    if held == ["shift"] and len(last) == 1 and last.isalpha():
        return last.upper()
    found = "+".join([*sorted(held), last.lower() if held and len(last) == 1 else last])
    return SAME.get(found, found)


def _named(sign: str) -> str:
    """A sign as Textual names it; letters and digits are their own names."""
    if sign.isalnum():
        return sign
    name = unicodedata.name(sign, "").lower().replace("-", "_").replace(" ", "_")
    return KEY_NAME_REPLACEMENTS.get(name, name) or "no sign"


def _clash(chosen: Mapping[str, list[str]]) -> tuple[str, list[str]] | None:
    """A key that two actions have, with their names."""
    owners: dict[str, list[str]] = {}
    for key in KEYS:
        for one in chosen.get(key.id, key.names):
            owners.setdefault(one, []).append(key.id)
    return next(((key, names) for key, names in owners.items() if len(names) > 1), None)


def _with(key: Key, chosen: Mapping[str, list[str]]) -> Key:
    return replace(key, key=",".join(chosen[key.id])) if key.id in chosen else key
