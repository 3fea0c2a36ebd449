"""Controls: what viewers ask of the workers, one line of JSON each, for the session that is running at that moment."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias
from uuid import uuid4

import orjson

from dlbench.errors import UsageError
from dlbench.plan.breakpoints import parse as parse_breakpoint
from dlbench.run.atomic import append_line, writing
from dlbench.run.folder import RunFolder
from dlbench.run.tail import Tail
from dlbench.run.workers import current_session

CONTROL_VERSION = 1

Control: TypeAlias = dict[str, Any]

LARGEST = 2**53
"""Beyond this a number of steps or a place is none."""


@dataclass(frozen=True)
class Field:
    """One field of an action: what it takes, in words, and whether a value is that."""

    takes: str
    fits: Callable[[Any], bool]


def _is_count(value: Any, least: int = 0) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= LARGEST


def _is_rate(value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and math.isfinite(value) and value > 0


_TRIALS = Field(
    "a list of at least one trial, by index in the plan",
    lambda value: isinstance(value, list) and len(value) > 0 and all(map(_is_count, value)),
)

ACTIONS: dict[str, dict[str, Field]] = {
    "stop": {"stack": Field("a stack's number, or nothing", lambda value: value is None or _is_count(value))},
    "pause": {},
    "resume": {},
    "advance": {
        "steps": Field(
            'a whole number of at least 1, or "epoch"', lambda value: value == "epoch" or _is_count(value, 1)
        )
    },
    "end_trial": {"trials": _TRIALS},
    "set_lr": {"trials": _TRIALS, "lr": Field("a learning rate above 0", _is_rate)},
    "breakpoint": {
        "when": Field("a condition as text", lambda value: isinstance(value, str)),
        "on": Field("true or false", lambda value: isinstance(value, bool)),
    },
}
"""Everything that workers do when asked, with the fields that say what exactly."""

OLDER_NAMES = {"drop": "end_trial", "rate": "set_lr"}
"""Actions that had another name in 0.1.0, as controls and the events that answer them are read for ever."""


def action_name(action: str) -> str:
    """An action by its name of today."""
    return OLDER_NAMES.get(action, action)


def mistake(control: Mapping[str, Any]) -> str | None:
    """What is wrong with a control's action or fields, in words for whoever asked; `None` if a worker can read it."""
    action = control.get("action")
    if not isinstance(action, str) or action not in ACTIONS:
        return f"nothing is called {str(action)[:40]!r}; workers can {', '.join(ACTIONS)}"
    for name, field in ACTIONS[action].items():
        value = control.get(name)
        if not field.fits(value):
            return f"{action}: '{name}' takes {field.takes}, not {repr(value)[:40]}"
    if action == "breakpoint":
        try:
            parse_breakpoint(control["when"])
        except UsageError as error:
            return str(error)
    return None


def ask(folder: RunFolder, action: str, **fields: Any) -> str:
    """Ask the workers of the current session for something; returns the id that their `control` events answer with.

    `ACTIONS` has what can be asked, and with which fields. Raises UsageError where that is not so, and before the first
    session; UnwritableError on a full disk.
    """
    action = action_name(action)
    if wrong := mistake({"action": action, **fields}):
        raise UsageError(wrong)
    session = current_session(folder)
    if session is None:
        raise UsageError(f"{folder.name} was never started, so no worker can take '{action}'")
    identity = uuid4().hex[:12]
    control = {"v": CONTROL_VERSION, "id": identity, "time": time.time(), "session": session, "action": action}
    with writing(folder.control_file):
        append_line(folder.control_file, orjson.dumps(control | fields, option=orjson.OPT_APPEND_NEWLINE))
    return identity


class ControlReader:
    """Polls control.jsonl for one session; while nothing is asked a poll costs one `stat`.

    The session decides what is meant for the reader: a resumed run must not obey the stop that ended it before, and a
    worker that is still importing torch must not miss the stop that came meanwhile. What is asked of a later session is
    meant for all who are there: on a cluster a worker that was lost is followed by one of a new session, beside the others.
    """

    def __init__(self, path: Path, session: int) -> None:
        self._tail = Tail(path)
        self._session = session
        self._seen: set[str] = set()

    def poll(self) -> list[Control]:
        """The controls that are new, oldest first; each has `id` and `action`. Lines that are none are passed over."""
        controls = []
        for line in self._tail.lines():
            control = _parse(line)
            if control is None or not self._is_meant(control.get("session")) or control["id"] in self._seen:
                continue
            self._seen.add(control["id"])
            controls.append(control)
        return controls

    def _is_meant(self, session: object) -> bool:
        return type(session) is int and session >= self._session


def _parse(line: bytes) -> Control | None:
    try:
        control = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(control, dict) or control.get("v") != CONTROL_VERSION:
        return None
    if not isinstance(control.get("id"), str) or not isinstance(control.get("action"), str):
        return None
    return control | {"action": action_name(control["action"])}
