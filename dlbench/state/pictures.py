"""Pictures of layers: which a stack has, and the arrays of one trial, read only when they are shown."""

from __future__ import annotations

import math
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlbench.files import open_file
from dlbench.run.archive import UNREADABLE, damage
from dlbench.state.event_fields import Event, count, text

Images: TypeAlias = NDArray[np.float32]

PRETRAIN, TRAIN = "pretrain", "train"
PHASES = (PRETRAIN, TRAIN)
"""In the order of time; each counts its own steps, pre-training those of each layer."""
LARGEST = 2**26
"""Bytes of one trial's images of one kind: what claims more is no picture."""
PERCENTILE = 99.0
"""Without its extremes a scale of weights ends at this percentile of their sizes."""


@dataclass(frozen=True)
class PictureRecord:
    """A file of pictures of one layer at one step of a phase; `file` is relative to the run's folder."""

    layer: str
    phase: str
    step: int
    file: str
    session: int

    @property
    def when(self) -> tuple[int, int]:
        """Its place in time, among records of its layer."""
        return PHASES.index(self.phase), self.step


@dataclass(frozen=True)
class Pictures:
    """One trial's pictures, each `[count, channels, height, width]`; `None` where there are none.

    `filters` are weights of units, signed; `inputs` are samples and `reconstructions` what became of them, of one shape.
    """

    filters: Images | None
    inputs: Images | None
    reconstructions: Images | None


def record_of(event: Event, session: int) -> PictureRecord | None:
    """The record of a `pictures` event; `None` where it is none, or names a file outside of the run."""
    layer, phase, step, file = text(event, "layer"), text(event, "phase"), count(event, "step"), text(event, "file")
    if layer is None or phase not in PHASES or step is None or not file:
        return None
    path = PurePosixPath(file)
    return None if path.is_absolute() or ".." in path.parts else PictureRecord(layer, phase, step, file, session)


def in_force(records: Sequence[PictureRecord], counts: Callable[[int, int], bool]) -> list[PictureRecord]:
    """The records that no later session has voided, by time; of several of a layer at one step the newest session's.

    Pre-training is over before step 0, so what a later session did of it is told by its own records: it voids older ones
    from its first on.
    """
    begun: dict[tuple[str, int], int] = {}
    for one in records:
        if one.phase == PRETRAIN:
            begun[one.layer, one.session] = min(one.step, begun.get((one.layer, one.session), one.step))

    def holds(one: PictureRecord) -> bool:
        if one.phase == TRAIN:
            return counts(one.session, one.step)
        return all(
            step > one.step for (layer, session), step in begun.items() if layer == one.layer and session > one.session
        )

    newest = {(one.layer, one.when): one for one in sorted(records, key=lambda one: one.session) if holds(one)}
    return sorted(newest.values(), key=lambda one: one.when)


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
