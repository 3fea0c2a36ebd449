"""How a run stands, told from its events and its processes alone.

Only `run`, `end` and `control` events and the last heartbeat are parsed; every other line is recognised by the writer's fixed beginning
(`{"v":..,"seq":..,"time":..,"kind":"..."`) and passed over, so that a log of 100 MB takes a tenth of a second.
"""

from __future__ import annotations

import re
import socket
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

import psutil

from dlbench.files import open_file
from dlbench.run.atomic import refusal
from dlbench.run.events import Event, parse, refuse_newer
from dlbench.run.folder import RunFolder
from dlbench.run.tail import Tail
from dlbench.run.workers import Launched, read

State: TypeAlias = Literal["empty", "running", "done", "stopped", "failed", "crashed"]
"""`crashed` is a worker that is gone without an `end`; `empty` is a run that was never started."""

SILENT_SECONDS = 60.0
"""A worker on another host that wrote nothing for so long counts as dead; it writes about once a second."""

_SAME_START_SECONDS = 2.0  # the system tells the time of its boot in whole seconds
_BEGINNING = re.compile(rb'\{"v":\d+,"seq":\d+,"time":(\d+(?:\.\d+)?),"kind":"(\w+)"')


@dataclass(frozen=True)
class WorkerStatus:
    """One process that a run has or had; `seen` is its last sign of life in unix seconds, `error` why it failed."""

    session: int
    worker: int
    state: State
    host: str
    pid: int
    started: float
    stacks: list[int]
    seen: float
    error: str | None
    console: int
    """Bytes that its console file held before it."""
    paused: bool
    """Whether it is at work and waits between two steps."""


@dataclass(frozen=True)
class RunStatus:
    """How a run stands: as a whole, its workers of all sessions, and the stacks that are not done."""

    state: State
    session: int | None
    workers: list[WorkerStatus]
    unfinished: list[int]

    @property
    def alive(self) -> list[WorkerStatus]:
        """The workers that are at work."""
        return [worker for worker in self.workers if worker.state == "running"]

    @property
    def paused(self) -> bool:
        """Whether all that are at work wait for someone to let them go on."""
        return bool(self.alive) and all(worker.paused for worker in self.alive)

    @property
    def crashed(self) -> list[WorkerStatus]:
        """The workers of the newest session that died without an `end`."""
        return [worker for worker in self.workers if worker.state == "crashed" and worker.session == self.session]


@dataclass
class _Glance:
    """What one event file says about its worker and its stacks."""

    run: Event | None = None
    end: Event | None = None
    stack_ends: dict[int, str] = field(default_factory=dict)
    answered: set[str] = field(default_factory=set)
    paused: bool = False
    seen: float = 0.0


def status(folder: RunFolder) -> RunStatus:
    """Look at a run.

    Raises UsageError where the folder is no run, DlbenchError where plan or events are of a newer version or damaged.
    """
    count = len(folder.read_plan().stacks)
    glances = {(session, worker): _glance(path) for session, worker, path in folder.events_files()}
    launched = {(one.session, one.worker): one for one in read(folder)}
    workers = []
    for key in sorted(glances.keys() | launched.keys()):
        glance = glances.get(key, _Glance())
        process = launched.get(key) or _introduced(glance, *key)
        workers.append(_worker_status(process, glance))
    ends: dict[int, str] = {}
    for key in sorted(glances):
        ends |= glances[key].stack_ends
    unfinished = [stack for stack in range(count) if ends.get(stack) != "done"]
    session = workers[-1].session if workers else None
    return RunStatus(_state(workers, ends, unfinished), session, workers, unfinished)


def answered(folder: RunFolder, identity: str) -> list[int]:
    """The workers that told that the control of this id has taken effect."""
    return [worker for _, worker, path in folder.events_files() if identity in _glance(path).answered]


def _glance(path: Path) -> _Glance:
    glance, heartbeat = _Glance(), b""
    for number, line in enumerate(Tail(path).lines()):
        if not number:
            refuse_newer(line, path.name)
        beginning = _BEGINNING.match(line)
        if beginning is None:
            continue
        glance.seen = float(beginning[1])
        if beginning[2] == b"heartbeat":
            heartbeat = line
        elif beginning[2] in {b"run", b"end", b"control"} and (event := parse(line)):
            _note(glance, event)
    # A pause begins with a heartbeat; who goes on sends one within a second.
    glance.paused = bool(heartbeat) and (parse(heartbeat) or {}).get("paused") is True
    return glance


def _note(glance: _Glance, event: Event) -> None:
    stack = event.get("stack")
    if event["kind"] == "run":
        glance.run = event
    elif event["kind"] == "control":
        glance.answered.add(str(event.get("id")))
    elif stack is None:
        glance.end = event
    elif isinstance(stack, int):
        glance.stack_ends[stack] = str(event.get("status"))


def _introduced(glance: _Glance, session: int, worker: int) -> Launched:
    # A worker started by hand has no line in workers.jsonl; it introduces itself by its `run` event, if it came so far.
    run = glance.run or {}
    pid, started, stacks = run.get("pid"), run.get("started"), run.get("stacks")
    return Launched(
        session=session,
        worker=worker,
        pid=pid if isinstance(pid, int) else -1,
        started=float(started) if isinstance(started, int | float) else 0.0,
        host=str(run.get("host", "")),
        stacks=stacks if isinstance(stacks, list) else [],
        console=0,
    )


def _worker_status(process: Launched, glance: _Glance) -> WorkerStatus:
    seen = max(glance.seen, process.started)
    end = glance.end or {}
    state: State = _ended(end) if end else "running" if is_alive(process, seen) else "crashed"
    return WorkerStatus(
        session=process.session,
        worker=process.worker,
        state=state,
        host=process.host,
        pid=process.pid,
        started=process.started,
        stacks=process.stacks,
        seen=seen,
        error=None if end.get("error") is None else str(end["error"]),
        console=process.console,
        paused=glance.paused and state == "running",
    )


def _ended(end: Event) -> State:
    told = end.get("status")
    return "done" if told == "done" else "stopped" if told == "stopped" else "failed"


def is_alive(process: Launched | WorkerStatus, seen: float) -> bool:
    """Whether the process is there: on this host by pid and creation time, on another by how long it has been silent.

    A pid alone proves nothing, for the system gives it to others again; a zombie is dead.
    """
    if process.host != socket.gethostname():
        # A time far in the future is damage, not life.
        return abs(time.time() - seen) < SILENT_SECONDS
    try:
        found = psutil.Process(process.pid)
        same = abs(found.create_time() - process.started) < _SAME_START_SECONDS
        return same and found.status() != psutil.STATUS_ZOMBIE
    except (psutil.Error, ValueError):
        return False


def _state(workers: list[WorkerStatus], ends: dict[int, str], unfinished: list[int]) -> State:
    if not workers:
        return "empty"
    newest = {worker.state for worker in workers if worker.session == workers[-1].session}
    if any(worker.state == "running" for worker in workers):
        return "running"
    if not unfinished:
        return "done"
    if "failed" in newest or any(ends.get(stack) == "failed" for stack in unfinished):
        return "failed"
    return "crashed" if "crashed" in newest else "stopped"


def explain_crash(folder: RunFolder, worker: WorkerStatus, *, lines: int = 20) -> str:
    """What to tell of a worker that died without an `end`: who, that the disk is full if it is, or the last lines that it printed."""
    path = folder.console_file(worker.worker)
    who = f"worker {worker.worker} (pid {worker.pid} on {worker.host}) died without an end"
    if full := refusal(folder.path):
        return f"{who}; {full}"
    said = _last_lines(path, worker.console, lines)
    if not said:
        return f"{who}; it printed nothing, so it was probably killed"
    return "\n".join([f"{who}; {path} ends with:", *(f"  {line}" for line in said)])


def _last_lines(path: Path, start: int, lines: int) -> list[str]:
    try:
        with open_file(path) as file:
            size = file.seek(0, 2)
            file.seek(min(size, max(start, size - 16_384)))
            return file.read().decode(errors="replace").splitlines()[-lines:]
    except OSError:
        return []
