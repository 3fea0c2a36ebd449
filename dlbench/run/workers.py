"""Which workers a run has had: one line of workers.jsonl each, written by the process that started them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from dlbench.files import read_file
from dlbench.plan.reading import typed
from dlbench.run.atomic import append_line
from dlbench.run.folder import LONGEST, RunFolder

MOST = 2**31
"""No number of a session, a worker or a process is larger."""

LOCAL = "local"
"""The launcher of processes on this machine, and of every worker that a run of 0.1.0 had."""


@dataclass(frozen=True)
class Token:
    """A worker as its launcher knows it, kept in the run's folder so that any later process can ask for it.

    All four together are one worker and never another; only its launcher makes sense of them.
    """

    launcher: str
    id: int | str
    """Of a local worker its pid."""
    host: str
    started: float
    """Unix seconds; of a process its creation time, which tells it from a later one with the same pid."""


@dataclass(frozen=True)
class Launched:
    """A worker at its start, known before it has said a word itself."""

    session: int
    worker: int
    token: Token
    stacks: list[int]
    console: int
    """Bytes that its console file held before it."""


def record(folder: RunFolder, launched: Launched) -> None:
    """Append one worker."""
    append_line(folder.workers_file, orjson.dumps(launched, option=orjson.OPT_APPEND_NEWLINE))


def read(folder: RunFolder) -> list[Launched]:
    """The workers that were started, oldest first; a damaged line is passed over."""
    try:
        lines = read_file(folder.workers_file, LONGEST).splitlines()
    except OSError:
        return []
    return [launched for line in lines if (launched := _parse(line)) is not None]


def _parse(line: bytes) -> Launched | None:
    try:
        launched = typed(Launched, _with_token(orjson.loads(line)))
    except ValueError:
        return None
    known = launched.token.id
    numbers = (launched.session, launched.worker, known if isinstance(known, int) else 0)
    return launched if all(number < MOST for number in numbers) and min(numbers[:2]) >= 0 else None


def _with_token(line: Any) -> Any:
    """A line as it is written now; 0.1.0 had no launchers, and wrote a process's pid, host and creation time beside the rest."""
    if not isinstance(line, dict) or "token" in line:
        return line
    identity = {"launcher": LOCAL, "id": line.get("pid"), "host": line.get("host"), "started": line.get("started")}
    return line | {"token": identity}


def current_session(folder: RunFolder) -> int | None:
    """The number of the newest session, or None before the first."""
    sessions = [launched.session for launched in read(folder)]
    sessions += [session for session, _, _ in folder.events_files()]
    return max(sessions, default=None)
