"""Where events come from: a run's folder as it grows, or a list in memory. `dlbench.tui.model.replay` plays one back."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from dlbench.run.event_line import Event
from dlbench.run.folder import RunFolder
from dlbench.run.group import RecordingGroup, regrouped
from dlbench.run.group_events import reader_of

if TYPE_CHECKING:
    from dlbench.tui.model.view import Playback

ENOUGH = 0.97
"""From this share on opening counts as done: the rest is read while the first picture is drawn."""


REGROUP_SECONDS = 2.0
"""So often is looked whether recordings have joined a group."""


class EventSource(Protocol):
    """What a feed polls, always from one thread."""

    @property
    def progress(self) -> float | None:
        """Share of a long read that is done; `None` when none is under way."""

    @property
    def over(self) -> bool:
        """Whether everything that there is has been handed out; a source that grows may have more later."""

    @property
    def restarts(self) -> int:
        """How often it has begun again from the first event; whoever sees it grow folds what follows into a new state."""

    @property
    def grown(self) -> RunFolder | None:
        """What a restart is about, if it is another run than before: a group that recordings have joined, a plan that has grown."""

    @property
    def playback(self) -> Playback | None:
        """Where a replay stands."""

    @property
    def problems(self) -> Mapping[str, int]:
        """Lines by file that cannot be read or are missing, so far."""

    def poll(self, max_seconds: float) -> list[Event]:
        """The events that are due, as many as could be read in so many seconds.

        Raises DlbenchError where it cannot read on.
        """


class ForwardSource:
    """What all sources share that never go back."""

    restarts = 0
    grown: RunFolder | None = None
    playback: Playback | None = None


class FolderSource(ForwardSource):
    """A run's events from its first, then those that its workers go on to write.

    Of a group also of recordings that join it, and of a run whose plan grows also of the seeds that are added.
    """

    def __init__(self, folder: RunFolder, *, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._next_look = now() + REGROUP_SECONDS
        self._begin(folder)

    def _begin(self, folder: RunFolder) -> None:
        self._folder = folder
        self._planned = written_at(folder.plan_file)
        self._reader = reader_of(folder)
        self.problems = self._reader.problems
        self._there: int | None = None
        self.over = False
        self.progress: float | None = 0.0

    def _regroup(self) -> None:
        """Begin again where the group has other members now, or the run another plan."""
        if self._now() < self._next_look:
            return
        self._next_look = self._now() + REGROUP_SECONDS
        if (grown := self._grown()) is not None:
            self.grown, self.restarts = grown, self.restarts + 1
            self._begin(grown)

    def _grown(self) -> RunFolder | None:
        if isinstance(self._folder, RecordingGroup):
            return regrouped(self._folder)
        return None if written_at(self._folder.plan_file) in {self._planned, None} else self._folder

    def poll(self, max_seconds: float) -> list[Event]:
        """The events that are new."""
        self._regroup()
        if self._there is None:
            self._there = sum(size_of(path) for _, _, path in self._folder.events_files())
        events = self._reader.poll(max_seconds=max_seconds)
        self.over = not events
        if self.progress is not None:
            self.progress = None if self.over else self._share()
        return events

    def _share(self) -> float | None:
        share = self._reader.offset / self._there if self._there else 1.0
        return share if share < ENOUGH else None


def written_at(path: Path) -> tuple[int, int] | None:
    """When a file was written, and which one it is; `None` where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino


def size_of(path: Path) -> int:
    """Bytes of a file; 0 where there is none."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


class ListSource(ForwardSource):
    """Events from a list, so many at a poll: for tests, and for pictures made without a run."""

    def __init__(self, events: Sequence[Event], *, at_once: int | None = None) -> None:
        self._events = list(events)
        self._at_once = at_once
        self._sent = 0
        self.problems: dict[str, int] = {}

    @property
    def progress(self) -> float | None:
        """Share handed out; `None` at the end."""
        return None if self.over else self._sent / len(self._events)

    @property
    def over(self) -> bool:
        """Whether all are handed out."""
        return self._sent == len(self._events)

    def add(self, events: Sequence[Event]) -> None:
        """Let it grow."""
        self._events += events

    def poll(self, max_seconds: float) -> list[Event]:
        """The next ones."""
        start = self._sent
        self._sent = len(self._events) if self._at_once is None else min(start + self._at_once, len(self._events))
        return self._events[start : self._sent]
