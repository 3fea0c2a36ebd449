"""The runs of one results folder, each read again only when its files have changed."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypeAlias

from dlbench.launch.listing import Listed, listed
from dlbench.run.folder import RunFolder
from dlbench.run.group import shown_runs

Signature: TypeAlias = tuple[tuple[str, int, int], ...]
Order: TypeAlias = Literal["run", "state", "trials", "started"]
ORDERS: tuple[Order, ...] = ("run", "state", "trials", "started")
MARKS = {
    "running": "▶", "done": "✔", "stopped": "■", "failed": "✖", "crashed": "†", "empty": "·", "damaged": "!",
}  # fmt: skip
"""Every state has its own sign."""


class RunList:
    """What is known of each run; `look` may be slow, since it reads the logs of a run that has changed."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[Signature, Listed]] = {}

    @staticmethod
    def find(base: Path) -> list[RunFolder]:
        """The runs there are, newest first; none where the folder cannot be read."""
        try:
            return shown_runs(base)
        except OSError:
            return []

    def look(self, folder: RunFolder) -> Listed:
        """How a run stands. One that is at work is always looked at anew: it may die without a word."""
        try:
            signature = _signature(folder)
            before = self._known.get(folder.path)
            if before is not None and before[0] == signature and before[1].state != "running":
                return before[1]
            found = listed(folder)
        except OSError as error:
            return Listed(folder.name, str(folder.path), "damaged", 0, f"cannot be read: {error.strerror}")
        self._known[folder.path] = signature, found
        return found


def ordered(runs: list[Listed], order: Order | None, *, backwards: bool) -> list[str]:
    """The paths of runs in an order, `None` being that in which they come: newest first."""
    if order is None:
        return [run.path for run in runs]
    return [run.path for run in sorted(runs, key=lambda run: getattr(run, order), reverse=backwards)]


def _signature(folder: RunFolder) -> Signature:
    files = [folder.plan_file, folder.workers_file, *(path for _, _, path in folder.events_files())]
    return tuple(
        (path.name, found.st_size, found.st_mtime_ns) for path in files if path.is_file() and (found := path.stat())
    )
