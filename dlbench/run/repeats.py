"""What a `dlbench repeat` tells of a group of recordings: that it is at work, what is still to come, the order of its variants.

Each of them keeps one small file in the group's folder, `repeats/PID.json`, while it runs; one whose process is gone says nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

import orjson

from dlbench.errors import DlbenchError
from dlbench.files import is_folder, read_file
from dlbench.plan.reading import typed
from dlbench.plan.recorded import VARIABLES
from dlbench.run.atomic import write_json_atomic
from dlbench.run.folder import RunFolder, read_json
from dlbench.run.workers import Token

FOLDER = "repeats"
PLACE = f"{VARIABLES}PLACE"
"""The variable with that place, which a recording keeps in its env.json as it does all of dlbench's."""
LONGEST = 1 << 16
"""Bytes of such a file."""


@dataclass(frozen=True)
class Repeat:
    """A `dlbench repeat` at work: its process, and of its trials how many there are and how many were not begun."""

    token: Token
    trials: int
    waiting: int


class RepeatFile:
    """The file that a repeat of this process keeps; leaving its `with` block removes it."""

    def __init__(self, group: Path, trials: int) -> None:
        """`group` is the folder of the recordings, which is there."""
        from dlbench.run.processes import token_of

        self._token = token_of(os.getpid())
        self._path = group / FOLDER / f"{self._token.id}.json"
        self._trials = trials
        self._told: int | None = None

    def tell(self, waiting: int) -> None:
        """Say how many trials are still to come; without that they are merely unknown to whoever looks."""
        if waiting == self._told:
            return
        self._told = waiting
        with suppress(OSError):
            self._path.parent.mkdir(exist_ok=True)
            write_json_atomic(self._path, asdict(Repeat(self._token, self._trials, waiting)))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        with suppress(OSError):
            self._path.unlink(missing_ok=True)
            self._path.parent.rmdir()


def place_of(recording: RunFolder) -> str | None:
    """Where a repeat has put a recording's variant among its own, as a text that sorts; `None` of other recordings."""
    try:
        return str(read_json(recording.env_file)["variables"][PLACE])
    except (DlbenchError, KeyError, TypeError):
        return None


def repeats(group: Path) -> list[Repeat]:
    """The repeats that are at work on a group, by its folder."""
    told = list(_told(group))
    if not told:
        return []
    from dlbench.run.processes import is_there  # loads psutil, for which few have a use

    return [one for one in told if is_there(one.token, one.token.started)]


def to_come(group: Path) -> int | None:
    """How many trials of a group are still to be begun; `None` where no repeat is at work on it."""
    found = repeats(group)
    return sum(max(one.waiting, 0) for one in found) if found else None


def _told(group: Path) -> Iterator[Repeat]:
    if not is_folder(group):
        return
    for path in sorted(group.glob(f"{FOLDER}/*.json")):
        with suppress(OSError, ValueError):
            yield typed(Repeat, orjson.loads(read_file(path, LONGEST)))
