"""Pictures of layers: the arrays of one trial, read only when they are shown."""

from __future__ import annotations

import math
import zipfile
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlbench.files import open_file
from dlbench.run.archive import UNREADABLE, damage

Images: TypeAlias = NDArray[np.float32]

LARGEST = 2**26
"""Bytes of one trial's images of one kind: what claims more is no picture."""
PERCENTILE = 99.0
"""Without its extremes a scale of weights ends at this percentile of their sizes."""


@dataclass(frozen=True)
class Pictures:
    """One trial's pictures, each `[count, channels, height, width]`; `None` where there are none.

    `filters` are weights of units, signed; `inputs` are samples and `reconstructions` what became of them, of one shape.
    """

    filters: Images | None
    inputs: Images | None
    reconstructions: Images | None


def read_pictures(path: Path, position: int) -> Pictures | None:
    """What a file has of the trial at a position of its stack; `None` where the file is missing, torn, or has nothing.

    Only this trial's part of it is kept in memory.
    """
    try:
        if damage(path):
            return None
        with open_file(path) as file, zipfile.ZipFile(file) as archive:
            filters, inputs, outputs = (
                _images(archive, name, position) for name in ("filters", "inputs", "reconstructions")
            )
    except (OSError, *UNREADABLE):
        return None
    if outputs is not None and (inputs is None or inputs.shape != outputs.shape):
        outputs = None
    return None if filters is None and inputs is None else Pictures(filters, inputs, outputs)


def _images(archive: zipfile.ZipFile, name: str, position: int) -> Images | None:
    """One trial's images of a member `[trials, count, (channels,) height, width]`, read without the others'."""
    if f"{name}.npy" not in archive.namelist():
        return None
    with archive.open(f"{name}.npy") as file:
        is_first = np.lib.format.read_magic(file) == (1, 0)
        read = np.lib.format.read_array_header_1_0 if is_first else np.lib.format.read_array_header_2_0
        shape, is_fortran, kind = read(file)
        size = math.prod(shape[1:]) * kind.itemsize
        if kind.kind not in "fiu" or is_fortran or len(shape) not in {4, 5} or position >= shape[0]:
            return None
        if not 0 < size <= LARGEST:
            return None
        file.seek(position * size, 1)
        images = np.frombuffer(file.read(size), kind).reshape(shape[1:]).astype(np.float32)
    return images if images.ndim == 4 else images[:, np.newaxis]


def limit_of(filters: NDArray[np.floating[Any]], *, robust: bool) -> float:
    """How far from zero a scale of weights ends on both sides: at the largest, or `robust` without the extremes."""
    sizes = np.abs(filters[np.isfinite(filters)])
    found = float(np.percentile(sizes, PERCENTILE)) if robust and sizes.size else 0.0
    return found or float(sizes.max(initial=0.0)) or 1.0


class PictureReader:
    """Reads files of pictures and keeps the trials that were looked at last; what could not be read is tried again."""

    def __init__(self, kept: int) -> None:
        self._most = kept
        self._kept: OrderedDict[tuple[Path, int, int], Pictures] = OrderedDict()

    def read(self, path: Path, position: int) -> Pictures | None:
        """What `read_pictures` says."""
        try:
            # A later session may have written it anew.
            key = (path, position, path.stat().st_mtime_ns)
        except (OSError, ValueError):
            return None
        found = self._kept.get(key) or read_pictures(path, position)
        if found is None:
            return None
        self._kept[key] = found
        self._kept.move_to_end(key)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return found

    def clear(self) -> None:
        """Keep nothing."""
        self._kept.clear()
