"""What a list of runs says of each run, damaged ones included."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import orjson

from dlbench.errors import DlbenchError
from dlbench.launch.status import State, status
from dlbench.run.folder import RunFolder
from dlbench.run.group import RecordingGroup
from dlbench.run.kept import keep, kept, key_of

KEPT = "listed.json"


@dataclass(frozen=True)
class Listed:
    """One line of a list of runs: its name, its folder, how it stands, when it was started.

    Of a damaged run `started` says what is wrong with it. A run that is `paused` is running, but waits for someone.
    """

    run: str
    path: str
    state: State | Literal["damaged"]
    trials: int
    started: str
    paused: bool = False
    recordings: int | None = None
    """Of a group of recordings how many there are, and how many of them are at work."""
    at_work: int | None = None
    to_come: int | None = None
    """Of a group on which a `dlbench repeat` is at work, how many trials that has still to begin."""


def listed(folder: RunFolder) -> Listed:
    """What a list of runs says of one; a damaged one is told, not raised.

    What it says of a run that is done is kept with the run: of two thousand runs nearly all are.
    """
    group = folder if isinstance(folder, RecordingGroup) else None
    key = None if group else key_of(folder)
    if (done := _kept(folder, key)) is not None:
        return done
    try:
        plan = folder.read_plan()
        now = status(folder, plan)
    except DlbenchError as error:
        return Listed(folder.name, str(folder.path), "damaged", 0, str(error))
    first = min((worker.token.started for worker in now.workers), default=None)
    if now.state == "done" and now.to_come is None and first is not None:
        keep(folder, KEPT, key, orjson.dumps([len(plan.trials), first]))
    return Listed(
        folder.name,
        str(folder.path),
        now.state,
        len(plan.trials),
        "" if first is None else _time(first),
        now.paused,
        recordings=None if group is None else len(group.recordings),
        at_work=None if group is None else len(now.alive),
        to_come=now.to_come,
    )


def _kept(folder: RunFolder, key: str | None) -> Listed | None:
    """What was kept of a run that is done: how many trials it has, and when it was started in unix seconds."""
    data = kept(folder, KEPT, key)
    if data is None:
        return None
    try:
        trials, first = orjson.loads(data)
        return Listed(folder.name, str(folder.path), "done", int(trials), _time(float(first)))
    except (ValueError, TypeError, OverflowError, OSError):
        return None


def _time(seconds: float) -> str:
    """A time in unix seconds as people here read it."""
    return f"{datetime.fromtimestamp(seconds, tz=UTC).astimezone():%Y-%m-%d %H:%M:%S}"
