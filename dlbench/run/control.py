"""Controls: what a viewer asks of the workers, one line of JSON each, meant for the session that runs at that moment."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any, TypeAlias
from uuid import uuid4

import orjson

from dlbench.errors import UsageError
from dlbench.run.folder import RunFolder
from dlbench.run.tail import Tail
from dlbench.run.workers import current_session

CONTROL_VERSION = 1

Control: TypeAlias = dict[str, Any]


def ask(folder: RunFolder, action: str, **fields: Any) -> str:
    """Ask the workers of the current session for something; returns the id that their `control` events answer with.

    `stop` stops the whole run, or the one stack that a field `stack` names. Raises UsageError before the first session.
    """
    session = current_session(folder)
    if session is None:
        raise UsageError(f"{folder.name} was never started; there is nobody to ask for '{action}'")
    identity = uuid4().hex[:12]
    control = {"v": CONTROL_VERSION, "id": identity, "time": time.time(), "session": session, "action": action}
    _append(folder.control_file, orjson.dumps(control | fields, option=orjson.OPT_APPEND_NEWLINE))
    return identity


def _append(path: Path, line: bytes) -> None:
    file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o666)
    try:
        size = os.fstat(file).st_size
        if size and os.pread(file, 1, size - 1) != b"\n":
            # Someone died while writing: end their line, so that it does not swallow this one.
            line = b"\n" + line
        os.write(file, line)
    finally:
        os.close(file)


class ControlReader:
    """Polls control.jsonl for one session; while nothing is asked a poll costs one `stat`.

    The session decides what is meant for the reader: a resumed run must not obey the stop that ended it before, and a
    worker that is still importing torch must not miss the stop that came meanwhile.
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
            if control is None or control.get("session") != self._session or control["id"] in self._seen:
                continue
            self._seen.add(control["id"])
            controls.append(control)
        return controls


def _parse(line: bytes) -> Control | None:
    try:
        control = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(control, dict) or control.get("v") != CONTROL_VERSION:
        return None
    return control if isinstance(control.get("id"), str) and isinstance(control.get("action"), str) else None
