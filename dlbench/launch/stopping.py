"""Stopping a run that was started here or elsewhere: by a control, then by its launcher, then by force."""

from __future__ import annotations

import time
from dataclasses import dataclass

from dlbench.errors import UsageError
from dlbench.launch.status import WorkerStatus, alive, launcher_of
from dlbench.run.control import ask
from dlbench.run.folder import RunFolder
from dlbench.run.glance import answered

GRACE_SECONDS = 5.0
"""How long a worker may take that was told to end, before it is ended by force."""


@dataclass(frozen=True)
class Stop:
    """What came of asking a run to stop: which workers answered, were killed, and are still at work."""

    id: str
    answered: list[int]
    killed: list[int]
    remaining: list[WorkerStatus]


def stop(folder: RunFolder, *, timeout: float = 30.0, kill: bool = False) -> Stop:
    """Ask the workers to stop after their step, with a checkpoint, and wait up to `timeout` seconds until they did.

    With `kill`, those that are still there are then told by their launchers, and after a grace ended by force, where these
    reach them. Raises UsageError where nothing is running.
    """
    if not alive(folder):
        raise UsageError(f"{folder.name} is not running, so there is nothing to stop")
    identity = ask(folder, "stop")
    remaining = _wait(folder, timeout)
    killed: list[int] = []
    for force in (False, True) if kill else ():
        told = [worker for worker in remaining if _tell(worker, force=force)]
        if force:
            killed = [worker.worker for worker in told]
        if told:
            remaining = _wait(folder, GRACE_SECONDS)
    return Stop(identity, answered(folder, identity), killed, remaining)


def _tell(worker: WorkerStatus, *, force: bool) -> bool:
    launcher = launcher_of(worker.token)
    return launcher is not None and launcher.stop(worker.token, force=force)


def _wait(folder: RunFolder, timeout: float) -> list[WorkerStatus]:
    deadline = time.monotonic() + timeout
    while True:
        began = time.monotonic()
        remaining = alive(folder)
        if not remaining or time.monotonic() >= deadline:
            return remaining
        # Looking may take a while where logs are large; it must not become all that this machine does.
        time.sleep(max(0.1, 2 * (time.monotonic() - began)))
