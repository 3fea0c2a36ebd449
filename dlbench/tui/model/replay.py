"""A replay: a run's events handed out again in their own time, faster or slower, forwards and backwards."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from dlbench.errors import DlbenchError
from dlbench.run.event_line import Event
from dlbench.run.folder import RunFolder
from dlbench.tui.model.event_index import EventIndex
from dlbench.tui.model.view import Playback

SLOWEST, FASTEST = 1 / 64, 4096.0
SCANNING = 0.3
"""The share of opening that is finding the lines, where a seek follows."""


@dataclass(frozen=True)
class ReplayPosition:
    """Where to go: the first record at or after a step of a stack, or a share of the run's time."""

    step: int | None = None
    share: float = 0.0
    stack: int = 0


class Replay:
    """A source of a run's events by its own clock. One thread polls; any other may pause, move and change the speed.

    Its clock begins at the first event, leaves out what a silence lasts beyond `LONGEST_GAP`, and waits while events are late.
    Going back begins again from the first event and counts in `restarts`.
    """

    def __init__(
        self,
        folder: RunFolder,
        *,
        speed: float = 1.0,
        start: ReplayPosition | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._index = EventIndex(folder)
        self._lock = Lock()
        self._now = now
        self._seen = now()
        self._request = start
        self._position = 0.0
        self._speed = speed
        self._paused = False
        self._wanted = 0
        self._sent = 0
        self._seeking = True
        self.restarts = 0

    @property
    def progress(self) -> float | None:
        """Share of finding the lines, or of getting to where a seek went; `None` while it plays."""
        if not self._index.ready:
            return SCANNING * self._index.progress
        if not self._seeking or not self._wanted:
            return None
        return SCANNING + (1 - SCANNING) * self._sent / self._wanted

    @property
    def over(self) -> bool:
        """Whether the last event has been handed out."""
        return self._index.ready and self._sent == len(self._index)

    @property
    def problems(self) -> Mapping[str, int]:
        """Lines of the index that are no events, by file."""
        return self._index.problems

    grown: RunFolder | None = None

    @property
    def playback(self) -> Playback:
        """Where it stands."""
        with self._lock:
            return Playback(self._position, self._length, self._speed, self._paused)

    def pause(self) -> None:
        """Stop the clock, or let it go on; at the end, from the beginning."""
        with self._lock:
            if self._paused and self._index.ready and self._wanted == len(self._index):
                self._go(0, 0.0)
            self._paused = not self._paused

    def faster(self, times: float) -> None:
        """Change the speed: 2 doubles it, 0.5 halves it."""
        with self._lock:
            self._speed = min(max(self._speed * times, SLOWEST), FASTEST)

    def seek(self, *, step: int | None = None, share: float = 0.0, stack: int = 0) -> None:
        """Go to the first record at or after a step of a stack, to its end if there is none; or to a share of the time, 0 to 1."""
        with self._lock:
            self._request = ReplayPosition(step, share, stack)

    def advance(self, stack: int | None = None) -> None:
        """Go to the next event that tells something, of a stack or of any, and pause."""
        with self._lock:
            after = self._telling(stack)
            self._hop(after[after >= self._wanted][:1])

    def back(self, stack: int | None = None) -> None:
        """Go to the telling event before the last one, of a stack or of any, and pause."""
        with self._lock:
            before = self._telling(stack)
            self._hop(before[before < self._wanted][-2:][:1])

    def poll(self, max_seconds: float) -> list[Event]:
        """The events that are due.

        Raises DlbenchError where a file cannot be read any more, or at an event of a newer version.
        """
        deadline = time.monotonic() + max_seconds
        if not self._index.ready:
            self._index.scan(max_seconds)
        with self._lock:
            elapsed, self._seen = self._now() - self._seen, self._now()
            if not self._index.ready:
                return []
            self._move(elapsed)
            if self._wanted < self._sent:
                self._sent, self.restarts, self._seeking = 0, self.restarts + 1, True
            wanted = self._wanted
        events = self._read(wanted, deadline)
        self._seeking = self._seeking and self._sent < wanted
        return events

    def _move(self, elapsed: float) -> None:
        """Fulfil a request, or let the clock run while nothing is late."""
        clock = self._index.clock
        if self._request is not None:
            request, self._request = self._request, None
            self._seeking = True
            self._go(*self._place(request))
        if self._paused or self._sent < self._wanted:
            return
        self._position = min(self._position + elapsed * self._speed, self._length)
        self._wanted = max(self._wanted, int(np.searchsorted(clock, self._position, side="right")))
        self._paused = self._wanted == len(clock)

    def _place(self, request: ReplayPosition) -> tuple[int, float]:
        """How many events come before a place, and when that is."""
        if request.step is None:
            position = min(max(request.share, 0.0), 1.0) * self._length
            return int(np.searchsorted(self._index.clock, position, side="right")), position
        own = self._telling(request.stack)
        there = own[self._index.steps[own] >= request.step]
        return self._after(there[:1] if len(there) else own[-1:])

    def _after(self, events: NDArray[np.intp]) -> tuple[int, float]:
        """How many events there are up to and with one, and when it is; of none, the beginning."""
        if not len(events):
            return 0, 0.0
        index = int(events[0])
        return index + 1, float(self._index.clock[index])

    def _hop(self, events: NDArray[np.intp]) -> None:
        if len(events):
            self._go(*self._after(events))
        self._paused = True

    def _go(self, wanted: int, position: float) -> None:
        self._wanted, self._position = wanted, position

    def _telling(self, stack: int | None) -> NDArray[np.intp]:
        """Places in the index of the events worth stopping at, ascending."""
        mine = self._index.telling if stack is None else self._index.telling & (self._index.stacks == stack)
        return np.flatnonzero(mine)

    @property
    def _length(self) -> float:
        clock = self._index.clock
        return float(clock[-1]) if len(clock) else 0.0

    def _read(self, wanted: int, deadline: float) -> list[Event]:
        events: list[Event] = []
        with closing(self._index.read(self._sent, wanted)) as reader:
            try:
                for event in reader:
                    self._sent += 1
                    if event is not None:
                        events.append(event)
                    if time.monotonic() >= deadline:
                        break
            except DlbenchError:
                # What came before is handed out first; the next poll says what is wrong.
                if not events:
                    raise
        return events
