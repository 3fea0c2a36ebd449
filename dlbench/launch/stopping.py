"""Stopping a run that was started here or elsewhere: by a control, then by its launcher, then by force."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from dlbench.errors import UsageError
from dlbench.launch.status import WorkerStatus, alive, launcher_of, status
from dlbench.run.control import ask
from dlbench.run.folder import RunFolder
from dlbench.run.glance import answered
from dlbench.run.group import RecordingGroup
from dlbench.run.repeats import Repeat, repeats
from dlbench.run.workers import Token

POLL_SECONDS = 0.1
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
    if not (alive(folder) or _comes(folder)):
        raise UsageError(f"{folder.name} is not running, so there is nothing to stop")
    return _stop_all([folder], timeout, kill=kill)[0]


@dataclass(frozen=True)
class GroupStop:
    """What came of asking a group of recordings to stop: of each that was at work, and of the repeats that made them."""

    recordings: dict[RunFolder, Stop]
    repeats: list[Repeat]
    """Those that were told to stop."""
    remaining: list[Repeat]
    """Those of them that are still at work."""


def stop_group(group: RecordingGroup, *, timeout: float = 30.0, kill: bool = False) -> GroupStop:
    """Stop all recordings of a group that are at work, as `stop` does each, and a `dlbench repeat` that would begin others.

    A repeat stops its trials itself, as at Ctrl-C. Recordings that do not count, since another one of their trial does, are
    stopped too. Raises UsageError where nothing is at work.
    """
    own = [RunFolder(group.path / name) for name in group.recordings]
    live = [folder for folder in own if alive(folder)]
    there = repeats(group.path)
    if not live and not there:
        raise UsageError(f"{group.name} is not running, so there is nothing to stop")
    told = [one for one in there if _tell(one.token, force=False)]
    stops = _stop_all(live, timeout, kill=kill)
    deadline = time.monotonic() + (GRACE_SECONDS if kill else timeout)
    while (left := repeats(group.path)) and told and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    if kill:
        left = [one for one in left if not _tell(one.token, force=True)]
    return GroupStop(dict(zip(live, stops, strict=True)), told, left)


def _comes(folder: RunFolder) -> bool:
    """Whether workers have come within a few seconds, where somebody adds seeds and is between two batches."""
    deadline = time.monotonic() + GRACE_SECONDS
    while status(folder).state == "running" and time.monotonic() < deadline:
        if alive(folder):
            return True
        time.sleep(POLL_SECONDS)
    return False


def _stop_all(folders: Sequence[RunFolder], timeout: float, *, kill: bool) -> list[Stop]:
    """Stop runs that are at work, all at the same time."""
    identities = [ask(folder, "stop") for folder in folders]
    remaining = _wait(folders, timeout)
    killed: dict[RunFolder, list[int]] = {}
    for force in (False, True) if kill else ():
        told = {folder: [one for one in left if _tell(one.token, force=force)] for folder, left in remaining.items()}
        if force:
            killed = {folder: [worker.worker for worker in workers] for folder, workers in told.items()}
        if any(told.values()):
            remaining = _wait(folders, GRACE_SECONDS)
    return [
        Stop(identity, answered(folder, identity), killed.get(folder, []), remaining.get(folder, []))
        for folder, identity in zip(folders, identities, strict=True)
    ]


def _tell(token: Token, *, force: bool) -> bool:
    launcher = launcher_of(token)
    return launcher is not None and launcher.stop(token, force=force)


def _wait(folders: Sequence[RunFolder], timeout: float) -> dict[RunFolder, list[WorkerStatus]]:
    """Who is still at work after so long at most, by the runs that somebody works on."""
    deadline = time.monotonic() + timeout
    while True:
        began = time.monotonic()
        remaining = {folder: workers for folder in folders if (workers := alive(folder))}
        if not remaining or time.monotonic() >= deadline:
            return remaining
        # Looking may take a while where logs are large; it must not become all that this machine does.
        time.sleep(max(POLL_SECONDS, 2 * (time.monotonic() - began)))
