"""Files that someone names, whatever they are: nothing here waits for a pipe, or reads a device without end."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from dlbench.errors import UsageError

NO_FILE = "is not a regular file"
LONGEST_NAME = 120
"""Bytes of a name that is made of a text; file systems take 255, and paths have their limits too."""


def expanded(text: str | Path) -> Path:
    """A path with `~` and `~user` replaced; raises `UsageError` where there is no such user."""
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise UsageError(f"{text}: this machine has no user '{Path(text).parts[0].removeprefix('~')}'") from error


def exists(path: Path) -> bool:
    """Whether something is there; a path that no system could have is nowhere."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def is_file(path: Path) -> bool:
    """Whether a regular file is there, or a link to one."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def is_folder(path: Path) -> bool:
    """Whether a folder is there, or a link to one."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def open_file(path: Path) -> BinaryIO:
    """A regular file for reading; raises `OSError` where it cannot be opened, or is a folder, pipe, socket or device."""
    # Without O_NONBLOCK opening a pipe would wait for whoever writes into it.
    found = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(found).st_mode):
        os.close(found)
        raise OSError(errno.EINVAL, NO_FILE, str(path))
    return os.fdopen(found, "rb")


def append_to(path: Path) -> BinaryIO:
    """A regular file to append to, made where there is none; raises `OSError` where something else is there."""
    found = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC, 0o666)
    if not stat.S_ISREG(os.fstat(found).st_mode):
        os.close(found)
        raise OSError(errno.EINVAL, NO_FILE, str(path))
    return os.fdopen(found, "ab")


def read_file(path: Path, limit: int) -> bytes:
    """The content of a regular file; raises `OSError` as `open_file` does, and where it is longer than `limit` bytes."""
    with open_file(path) as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise OSError(errno.EFBIG, f"is longer than {limit:,} bytes", str(path))
    return content


def names_of(texts: Iterable[str], unfit: re.Pattern[str], otherwise: str) -> list[str]:
    """A name of a file or folder for each text: what is `unfit` becomes a hyphen, `otherwise` stands where nothing is left.

    No two are the same, nor on systems that do not tell capitals from small letters.
    """
    names: list[str] = []
    taken: set[str] = set()
    for text in texts:
        fit = unfit.sub("-", text).encode()[:LONGEST_NAME].decode(errors="ignore")
        name = plain = fit.strip(" .-") or otherwise
        number = 1
        while name.casefold() in taken:
            number += 1
            name = f"{plain}-{number}"
        taken.add(name.casefold())
        names.append(name)
    return names
