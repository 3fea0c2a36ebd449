"""What a list of runs says of each run, damaged ones included."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from dlbench.errors import DlbenchError
from dlbench.launch.status import State, status
from dlbench.run.folder import RunFolder
from dlbench.run.group import RecordingGroup


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
    """What a list of runs says of one; a damaged one is told, not raised."""
    try:
        plan = folder.read_plan()
        now = status(folder, plan)
    except DlbenchError as error:
        return Listed(folder.name, str(folder.path), "damaged", 0, str(error))
    first = min((worker.token.started for worker in now.workers), default=None)
    started = "" if first is None else f"{datetime.fromtimestamp(first, tz=UTC).astimezone():%Y-%m-%d %H:%M:%S}"
    group = folder if isinstance(folder, RecordingGroup) else None
    return Listed(
        folder.name,
        str(folder.path),
        now.state,
        len(plan.trials),
        started,
        now.paused,
        recordings=None if group is None else len(group.recordings),
        at_work=None if group is None else len(now.alive),
        to_come=now.to_come,
    )
