"""The events of a run: written by each worker into files of its own, read by polling all of them.

A file has one JSON object a line; arrays too large for a line stand in a file beside it (`event_arrays`).
"""

from __future__ import annotations

import gc
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from dlbench.errors import DlbenchError
from dlbench.measures.names import HISTOGRAM
from dlbench.run.append_only import AppendOnlyFile
from dlbench.run.event_arrays import PLACES, ArraysReader, append_array, arrays_beside, is_large
from dlbench.run.event_line import EVENT_VERSION, FREQUENT, Event, encode_event, parse_event, refuse_newer
from dlbench.run.folder import RunFolder
from dlbench.run.tail import Tail

FLUSH_SECONDS = 0.25
"""For so long what is recorded at a step may wait in the buffer; every other kind goes out at once, with all before it."""


class EventWriter:
    """Appends events to a file that it makes, their large arrays to one beside it, which is made at the first.

    Raises SetupError where a file exists already (it has another writer), UnwritableError on a full disk. Whole lines reach the
    file in one write, after the arrays that they name. Before a checkpoint takes its place, call `flush(sync=True)`: a resumed
    stack goes on from the checkpoint, and records up to it must not be lost with the buffer.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seq = 0
        self._lines = AppendOnlyFile(path)
        self._arrays: AppendOnlyFile | None = None
        self._flushed_at = 0.0

    def write(self, kind: str, **fields: Any) -> None:
        """Write one event; numpy arrays and tensors become lists, NaN and infinity `null`, large arrays stay as they are."""
        event = {"v": EVENT_VERSION, "seq": self._seq, "time": time.time(), "kind": kind, **fields}
        if large := [name for name, value in fields.items() if is_large(value)]:
            self._arrays = self._arrays or AppendOnlyFile(arrays_beside(self.path))
            event[PLACES] = {name: append_array(self._arrays, event.pop(name)) for name in large}
        self._lines.append(encode_event(event))
        self._seq += 1
        if kind not in FREQUENT or time.monotonic() - self._flushed_at >= FLUSH_SECONDS:
            self.flush()

    def flush(self, *, sync: bool = False) -> None:
        """Hand the buffers to the system, arrays before the lines that name them; with `sync`, wait until the disk has them.

        Raises UnwritableError on a full disk, and where a file was deleted, which the system would not mind.
        """
        for file in self._files:
            file.flush(sync=sync)
        self._flushed_at = time.monotonic()

    def close(self) -> None:
        """Write what is left and close the files; a second call does nothing."""
        for file in self._files:
            file.close()

    @property
    def _files(self) -> list[AppendOnlyFile]:
        return [self._lines] if self._arrays is None else [self._arrays, self._lines]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class EventReader:
    """Polls all event files of a run, session after session, worker after worker, each in the order of its lines.

    No line is delivered twice, even where a file was cut or replaced (`seq` tells). A torn last line is not yet
    written. Lines that are no events, or not what was written, are skipped; they and those that are missing (`seq` tells that
    too) are counted by file name in `problems`, and so are arrays that cannot be read, without which their events are delivered.
    Without `histograms` those of probes, which are most of a large run's bytes, are left out unread.
    """

    def __init__(self, folder: RunFolder, *, histograms: bool = True) -> None:
        self.folder = folder
        self._without = frozenset[str]() if histograms else frozenset({HISTOGRAM})
        self.problems: Counter[str] = Counter()
        self._files: dict[str, _EventFile] = {}
        self._refusal: DlbenchError | None = None

    @property
    def offset(self) -> int:
        """Bytes of all files that have been read so far."""
        return sum(file.offset for file in self._files.values())

    def poll(self, *, max_events: int | None = None, max_seconds: float | None = None) -> list[Event]:
        """The events that are new, at most so many, or as many as came in so many seconds.

        Each has `session` and `worker` beside what was written. Raises DlbenchError at a file of a newer version, after all
        events before it were delivered.
        """
        events: list[Event] = []
        deadline = None if max_seconds is None else time.monotonic() + max_seconds
        try:
            with _uncollected():
                for event in self._new():
                    events.append(event)
                    if len(events) == max_events or (deadline is not None and time.monotonic() >= deadline):
                        break
        except DlbenchError as error:
            self._refusal = error
        if self._refusal is not None and not events:
            raise self._refusal
        return events

    def _new(self) -> Iterator[Event]:
        if self._refusal is not None:
            return
        for session, worker, path in self.folder.events_files():
            file = self._files.setdefault(path.name, _EventFile(path, session, worker, self._without))
            yield from file.events(self.problems)


class _EventFile:
    def __init__(self, path: Path, session: int, worker: int, without: frozenset[str]) -> None:
        self._tail = Tail(path)
        self._without = without
        self._session = session
        self._worker = worker
        self._restarts = 0
        self._last_seq = -1
        self._known_through = -1
        self._next_seq = 0
        self._unreadable = 0  # lines since the last event
        self._version: int | None = None

    @property
    def offset(self) -> int:
        return self._tail.offset

    def events(self, problems: Counter[str]) -> Iterator[Event]:
        """The events that are new, their arrays in their fields."""
        with ArraysReader(self._tail.path, self._without) as arrays:
            for event in self._of_lines(problems):
                if lost := arrays.complete(event):
                    problems[arrays.path.name] += lost
                yield event | {"session": self._session, "worker": self._worker}

    def _of_lines(self, problems: Counter[str]) -> Iterator[Event]:
        name = self._tail.path.name
        for line in self._tail.lines():
            if self._tail.restarts != self._restarts:
                self._restarts = self._tail.restarts
                self._known_through = self._last_seq
                self._next_seq = self._unreadable = 0
                self._version = None
                problems[name] += 1
            if self._tail.offset == len(line):
                refuse_newer(line, name)
            event = self._event(line)
            if event is None:
                self._unreadable += 1
                problems[name] += 1
                continue
            if missing := self._missing_before(event["seq"]):
                problems[name] += missing
            if event["seq"] > self._known_through:
                self._last_seq = max(self._last_seq, event["seq"])
                yield event

    def _event(self, line: bytes) -> Event | None:
        """The event of a line; a file has one writer, so one of another version than the first is none."""
        event = parse_event(line)
        if event is None or event["v"] != (self._version or event["v"]):
            return None
        self._version = event["v"]
        return event

    def _missing_before(self, seq: int) -> int:
        """How many lines that were written between the last event and this one are not there, not even unreadable."""
        missing = max(seq - self._next_seq - self._unreadable, 0)
        self._next_seq, self._unreadable = seq + 1, 0
        return missing


@contextmanager
def _uncollected() -> Iterator[None]:
    """No search for garbage meanwhile: a probe of a large stack is thousands of lists, and none of them is garbage yet."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
