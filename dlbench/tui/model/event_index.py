"""An index of a run's events: all of them in the order of their time, by their place in the files and not held in memory.

Lines are short and no array is read while the index is made; whoever plays events reads what it needs. So a run of 50 MB is
ready within some hundredths of a second, and costs some bytes an event.
"""

from __future__ import annotations

import time
from array import array
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from dlbench.errors import DlbenchError
from dlbench.files import open_file
from dlbench.run.event_arrays import ArraysReader, arrays_beside
from dlbench.run.event_line import Event, newer_event, parse_event, refuse_newer
from dlbench.run.folder import RunFolder
from dlbench.run.tail import Tail
from dlbench.tui.model.source import size_of

LONGEST_GAP = 5.0
"""Seconds that a silence lasts at most when it is played: a run may have been stopped over night."""
TELLING = frozenset({"metrics", "probe", "diverged", "control", "breakpoint", "end", "pretrain", "pictures"})
"""Kinds that one goes to, event by event; the others change nothing that is looked at."""
STEPLESS = frozenset({"pretrain", "pictures"})
"""Kinds whose steps may be those of pre-training: whoever goes to a step means one of the training."""

_NONE = -1


class _File:
    """One file: its lines as they are found."""

    def __init__(self, session: int, worker: int, path: Path) -> None:
        self.session = session
        self.worker = worker
        self.path = path
        self._tail = Tail(path)
        self.problems = 0
        """Lines that are no events."""
        self.lost: dict[int, int] = {}
        """How many arrays cannot be read, by the number of their event; a replay comes by it more than once."""
        self.times = array("d")
        self.numbers = tuple(array(code) for code in "qqqqb")
        """Start, length, stack, step, whether it tells: one entry a line."""

    @property
    def offset(self) -> int:
        return self._tail.offset

    def lines(self) -> Iterator[None]:
        """Note line after line; whoever stops may go on later."""
        for line in self._tail.lines():
            start = self._tail.offset - len(line)
            # A file of a newer version is refused when its first line is read, after all that was before it.
            event = parse_event(line) or (newer_event(line) if start == 0 else None)
            if event is None:
                self.problems += 1
            else:
                self._note(event, start, len(line))
            yield

    def completed(self, event: Event, arrays: ArraysReader) -> Event:
        """An event that was found here, with its arrays."""
        if lost := arrays.complete(event):
            self.lost[event["seq"]] = lost
        return event | {"session": self.session, "worker": self.worker}

    def _note(self, event: Event, start: int, length: int) -> None:
        kind = event.get("kind")
        step = _NONE if kind in STEPLESS else _whole(event.get("step"))
        self.times.append(_clock(event.get("time")))
        entry = (start, length, _whole(event.get("stack")), step, kind in TELLING)
        for column, value in zip(self.numbers, entry, strict=True):
            column.append(value)


def _clock(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _whole(value: Any) -> int:
    return value if isinstance(value, int) and 0 <= value < 2**53 else _NONE


class EventIndex:
    """The events of a run's folder as they were when the index was begun; `scan` until `ready`.

    `clock` [events] is when each is played, in seconds from the first, with silences of at most `LONGEST_GAP`. `stacks` and
    `steps` are -1 where an event has none; `telling` are those worth stopping at.
    """

    def __init__(self, folder: RunFolder) -> None:
        self._files = [_File(*found) for found in folder.events_files()]
        self._size = sum(size_of(file.path) for file in self._files)
        self._work = (None for file in self._files for _ in file.lines())
        self.ready = False
        self.clock: NDArray[np.float64] = np.empty(0)
        self.stacks: NDArray[np.int64] = np.empty(0, np.int64)
        self.steps: NDArray[np.int64] = np.empty(0, np.int64)
        self.telling: NDArray[np.bool_] = np.empty(0, np.bool_)

    def __len__(self) -> int:
        return len(self.clock)

    @property
    def progress(self) -> float:
        """Share of the files that has been looked at."""
        return sum(file.offset for file in self._files) / self._size if self._size else 1.0

    @property
    def problems(self) -> Counter[str]:
        """How many lines of each file are no events, and of what was played, how many arrays cannot be read."""
        arrays = {arrays_beside(file.path).name: sum(file.lost.values()) for file in self._files if file.lost}
        return Counter({file.path.name: file.problems for file in self._files if file.problems} | arrays)

    def scan(self, max_seconds: float) -> None:
        """Look at lines for so many seconds."""
        deadline = time.monotonic() + max_seconds
        for _ in self._work:
            if time.monotonic() >= deadline:
                return
        if not self.ready:
            self._order()
            self.ready = True

    def _order(self) -> None:
        """Lay the files' lines along one clock; each file keeps its own order, wherever its clock was set back."""
        empty = np.empty(0)
        times = [np.maximum.accumulate(np.array(file.times)) for file in self._files]
        at = np.concatenate([empty, *times])
        order = np.argsort(at, kind="stable")
        whole = [np.concatenate([empty, *(np.array(file.numbers[i]) for file in self._files)])[order] for i in range(5)]
        self._starts, self._lengths, self.stacks, self.steps = (column.astype(np.int64) for column in whole[:4])
        self.telling = whole[4].astype(np.bool_)
        self._owners = np.repeat(np.arange(len(self._files)), [len(time) for time in times])[order]
        gaps = np.minimum(np.diff(at[order]), LONGEST_GAP)
        self.clock = np.concatenate([empty, np.zeros(min(len(order), 1)), np.cumsum(gaps)])

    def read(self, start: int, stop: int) -> Generator[Event | None, None, None]:
        """The events from one place in the index to before another, read from their files; `None` where a line is none.

        Raises DlbenchError where a file cannot be read any more, or an event is of a newer version.
        """
        with ExitStack() as stack:
            opened: dict[int, tuple[BinaryIO, ArraysReader]] = {}
            for index in range(start, stop):
                owner = int(self._owners[index])
                file = self._files[owner]
                try:
                    if owner not in opened:
                        arrays = stack.enter_context(ArraysReader(file.path))
                        opened[owner] = stack.enter_context(open_file(file.path)), arrays
                    lines, arrays = opened[owner]
                    lines.seek(int(self._starts[index]))
                    line = lines.read(int(self._lengths[index]))
                except OSError as error:
                    raise DlbenchError(f"{file.path}: cannot be read: {error.strerror}") from error
                if not self._starts[index]:
                    refuse_newer(line, file.path.name)
                event = parse_event(line)
                yield None if event is None else file.completed(event, arrays)
