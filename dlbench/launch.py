"""Starting, resuming and stopping the workers of a run on this machine. Imports no torch: the workers do."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

import psutil

import dlbench
from dlbench.errors import DlbenchError, SetupError, UsageError
from dlbench.files import append_to
from dlbench.plan import Plan
from dlbench.plan.reassign import reassigned
from dlbench.run import workers
from dlbench.run.control import ask
from dlbench.run.folder import RunFolder
from dlbench.run.status import RunStatus, WorkerStatus, answered, is_alive, status
from dlbench.run.workers import Launched

Command: TypeAlias = Callable[[RunFolder, int, int, Sequence[int]], list[str]]
"""The command line of a worker from (folder, session, worker, stacks)."""

GRACE_SECONDS = 5.0
"""How long a worker may take after SIGTERM before SIGKILL."""


@dataclass(frozen=True)
class Worker:
    """A worker process just started: what was recorded of it, and the process, whose `poll()` gives its exit code."""

    launched: Launched
    process: subprocess.Popen[bytes]


@dataclass(frozen=True)
class Stop:
    """What came of asking a run to stop: which workers answered, were killed, and are still at work."""

    id: str
    answered: list[int]
    killed: list[int]
    remaining: list[WorkerStatus]


def worker_command(folder: RunFolder, session: int, worker: int, stacks: Sequence[int]) -> list[str]:
    """The worker of this dlbench; `-P` keeps files of the current folder from shadowing libraries."""
    run = str(folder.path.absolute())
    numbers = ["--session", str(session), "--worker", str(worker), "--stacks", ",".join(map(str, stacks))]
    return [sys.executable, "-P", "-m", "dlbench.engine", run, *numbers]


def start(
    folder: RunFolder,
    *,
    stacks: Collection[int] | None = None,
    attended: bool = False,
    command: Command = worker_command,
) -> list[Worker]:
    """Begin a run: one detached process a worker of the plan, for all stacks or only these.

    `attended` says that someone is there who lets a run go on, so that the recipe's breakpoints pause it. Raises UsageError
    where the run was started before, SetupError where a process cannot be made.
    """
    plan = folder.read_plan()
    shares = {
        index: [stack for stack in worker.stacks if stacks is None or stack in stacks]
        for index, worker in enumerate(plan.workers)
    }
    with folder.lock():
        if workers.current_session(folder) is not None:
            raise UsageError(f"{folder.name} was started before; go on with it by 'dlbench run --resume {folder.path}'")
        return _spawn(folder, plan, 0, shares, _attending(command, attended=attended))


def resume(folder: RunFolder, *, attended: bool = False, command: Command = worker_command) -> list[Worker]:
    """Go on with a run in a new session: its unfinished stacks, shared anew among the plan's workers.

    `attended` is as for `start`. Raises UsageError where workers are alive or nothing is left, SetupError where a process
    cannot be made.
    """
    plan = folder.read_plan()
    with folder.lock():
        now = status(folder)
        _refuse(folder, now)
        session = 0 if now.session is None else now.session + 1
        return _spawn(folder, plan, session, share(plan, now.unfinished), _attending(command, attended=attended))


def share_anew(
    folder: RunFolder, *, device: str | None = None, threads: int | None = None, workers: int | None = None
) -> None:
    """Plan who goes on with a run: other devices, other threads, or so many workers; what is left out stays as it was.

    Raises UsageError where workers are alive, nothing is left, or no such device exists.
    """
    with folder.lock():
        now = status(folder)
        _refuse(folder, now)
        plan = folder.read_plan()
        shared = reassigned(plan, now.unfinished, device=device, threads=threads, workers=workers)
        folder.write_plan(replace(plan, workers=shared))


def _attending(command: Command, *, attended: bool) -> Command:
    """The same command line, with the word for workers that are attended."""
    return lambda *whose: [*command(*whose), *(["--attended"] if attended else [])]


def _refuse(folder: RunFolder, now: RunStatus) -> None:
    if now.alive:
        who = ", ".join(f"worker {worker.worker} is pid {worker.pid} on {worker.host}" for worker in now.alive)
        raise UsageError(
            f"{folder.name} is still running ({who}); let it end, or stop it first by 'dlbench stop {folder.path}'"
        )
    if not now.unfinished:
        raise UsageError(
            f"{folder.name} is done, there is nothing to resume; see it by 'dlbench table {folder.path}', "
            f"run it anew by 'dlbench run {folder.recipe_file}'"
        )


def share(plan: Plan, stacks: Collection[int]) -> dict[int, list[int]]:
    """Share stacks out by cost among the plan's workers, the dearest first to whoever has least: worker -> stacks.

    A stack stays with workers of the same kind of device and the same threads as its own, because both may change the
    last bits of a sum, and a resumed run must end with the same table.
    """
    if not plan.workers:
        raise DlbenchError("its plan.json has no workers, so that nobody would train it")
    likes = [(worker.device.partition(":")[0], worker.threads) for worker in plan.workers]
    home = {stack: index for index, worker in enumerate(plan.workers) for stack in worker.stacks}
    load = [0.0] * len(plan.workers)
    shares: dict[int, list[int]] = {index: [] for index in range(len(plan.workers))}
    for stack in sorted(stacks, key=lambda stack: (-plan.stacks[stack].cost, stack)):
        peers = [index for index, like in enumerate(likes) if like == likes[home[stack]]]
        chosen = min(peers, key=load.__getitem__)
        load[chosen] += plan.stacks[stack].cost
        shares[chosen].append(stack)
    return {index: sorted(mine) for index, mine in shares.items()}


def _spawn(
    folder: RunFolder, plan: Plan, session: int, shares: Mapping[int, Sequence[int]], command: Command
) -> list[Worker]:
    started: list[Worker] = []
    try:
        for index, stacks in shares.items():
            if stacks:
                line = command(folder, session, index, stacks)
                started.append(_start_worker(folder, line, plan.workers[index].threads, session, index, stacks))
    except OSError as error:
        for worker in started:
            worker.process.terminate()
        raise SetupError(f"{folder.name}: cannot start a worker: {error.strerror}") from error
    if not started:
        raise UsageError(f"{folder.name}: none of its stacks was chosen, so there is nothing to train")
    return started


def _start_worker(
    folder: RunFolder, line: list[str], threads: int, session: int, worker: int, stacks: Sequence[int]
) -> Worker:
    with append_to(folder.console_file(worker)) as console:
        before = console.tell()
        # A session of its own: no Ctrl-C, no hang-up and no closed terminal of the starter reaches the worker.
        process = subprocess.Popen(
            line,
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=subprocess.STDOUT,
            env=_environment(threads),
            start_new_session=True,
        )
    launched = Launched(
        session=session,
        worker=worker,
        pid=process.pid,
        started=_creation_time(process.pid),
        host=socket.gethostname(),
        stacks=list(stacks),
        console=before,
    )
    try:
        workers.record(folder, launched)
    except OSError:
        process.kill()  # nobody would know of it
        raise
    return Worker(launched, process)


def _environment(threads: int) -> dict[str, str]:
    variables = os.environ | {
        "OMP_NUM_THREADS": str(threads),
        "MKL_NUM_THREADS": str(threads),
        "PYTHONUNBUFFERED": "1",
        "PYTHONFAULTHANDLER": "1",
    }
    root = str(Path(dlbench.__file__).resolve().parent.parent)
    if root not in {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}:
        # Run from a checkout: the worker must import this same dlbench.
        variables["PYTHONPATH"] = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
    return variables


def _creation_time(pid: int) -> float:
    try:
        return psutil.Process(pid).create_time()
    except psutil.Error:  # it is gone already
        return time.time()


def alive(folder: RunFolder) -> list[WorkerStatus]:
    """The workers of a run that are at work, on this host or, by their heartbeats, on another."""
    return status(folder).alive


def stop(folder: RunFolder, *, timeout: float = 30.0, kill: bool = False) -> Stop:
    """Ask the workers to stop after their step, with a checkpoint, and wait up to `timeout` seconds until they did.

    With `kill`, those on this host that are still there then get SIGTERM, and after a grace SIGKILL. Raises UsageError
    where nothing is running.
    """
    if not alive(folder):
        raise UsageError(f"{folder.name} is not running, there is nothing to stop")
    identity = ask(folder, "stop")
    remaining = _wait(folder, timeout)
    killed: list[int] = []
    for number in (signal.SIGTERM, signal.SIGKILL) if kill else ():
        signalled = [worker for worker in remaining if _signal(worker, number)]
        if number == signal.SIGKILL:
            killed = [worker.worker for worker in signalled]
        if signalled:
            remaining = _wait(folder, GRACE_SECONDS)
    return Stop(identity, answered(folder, identity), killed, remaining)


def _wait(folder: RunFolder, timeout: float) -> list[WorkerStatus]:
    deadline = time.monotonic() + timeout
    while True:
        began = time.monotonic()
        remaining = alive(folder)
        if not remaining or time.monotonic() >= deadline:
            return remaining
        # Looking may take a while where logs are large; it must not become all that this machine does.
        time.sleep(max(0.1, 2 * (time.monotonic() - began)))


def _signal(worker: WorkerStatus, number: signal.Signals) -> bool:
    if worker.host != socket.gethostname() or not is_alive(worker, worker.seen):
        return False
    try:
        os.kill(worker.pid, number)
    except ProcessLookupError:
        return False
    return True
