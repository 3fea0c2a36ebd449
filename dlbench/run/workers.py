"""Which processes a run has had: one line of workers.jsonl each, written by whoever started them."""

from __future__ import annotations

from dataclasses import dataclass

import orjson

from dlbench.files import read_file
from dlbench.plan.typed import typed
from dlbench.run.atomic import append_line
from dlbench.run.folder import LONGEST, RunFolder

MOST = 2**31
"""No number of a session, a worker or a process is larger."""


@dataclass(frozen=True)
class Launched:
    """A worker process at its start, known before the process itself has said a word."""

    session: int
    worker: int
    pid: int
    started: float
    """The process's creation time in unix seconds, which tells it from a later one with the same pid."""
    host: str
    stacks: list[int]
    console: int
    """Bytes that its console file held before it."""


def record(folder: RunFolder, launched: Launched) -> None:
    """Append one process."""
    append_line(folder.workers_file, orjson.dumps(launched, option=orjson.OPT_APPEND_NEWLINE))


def read(folder: RunFolder) -> list[Launched]:
    """The processes that were started, oldest first; a damaged line is passed over."""
    try:
        lines = read_file(folder.workers_file, LONGEST).splitlines()
    except OSError:
        return []
    return [launched for line in lines if (launched := _parse(line)) is not None]


def _parse(line: bytes) -> Launched | None:
    try:
        launched = typed(Launched, orjson.loads(line))
    except ValueError:
        return None
    numbers = (launched.session, launched.worker, launched.pid)
    return launched if all(number < MOST for number in numbers) and min(numbers[:2]) >= 0 else None


def current_session(folder: RunFolder) -> int | None:
    """The number of the newest session, or None before the first."""
    sessions = [launched.session for launched in read(folder)]
    sessions += [session for session, _, _ in folder.events_files()]
    return max(sessions, default=None)
