"""Looking out for the workers of a run: are they there, and if not, how did it end? Asked as seldom as can be."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from dlbench.errors import DlbenchError
from dlbench.launch.status import RunStatus, is_alive, status
from dlbench.run.event_line import Event
from dlbench.run.folder import RunFolder
from dlbench.run.group import RecordingGroup
from dlbench.run.repeats import to_come
from dlbench.tui.model.source import size_of

EVERY_SECONDS = 2.0
CHANGING = frozenset({"run", "stack", "end"})
"""Events after which a run may stand otherwise."""


class Liveness:
    """The last look at a run, renewed where something may have changed.

    A look reads every line of the events. So it waits for a word of a worker's beginning or end, for
    another worker started, for one that is gone, or for a repeat's next trial; to see that costs next to nothing.
    """

    def __init__(self, folder: RunFolder, *, now: Callable[[], float] = time.monotonic) -> None:
        self._folder = folder
        self._now = now
        self._next = -float("inf")
        self._launches = -1
        self._heard: dict[tuple[int, int], float] = {}
        self.status: RunStatus | None = None
        self.is_fresh = False
        """Whether nothing was told since that could change it."""
        self.problem: str | None = None
        """Why the last look saw nothing: a folder that is no run any more, a plan that is damaged."""

    def hear(self, events: Iterable[Event]) -> None:
        """Take note of what was told."""
        for event in events:
            if isinstance(event.get("time"), int | float):
                self._heard[event.get("session", 0), event.get("worker", 0)] = event["time"]
            self.is_fresh = self.is_fresh and event["kind"] not in CHANGING

    def look(self) -> None:
        """Look again if it is time and there is a reason to."""
        if self._now() < self._next:
            return
        self._next = self._now() + EVERY_SECONDS
        launches = size_of(self._folder.workers_file)
        known = self.status
        if (
            known is None
            or not self.is_fresh
            or launches != self._launches
            or self._someone_is_gone(known)
            or (known.state == "running" and not known.alive)  # between two batches of seeds
            or (isinstance(self._folder, RecordingGroup) and to_come(self._folder.path) != known.to_come)
        ):
            self._launches = launches
            self._look()

    def _look(self) -> None:
        try:
            self.status = status(self._folder)
        except DlbenchError as error:
            self.problem = str(error)
        else:
            self.problem, self.is_fresh = None, True

    @property
    def has_looked(self) -> bool:
        """Whether it is known how the run stands, or why not."""
        return self.status is not None or self.problem is not None

    @property
    def at_work(self) -> set[int]:
        """The stacks whose workers are there."""
        return set() if self.status is None else {stack for worker in self.status.alive for stack in worker.stacks}

    def _someone_is_gone(self, known: RunStatus) -> bool:
        heard = self._heard
        return any(
            not is_alive(worker.token, max(worker.seen, heard.get((worker.session, worker.worker), 0.0)))
            for worker in known.alive
        )
