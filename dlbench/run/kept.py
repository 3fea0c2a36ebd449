"""What a finished run came to, kept in its folder `kept`: a reading that would give the same again need not be made again.

Each file there says first of what it was made: a key of everything that a reading depends on. Where that is not so any more to
the last byte and nanosecond, where anything is damaged or odd, or where it cannot be told, there is nothing kept, and whoever
asks reads the events. Nothing else knows of these files, and nothing is lost with them.
"""

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Iterator
from functools import cache
from hashlib import blake2b
from pathlib import Path
from zlib import crc32

import dlbench
from dlbench.files import read_file
from dlbench.run.atomic import replacing
from dlbench.run.folder import RunFolder

FOLDER = "kept"
SETTLED_SECONDS = 2.0
"""A folder in which something is younger has no key: the clock of its file system may not tell the next change from this one."""
LONGEST = 1 << 28
"""Bytes of what is kept."""
HEAD = b"dlbench kept 1 %s %08x\n"


def key_of(folder: RunFolder) -> str | None:
    """Everything that a reading of a run depends on as it is now, as one text; `None` where that cannot be told for sure.

    That is every file in its folder (place, size, times of change, inode), every module of this dlbench, this Python, and which
    packages are installed beside it. The time at which an inode was changed is the system's own: nobody can set it back.
    """
    try:
        files = sorted(_files(str(folder.path)))
    except OSError:
        return None
    newest = max((modified for _, _, modified, _, _ in files), default=0)
    if time.time() - newest / 1e9 < SETTLED_SECONDS:
        return None
    return _digest((_here(), files))


def kept(folder: RunFolder, name: str, key: str | None) -> bytes | None:
    """What was kept under a name with this key, whole and as it was written; `None` where there is no such thing."""
    if key is None:
        return None
    try:
        head, _, data = read_file(folder.path / FOLDER / name, LONGEST).partition(b"\n")
    except OSError:
        return None
    return data if head + b"\n" == HEAD % (key.encode(), crc32(data)) else None


def keep(folder: RunFolder, name: str, key: str | None, data: bytes) -> None:
    """Keep something under a name, if the folder is still what it was when it had this key; where it cannot be kept, it is not."""
    place = folder.path / FOLDER
    if key is None or len(data) > LONGEST or place.is_symlink() or key_of(folder) != key:
        return
    try:
        place.mkdir(exist_ok=True)
        with replacing(place / name, durable=False) as file:
            file.writelines([HEAD % (key.encode(), crc32(data)), data])
    except OSError:
        return


def _files(folder: str, below: str = "") -> Iterator[tuple[str, int, int, int, int]]:
    """Every file under a folder but what is kept: its place, size, times in nanoseconds, inode.

    Raises OSError at a link, a pipe or a device, behind which anything may change unseen.
    """
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name == FOLDER:
                continue
            place = f"{below}/{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                yield from _files(entry.path, place)
                continue
            found = entry.stat(follow_symlinks=False)
            if not stat.S_ISREG(found.st_mode):
                raise OSError(f"{place} is no regular file")
            yield place, found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino


def _digest(facts: object) -> str:
    return blake2b(repr(facts).encode(errors="surrogateescape"), digest_size=20).hexdigest()


@cache
def _here() -> str:
    """What reads: this dlbench by its version and its modules, this Python, the packages beside it by their folder's time."""
    code = [one for one in _files(str(Path(dlbench.__file__).parent)) if one[0].endswith(".py")]
    beside = [Path(path) for path in sys.path if path.endswith(("site-packages", "dist-packages"))]
    packages = [(str(path), path.stat().st_mtime_ns) for path in beside if path.is_dir()]
    return _digest((dlbench.__version__, sys.version, sorted(code), packages))
