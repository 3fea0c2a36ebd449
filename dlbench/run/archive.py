"""Archives on disk, zip files such as torch's .pt and numpy's .npz: are they still what was written?"""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from dlbench.files import open_file

UNREADABLE = (ValueError, KeyError, EOFError, BadZipFile, zlib.error, struct.error, NotImplementedError, RuntimeError)
"""What reading an archive raises that is torn, changed, or none at all; beside OSError."""


def damage(path: Path) -> str | None:
    """What is wrong with an archive, in words; `None` where every member fits the CRC-32 that was written with it.

    Every change of a single bit is found, unless it stands where nobody reads. Raises FileNotFoundError where there is none.
    """
    try:
        with open_file(path) as file:
            if not os.fstat(file.fileno()).st_size:
                return "it is empty"
            with ZipFile(file) as archive:
                changed = archive.testzip()
    except FileNotFoundError:
        raise
    except OSError as error:
        return f"it cannot be read: {error.strerror or error}"
    except UNREADABLE:
        return "it is truncated, or not an archive"
    return None if changed is None else f"its part {changed} does not match its checksum"
