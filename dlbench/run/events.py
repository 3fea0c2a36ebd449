"""Events: one line of JSON each, written by one worker into one file, read by polling all files of a run."""

from __future__ import annotations

import gc
import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeAlias
from zlib import crc32

import orjson

from dlbench.errors import DlbenchError, SetupError
from dlbench.measures.names import HISTOGRAM
from dlbench.run.atomic import writing
from dlbench.run.folder import RunFolder
from dlbench.run.tail import Tail

EVENT_VERSION = 1

Event: TypeAlias = dict[str, Any]

FLUSH_SECONDS = 0.25
CHECKSUM = "crc"
"""The last field of a line: the CRC-32 of all before its comma."""
_CHECKSUM_BEGINS = f',"{CHECKSUM}":'.encode()
_LONGEST_CHECKSUM = len(_CHECKSUM_BEGINS) + len(str(2**32)) + len("}\n")

FREQUENT = frozenset({"metrics", "probe"})
"""Kinds that may wait in the buffer for `FLUSH_SECONDS`; every other kind goes out at once, with all before it."""


class EventWriter:
    """Appends events to a file that it makes.

    Raises SetupError where the file exists already (it has another writer), UnwritableError on a full disk. Whole lines reach the file
    in one write. Before a checkpoint takes its place, call `flush(sync=True)`: a resumed stack goes on from the checkpoint,
    and records up to it must not be lost with the buffer.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seq = 0
        self._buffer = bytearray()
        self._flushed_at = 0.0
        with writing(path):
            try:
                self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o666)
            except FileExistsError as error:
                raise SetupError(f"{path} has a writer already; a worker of this session was started twice") from error

    def write(self, kind: str, **fields: Any) -> None:
        """Write one event; numpy arrays and tensors become lists, NaN and infinity `null`."""
        event = {"v": EVENT_VERSION, "seq": self._seq, "time": time.time(), "kind": kind, **fields}
        told = memoryview(orjson.dumps(event, default=_plain, option=orjson.OPT_SERIALIZE_NUMPY))[: -len("}")]
        self._buffer += sealed(told)
        self._seq += 1
        if kind not in FREQUENT or time.monotonic() - self._flushed_at >= FLUSH_SECONDS:
            self.flush()

    def flush(self, *, sync: bool = False) -> None:
        """Hand the buffer to the system; with `sync`, wait until the disk has it.

        Raises UnwritableError on a full disk, and where the file was deleted, which the system would not mind.
        """
        with writing(self.path):
            if not os.fstat(self._file).st_nlink:
                raise FileNotFoundError
            while self._buffer:
                # What a short write left stays in the buffer, so that the line is finished and not begun again.
                del self._buffer[: os.write(self._file, self._buffer)]
            if sync:
                os.fsync(self._file)
        self._flushed_at = time.monotonic()

    def close(self) -> None:
        """Write what is left and close the file; a second call does nothing."""
        if self._file >= 0:
            self.flush(sync=True)
            os.close(self._file)
            self._file = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _plain(value: Any) -> Any:
    # orjson calls this for what it cannot write itself: tensors, paths, and arrays that are not contiguous.
    flags = getattr(value, "flags", None)
    if flags is not None and not flags.c_contiguous:
        return value.copy(order="C")
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"an event cannot hold {type(value).__name__}")


class EventReader:
    """Polls all event files of a run, session after session, worker after worker, each in the order of its lines.

    No line is delivered twice, even where a file was cut or replaced (`seq` tells). A torn last line is not yet
    written. Lines that are no events, or not what was written, are skipped; they and those that are missing (`seq` tells that
    too) are counted by file name in `problems`. Without `histograms` those of probes, which are half of a log, are left out unread.
    """

    def __init__(self, folder: RunFolder, *, histograms: bool = True) -> None:
        self.folder = folder
        self._histograms = histograms
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
            file = self._files.setdefault(path.name, _EventFile(path, session, worker, self._histograms))
            yield from file.events(self.problems)


class _EventFile:
    def __init__(self, path: Path, session: int, worker: int, histograms: bool) -> None:  # noqa: FBT001 - as the reader's
        self._tail = Tail(path)
        self._histograms = histograms
        self._session = session
        self._worker = worker
        self._restarts = 0
        self._last_seq = -1
        self._known_through = -1
        self._next_seq = 0
        self._unreadable = 0  # lines since the last event

    @property
    def offset(self) -> int:
        return self._tail.offset

    def events(self, problems: Counter[str]) -> Iterator[Event]:
        name = self._tail.path.name
        for line in self._tail.lines():
            if self._tail.restarts != self._restarts:
                self._restarts = self._tail.restarts
                self._known_through = self._last_seq
                self._next_seq = self._unreadable = 0
                problems[name] += 1
            if self._tail.offset == len(line):
                refuse_newer(line, name)
            event = parse(line, histograms=self._histograms)
            if event is None:
                self._unreadable += 1
                problems[name] += 1
                continue
            if missing := self._missing_before(event["seq"]):
                problems[name] += missing
            if event["seq"] > self._known_through:
                self._last_seq = max(self._last_seq, event["seq"])
                yield event | {"session": self._session, "worker": self._worker}

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


def refuse_newer(first: bytes, name: str) -> None:
    """Raise DlbenchError where the first line of a file says that a newer dlbench wrote it.

    A later line of another version is damage, since a file has one writer.
    """
    event = _loaded(first)
    version = None if event is None else event.get("v")
    if type(version) is int and version > EVENT_VERSION and is_intact(first):
        raise DlbenchError(
            f"{name}: events of version {version}, this dlbench reads version {EVENT_VERSION}; install a newer dlbench"
        )


def parse(line: bytes, *, histograms: bool = True) -> Event | None:
    """The event of one line, or `None` where the line is none, or not what was written.

    An event is a JSON object with a known `v`, a whole `seq` from 0, and `kind` as text. Without `histograms` those are cut
    out before the line is parsed.
    """
    if not is_intact(line):
        return None
    cut = line if histograms else _without_histogram(line)
    return _event(cut) or (_event(line) if cut is not line else None)


def sealed(told: bytes | memoryview) -> bytes:
    """A whole line: what is told, without its closing brace, then the checksum of that."""
    return b"%s%s%d}\n" % (told, _CHECKSUM_BEGINS, crc32(told))


def is_intact(line: bytes) -> bool:
    """Whether a line fits the checksum at its end; one without, as older versions wrote them, is believed."""
    start = line.rfind(_CHECKSUM_BEGINS, -_LONGEST_CHECKSUM)
    if start < 0:
        return True
    told = line[start + len(_CHECKSUM_BEGINS) :].rstrip(b"}\n")
    return told.isdigit() and int(told) == crc32(memoryview(line)[:start])


def _event(line: bytes) -> Event | None:
    event = _loaded(line)
    if event is None:
        return None
    version, seq = event.get("v"), event.get("seq")
    if type(version) is not int or type(seq) is not int:
        return None
    event.pop(CHECKSUM, None)
    known = version == EVENT_VERSION and seq >= 0 and isinstance(event.get("kind"), str)
    return event if known else None


def _loaded(line: bytes) -> Event | None:
    try:
        event = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return event if isinstance(event, dict) else None


_HISTOGRAM_BEGINS = f',"{HISTOGRAM}":[[['.encode()
_HISTOGRAM_ENDS = b"]]]"


def _without_histogram(line: bytes) -> bytes:
    start = line.find(_HISTOGRAM_BEGINS)
    end = line.find(_HISTOGRAM_ENDS, start)
    return line if start < 0 or end < 0 else line[:start] + line[end + len(_HISTOGRAM_ENDS) :]
