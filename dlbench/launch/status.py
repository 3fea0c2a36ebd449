"""The status of a run: what its folder says of its workers, and whether their launchers say that they are alive."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeAlias

from dlbench.errors import DlbenchError
from dlbench.files import open_file
from dlbench.launch.launcher import Launcher
from dlbench.launch.local import THIS_MACHINE
from dlbench.launch.on_ray.launcher import OnRay
from dlbench.launch.on_slurm.job import SLURM, job_log
from dlbench.launch.on_slurm.launcher import OnSlurm
from dlbench.plan import Plan
from dlbench.run.adding import is_adding
from dlbench.run.atomic import refusal
from dlbench.run.event_line import Event
from dlbench.run.folder import RunFolder
from dlbench.run.glance import Glance, glance
from dlbench.run.group import RecordingGroup
from dlbench.run.processes import is_heard
from dlbench.run.repeats import to_come
from dlbench.run.workers import Launched, Token, read

State: TypeAlias = Literal["empty", "running", "done", "stopped", "failed", "crashed"]
"""`crashed` is a worker that is gone without an `end`; `empty` is a run that was never started."""

WORST_FIRST: tuple[State, ...] = ("running", "failed", "crashed", "stopped", "done", "empty")
"""How recordings stand together: as the first of these that any of them does."""

LAUNCHERS: dict[str, Launcher] = {launcher.name: launcher for launcher in (THIS_MACHINE, OnRay(), OnSlurm())}
"""Whom to ask for a worker, by the name in its token."""


@dataclass(frozen=True)
class WorkerStatus:
    """One worker that a run has or had; `seen` is its last sign of life in unix seconds, `error` why it failed."""

    session: int
    worker: int
    state: State
    token: Token
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
    to_come: int | None = None
    """How many trials others have still to begin: of a group of recordings, a `dlbench repeat` that is at work.

    0 where somebody adds seeds to a run and does not know how many; `None` where nobody will begin any.
    """

    @property
    def alive(self) -> list[WorkerStatus]:
        """The workers that are at work."""
        return [worker for worker in self.workers if worker.state == "running"]

    @property
    def paused(self) -> bool:
        """Whether all that are at work wait for someone to let them go on."""
        return bool(self.alive) and all(worker.paused for worker in self.alive)

    @property
    def latest(self) -> list[WorkerStatus]:
        """The workers that have the last word on the run: those of the newest session, and whoever has left work undone since.

        On a cluster a worker that was lost is followed by one of a session of its own, while the others go on.
        """
        return latest(self.workers, self.unfinished)

    @property
    def crashed(self) -> list[WorkerStatus]:
        """Those of them that died without an `end`."""
        return [worker for worker in self.latest if worker.state == "crashed"]


# --- asking launchers ---------------------------------------------------------------------------------------------


def launcher_of(token: Token) -> Launcher | None:
    """Who started a worker; None where this dlbench has no such launcher."""
    return LAUNCHERS.get(token.launcher)


def is_alive(token: Token, seen: float) -> bool:
    """Whether a worker is at work, as its launcher says; where that is unknown, whether it was heard of at `seen` or since."""
    launcher = launcher_of(token)
    return is_heard(seen) if launcher is None else launcher.is_alive(token, seen)


def described(token: Token) -> str:
    """Who a worker is, for people: `pid 4711 on host`."""
    launcher = launcher_of(token)
    return f"{token.launcher} {token.id} on {token.host}" if launcher is None else launcher.describe(token)


# --- looking at runs ----------------------------------------------------------------------------------------------


def status(folder: RunFolder, plan: Plan | None = None) -> RunStatus:
    """Look at a run; `plan` is the folder's, where it has been read.

    Raises UsageError where the folder is no run, DlbenchError where plan or events are of a newer version or damaged.
    """
    if isinstance(folder, RecordingGroup):
        return _status_of_group(folder)
    plan = plan or folder.read_plan()
    count = len(plan.stacks)
    glances = {(session, worker): glance(path) for session, worker, path in folder.events_files()}
    launched = {(one.session, one.worker): one for one in read(folder)}
    workers = []
    for key in sorted(glances.keys() | launched.keys()):
        glanced = glances.get(key, Glance())
        worker = launched.get(key) or glanced.introduced(*key)
        is_followed = _is_followed(worker, glanced, launched.values())
        workers.append(_worker_status(worker, glanced, is_followed=is_followed))
    ends: dict[int, str] = {}
    for key in sorted(glances):
        ends |= glances[key].stack_ends
    unfinished = [stack for stack in range(count) if ends.get(stack) != "done"]
    session = workers[-1].session if workers else None
    comes = plan.until_decided is not None and is_adding(folder)
    # Between two batches of seeds nobody is at work, and nobody knows how many will come.
    state = "running" if comes else _state(workers, ends, unfinished)
    return RunStatus(state, session, workers, unfinished, 0 if comes else None)


def _status_of_group(group: RecordingGroup) -> RunStatus:
    """How its members stand as one, running while a repeat is at work; of events of a newer version it is not known."""
    workers: list[WorkerStatus] = []
    unfinished: list[int] = []
    states: set[State] = set()
    for index, one in enumerate(group.members):
        try:
            own = status(one.folder)
        except DlbenchError:
            continue
        states.add(own.state)
        workers += [replace(worker, worker=index, stacks=[index]) for worker in own.workers]
        unfinished += [index for _ in own.unfinished]
    coming = to_come(group.path)
    state = "running" if coming is not None else next((one for one in WORST_FIRST if one in states), WORST_FIRST[-1])
    return RunStatus(state, max((worker.session for worker in workers), default=None), workers, unfinished, coming)


def alive(folder: RunFolder) -> list[WorkerStatus]:
    """The workers of a run that are at work."""
    return status(folder).alive


def is_under_way(folder: RunFolder) -> bool:
    """Whether a worker of a run is at work, told without reading its events."""
    if isinstance(folder, RecordingGroup):
        return to_come(folder.path) is not None or any(is_under_way(one.folder) for one in folder.members)

    def seen(launched: Launched) -> float:
        try:
            return folder.events_file(launched.session, launched.worker).stat().st_mtime
        except OSError:
            return 0.0

    return any(is_alive(one.token, max(one.token.started, seen(one))) for one in read(folder))


def latest(found: Sequence[WorkerStatus], unfinished: Collection[int]) -> list[WorkerStatus]:
    """Of workers in the order of their sessions, those of the newest, and those that nobody has followed in some stack undone."""
    newest = max((worker.session for worker in found), default=None)
    last = {stack: worker.session for worker in found for stack in worker.stacks}
    return [
        worker
        for worker in found
        if worker.session == newest
        or any(stack in unfinished and last[stack] == worker.session for stack in worker.stacks)
    ]


def _is_followed(worker: Launched, glanced: Glance, launched: Iterable[Launched]) -> bool:
    """Whether later workers have all the stacks that one has not ended: they begin only where it is gone."""
    left = set(worker.stacks) - glanced.stack_ends.keys()
    return bool(left) and left <= {stack for one in launched if one.session > worker.session for stack in one.stacks}


def _worker_status(launched: Launched, glanced: Glance, *, is_followed: bool) -> WorkerStatus:
    token = launched.token
    seen, end = max(glanced.seen, token.started), glanced.end or {}
    is_there = not end and not is_followed and is_alive(token, seen)
    state: State = _ended(end) if end else "running" if is_there else "crashed"
    return WorkerStatus(
        session=launched.session,
        worker=launched.worker,
        state=state,
        token=token,
        stacks=launched.stacks,
        seen=seen,
        error=None if end.get("error") is None else str(end["error"]),
        console=launched.console,
        paused=glanced.paused and state == "running",
    )


def _ended(end: Event) -> State:
    told = end.get("status")
    return "done" if told == "done" else "stopped" if told == "stopped" else "failed"


def _state(workers: list[WorkerStatus], ends: dict[int, str], unfinished: list[int]) -> State:
    if not workers:
        return "empty"
    newest = {worker.state for worker in latest(workers, unfinished)}
    if any(worker.state == "running" for worker in workers):
        return "running"
    if not unfinished:
        return "done"
    if "failed" in newest or any(ends.get(stack) == "failed" for stack in unfinished):
        return "failed"
    return "crashed" if "crashed" in newest else "stopped"


# --- those that are gone ------------------------------------------------------------------------------------------


def explain_crash(folder: RunFolder, worker: WorkerStatus, *, lines: int = 20) -> str:
    """What to say of a worker that died without an `end`: that the disk is full, if it is, or the last lines that it printed."""
    path = folder.console_file(worker.worker)
    who = f"worker {worker.worker} ({described(worker.token)}) died without reporting an end"
    if full := refusal(folder.path):
        return f"{who}; {full}"
    said = last_lines(path, worker.console, lines)
    if not said and worker.token.launcher == SLURM:
        # What failed before the worker began is in the log of its job.
        path, said = job_log(folder, worker.token), last_lines(job_log(folder, worker.token), 0, lines)
    if not said:
        return f"{who}; it printed nothing, so it was probably killed"
    return "\n".join([f"{who}; {path} ends with:", *(f"  {line}" for line in said)])


def last_lines(path: Path, start: int, lines: int) -> list[str]:
    """So many lines at the end of a file, none from before `start`; nothing where it cannot be read."""
    try:
        with open_file(path) as file:
            size = file.seek(0, 2)
            file.seek(min(size, max(start, size - 16_384)))
            return file.read().decode(errors="replace").splitlines()[-lines:]
    except OSError:
        return []
