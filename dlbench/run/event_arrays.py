"""Arrays of events that are too large for a line: their bytes, one after the other, in a file beside that of the lines.

The line says where its arrays stand. Who skips some, such as histograms, reads nothing of them. numpy is imported where it is
used: looking at a run's folder costs none.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Self, TypeAlias
from zlib import crc32

from dlbench.files import open_file
from dlbench.run.append_only import AppendOnlyFile
from dlbench.run.event_line import Event

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_IN_LINE = 64
"""Numbers of an array that still stand in its event's line, where a person can read them."""

ARRAYS = ".arrays"
"""How the names of files of arrays end."""

PLACES = "arrays"
"""The field of a line that says, by the name of each array in the file beside it, where that is."""

NUMBERS = frozenset("biuf")
"""The kinds of numpy's types that a place of its own is for: truth values, whole numbers, floats."""

Array: TypeAlias = "NDArray[Any]"


def arrays_beside(path: Path) -> Path:
    """The file of the arrays that the events of a file of lines have."""
    return path.with_suffix(ARRAYS)


def is_large(value: Any) -> bool:
    """Whether a field of an event is a numpy array with a place of its own."""
    kind = getattr(getattr(value, "dtype", None), "kind", None)
    return kind in NUMBERS and value.size > MOST_IN_LINE


def append_array(file: AppendOnlyFile, array: Array) -> dict[str, Any]:
    """Append the bytes of an array, little endian, whole numbers from 0 on as small as they can be; returns its place."""
    import numpy as np

    if array.dtype.kind == "i" and array.min() >= 0:
        array = array.astype(np.min_scalar_type(array.max()))
    stored = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    data = stored.tobytes()
    place = {"at": file.size, "type": stored.dtype.str, "shape": stored.shape, "crc": crc32(data)}
    file.append(data)
    return place


class ArraysReader:
    """Reads the arrays of the events of one file; opened at the first that is wanted, closed with the block."""

    def __init__(self, lines: Path, without: frozenset[str] = frozenset()) -> None:
        """`without` are fields that events are to have not, whether they stand in the line or not."""
        self.path = arrays_beside(lines)
        self._without = without
        self._file: BinaryIO | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def complete(self, event: Event) -> int:
        """Put an event's arrays in their fields, but for those that are left out; returns how many are lost or damaged."""
        places, lost = event.pop(PLACES, None), 0
        for name, place in places.items() if isinstance(places, Mapping) else ():
            if name not in self._without:
                array = self._read(place)
                if array is None:
                    lost += 1
                else:
                    event[name] = array
        for name in self._without:
            event.pop(name, None)
        return lost

    def _read(self, place: Any) -> Array | None:
        """The array at a place, read-only; `None` where the file has not what was written."""
        import numpy as np

        try:
            self._file = self._file or open_file(self.path)
            kind, shape, start = np.dtype(place["type"]), place["shape"], place["at"]
            length = prod(shape) * kind.itemsize
            if start + length > os.fstat(self._file.fileno()).st_size:
                return None
            data = os.pread(self._file.fileno(), length, start)
            return np.frombuffer(data, kind).reshape(shape) if crc32(data) == place["crc"] else None
        except (OSError, TypeError, ValueError, KeyError, OverflowError):
            return None
