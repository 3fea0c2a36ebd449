"""One line of a file of events: a JSON object whose last field is the checksum of all before it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeAlias
from zlib import crc32

import orjson

from dlbench.errors import DlbenchError

EVENT_VERSION = 2
"""Version 2 keeps large arrays in a file of their own (`event_arrays`); lines of version 1 hold all arrays themselves."""
READABLE = range(1, EVENT_VERSION + 1)

FREQUENT = frozenset({"metrics", "probe"})
"""Kinds of events that are nearly all: what was recorded at a step."""
_KIND_BEGINS = b'"kind":"'
_RECORDS = tuple(f'{kind}"'.encode() for kind in sorted(FREQUENT))
LONGEST_BEGINNING = 128
"""Bytes in which version, number, time and kind of an event stand, which writers write first."""

Event: TypeAlias = dict[str, Any]

CHECKSUM = "crc"
"""The last field of a line: the CRC-32 of all before its comma."""
_CHECKSUM_BEGINS = f',"{CHECKSUM}":'.encode()


def encode_event(event: Event) -> bytes:
    """An event as a whole line; arrays and tensors become lists, NaN and infinity `null`.

    Raises TypeError where a field is nothing that JSON can hold.
    """
    told = orjson.dumps(event, default=_plain, option=orjson.OPT_SERIALIZE_NUMPY)[: -len("}")]
    return b"%s%s%d}\n" % (told, _CHECKSUM_BEGINS, crc32(told))


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


def parse_event(line: bytes) -> Event | None:
    """The event of one line, or `None` where the line is none, or not what was written.

    An event is a JSON object with a known `v`, a whole `seq` from 0, and `kind` as text.
    """
    event = _loaded(line)
    if event is None:
        return None
    version, seq = event.get("v"), event.get("seq")
    if type(version) is not int or version not in READABLE or type(seq) is not int or seq < 0:
        return None
    if not isinstance(event.get("kind"), str) or not _is_intact(line, event):
        return None
    event.pop(CHECKSUM, None)
    return event


def is_record(line: bytes) -> bool:
    """Whether a line is of one of the `FREQUENT` kinds, told by how it begins, which is as writers write it.

    It need be neither whole nor intact: this is for passing over lines without parsing them.
    """
    return line.startswith(_RECORDS, line.find(_KIND_BEGINS, 0, LONGEST_BEGINNING) + len(_KIND_BEGINS))


def refuse_newer(first: bytes, name: str) -> None:
    """Raise DlbenchError where the first line of a file says that a newer dlbench wrote it.

    A later line of another version is damage, since a file has one writer.
    """
    if event := newer_event(first):
        raise DlbenchError(
            f"{name}: events of version {event['v']}, this dlbench reads versions up to {EVENT_VERSION}; "
            "install a newer dlbench"
        )


def newer_event(line: bytes) -> Event | None:
    """The event of a line that a newer dlbench wrote; of its fields only `v` is known. `None` where the line is none."""
    event = _loaded(line)
    version = None if event is None else event.get("v")
    is_newer = event is not None and type(version) is int and version > EVENT_VERSION and _is_intact(line, event)
    return event if is_newer else None


def _loaded(line: bytes) -> Event | None:
    try:
        event = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return event if isinstance(event, dict) else None


def _is_intact(line: bytes, event: Event) -> bool:
    """Whether a line fits its checksum. Other versions than ours may have none, and are believed."""
    if CHECKSUM not in event:
        return bool(event["v"] != EVENT_VERSION)
    return bool(event[CHECKSUM] == crc32(memoryview(line)[: line.rfind(_CHECKSUM_BEGINS)]))
