"""Files that are never seen half written, and a lock that dies with its holder."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO
from uuid import uuid4

import orjson

from dlbench.errors import UnwritableError
from dlbench.files import append_to, open_file

ROOM = 1 << 16
"""Bytes that must fit on a disk for it not to be full."""


@contextmanager
def replacing(path: Path, *, keeping: Path | None = None, durable: bool = True) -> Iterator[BinaryIO]:
    """A binary file that takes the place of `path` when the block ends without an exception, durably and at once.

    What may be lost with the power, since it can be made again, need not be `durable`.

    Whoever is killed meanwhile leaves `path` as it was, and at worst a hidden `.tmp` file beside it. What stood at `path` is
    gone, or moves to `keeping`; then a kill between the two renames leaves it there, and nothing at `path`.
    """
    temporary = path.with_name(f".{path.name}.{uuid4().hex}.tmp")
    try:
        with temporary.open("xb") as file:
            yield file
            file.flush()
            if durable:
                os.fsync(file.fileno())
        if keeping is not None:
            with suppress(FileNotFoundError):
                path.replace(keeping)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if durable:
        _sync_folder(path.parent)


@contextmanager
def overwriting(path: Path) -> Iterator[BinaryIO]:
    """The same for any file that a user names: a device or a pipe, which a file in its place would destroy, is written to."""
    is_device = path.exists() and not path.is_file()
    with path.open("wb") if is_device else replacing(path) as file:
        yield file


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Raise UnwritableError, which says what and why, where the system refuses to write `path` in this block."""
    try:
        yield
    except OSError as error:
        is_gone = isinstance(error, FileNotFoundError)
        why = "its folder was deleted or moved" if is_gone else error.strerror or str(error)
        raise UnwritableError(f"{path}: cannot be written: {why}") from error


def refusal(folder: Path) -> str | None:
    """Why nothing can be written into a folder now, told by trying; `None` where it can."""
    try:
        with writing(folder), replacing(folder / ".room") as file:
            file.write(bytes(ROOM))
        (folder / ".room").unlink(missing_ok=True)
    except UnwritableError as error:
        return str(error)
    return None


def _sync_folder(path: Path) -> None:
    # Without this the rename itself may be lost with the power.
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def write_text_atomic(path: Path, text: str) -> None:
    """Write a text file as UTF-8, whole or not at all."""
    with replacing(path) as file:
        file.write(text.encode())


def write_json_atomic(path: Path, data: Any) -> None:
    """Write plain data, dataclasses or numpy arrays as indented JSON, whole or not at all; NaN becomes `null`."""
    with replacing(path) as file:
        file.write(
            orjson.dumps(data, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE | orjson.OPT_SERIALIZE_NUMPY)
        )


def append_line(path: Path, line: bytes) -> None:
    """Append a line, with its newline, to a file that is made where there is none; raises OSError where it cannot be."""
    with append_to(path) as file:
        if file.tell() and not _ends_a_line(path):
            # Someone died while writing, or found no room: end their line, so that it does not swallow this one.
            line = b"\n" + line
        file.write(line)


def _ends_a_line(path: Path) -> bool:
    with open_file(path) as file:
        file.seek(-1, os.SEEK_END)
        return file.read() == b"\n"


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file `path` alone among processes; waits for it, and death of the holder frees it.

    Raises UnwritableError where there can be none.
    """
    with writing(path):
        lock = append_to(path)
    with lock as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
