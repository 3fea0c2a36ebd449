"""Arrays of one's own in a numpy archive."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from dlbench.errors import SetupError
from dlbench.parts.datasets.base import DATASETS, Arrays, Floats, Labels, Numbers, Source
from dlbench.parts.datasets.folders import locate
from dlbench.parts.datasets.npz_targets import (
    are_targets,
    as_labels,
    check_targets,
    names_of,
    read_targets,
    target_notes,
)

KEYS = ("x_train", "y_train", "x_test", "y_test")
CHANNELS = (1, 3, 4)
BYTES_OF_FLOAT32 = 4
NUMBERED = "`_, y = numpy.unique(labels, return_inverse=True)` numbers the classes of all samples"
UNREADABLE = (OSError, ValueError, EOFError, RuntimeError, KeyError, MemoryError, zipfile.BadZipFile, zlib.error)


@DATASETS.add(origin="file")
def npz(*, path: str) -> Source:
    """An archive of `numpy.savez` with the arrays `x_train, y_train, x_test, y_test`.

    Each x is `[samples, ...]` of numbers; 8-bit ones are taken for pixels and scaled to 0..1. Samples `(height, width,
    channels)` with 1, 3 or 4 channels become `(channels, height, width)`, unless the first axis is one of these too; 8-bit
    samples `(height, width)` become `(1, height, width)`. Each y is `[samples]` of whole numbers 0..classes-1, or of floats, which
    are numbers to be learned, as are `[samples, targets]` of them. The order is kept: shuffle before saving, where
    `validation_split = "end"` shall take more than the last class. A relative `path` is looked for in the current folder, then in
    the data folders. Raises `SetupError` that says what is wrong with the file.
    """
    file = locate(path)
    with reading_archive(file):
        shapes = {key: _header(file, key) for key in ("x_train", "x_test")}
        answers = {key: _header(file, key) for key in ("y_train", "y_test")}
        is_regression = are_targets(answers["y_train"])
        read: Callable[..., NDArray[Any]] = read_targets if is_regression else _labels
        y_train, y_test = (read(file, key, *header) for key, header in answers.items())
    _agree(file, shapes, {"x_train": y_train, "x_test": y_test})

    def load() -> Arrays:
        with reading_archive(file):
            return Arrays(samples_in(file, "x_train"), y_train, samples_in(file, "x_test"), y_test)

    shape, dtype = shapes["x_train"]
    sample = _channels_first(shape, dtype)[1:]
    if is_regression:
        check_targets(file, y_train, y_test)
        samples = (len(y_train), len(y_test))
        return Source.of_numbers(sample, names_of(y_train), samples, load, notes=target_notes(y_train))
    classes = _classes(file, y_train, y_test)
    train, test = (np.bincount(labels, minlength=classes).tolist() for labels in (y_train, y_test))
    return Source.of(sample, train, test, load)


@contextmanager
def reading_archive(file: Path) -> Iterator[None]:
    """Turn what numpy and zipfile raise on a broken file into one text."""
    try:
        yield
    except UNREADABLE as error:
        text = (
            f"{file} cannot be read as an npz archive ({error}); write it again with numpy.savez and {', '.join(KEYS)}"
        )
        raise SetupError(text) from error


def _header(file: Path, key: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Shape and type of one array, without reading its data; raises `SetupError` where it is absent or holds no numbers."""
    with zipfile.ZipFile(file) as archive:
        if f"{key}.npy" not in archive.namelist():
            names = ", ".join(name.removesuffix(".npy") for name in archive.namelist()) or "nothing"
            raise SetupError(f"{file} has no array '{key}'; it needs {', '.join(KEYS)} and has {names}")
        with archive.open(f"{key}.npy") as member:
            read = npy.read_array_header_1_0 if npy.read_magic(member) == (1, 0) else npy.read_array_header_2_0
            shape, _, dtype = read(member)
    if dtype.kind not in "biuf":
        remedy = f"; {NUMBERED}" if key.startswith("y") else ""
        raise SetupError(f"{file}: '{key}' holds {dtype}, not numbers{remedy}")
    if len(shape) < (2 if key.startswith("x") else 1) or 0 in shape:
        raise SetupError(f"{file}: '{key}' has the shape {shape}; it needs samples first, at least one, then features")
    return shape, dtype


def _labels(file: Path, key: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Labels:
    """The labels under `key`, `[samples]`."""
    if dtype.kind == "f" and len(shape) > 2:
        raise SetupError(
            f"{file}: '{key}' is {dtype} of {shape}; numbers to be learned have the shape (samples,) or (samples, targets): "
            f"save {key}.reshape({shape[0]}, -1), to learn {prod(shape[1:])} of each sample"
        )
    if dtype.kind == "f" or len(shape) != 1:
        what = f"{file}: '{key}' must be whole numbers of the shape (samples,), but is {dtype} of {shape}"
        raise SetupError(f"{what}; save {as_labels(key, shape)}")
    with np.load(file, allow_pickle=False) as archive:
        labels: Labels = archive[key].astype(np.int64)
    return labels


def _agree(file: Path, shapes: dict[str, tuple[tuple[int, ...], Any]], labels: dict[str, NDArray[Any]]) -> None:
    """Refuse samples without labels, and test samples that look unlike the training samples."""
    for key, (shape, _) in shapes.items():
        if shape[0] != len(labels[key]):
            raise SetupError(f"{file}: '{key}' has {shape[0]} samples, but {len(labels[key])} labels")
    (train, train_type), (test, test_type) = shapes["x_train"], shapes["x_test"]
    if train[1:] != test[1:] or (train_type == np.uint8) != (test_type == np.uint8):
        what = f"'x_train' has samples of {train[1:]} in {train_type}, 'x_test' of {test[1:]} in {test_type}"
        raise SetupError(f"{file}: {what}; they must agree")


def _classes(file: Path, y_train: Labels, y_test: Labels) -> int:
    """The number of classes in both; raises `SetupError` where the labels are not 0..classes-1, or all training labels are one."""
    seen = np.union1d(y_train, y_test)
    if len(np.unique(y_train)) < 2 or not np.array_equal(seen, np.arange(len(seen))):
        raise SetupError(
            f"{file}: the labels in 'y_train' are {_listed(np.unique(y_train))}, those in 'y_test' "
            f"{_listed(np.unique(y_test))}; together they must be 0, 1, ... without a gap, two in 'y_train' at least; {NUMBERED}"
        )
    return len(seen)


def _listed(labels: Labels) -> str:
    return ", ".join(map(str, labels[:12])) + (", ..." if len(labels) > 12 else "")


def _channels_first(shape: tuple[int, ...], dtype: np.dtype[Any]) -> tuple[int, ...]:
    """The shape of all samples after `arranged`."""
    if len(shape) == 3 and dtype == np.uint8:
        return (shape[0], 1, *shape[1:])
    return (shape[0], shape[3], shape[1], shape[2]) if _channels_last(shape) else shape


def _channels_last(shape: tuple[int, ...]) -> bool:
    return len(shape) == 4 and shape[3] in CHANNELS and shape[1] not in CHANNELS


def samples_in(file: Path, key: str) -> Numbers:
    """The samples under `key`, channels first: in float32 what float32 holds exactly, else in float64 until it is normalized."""
    with np.load(file, allow_pickle=False) as archive:
        x = arranged(archive[key])
    wrong = np.argwhere(~(np.abs(x) <= np.finfo(np.float32).max))
    if len(wrong):
        place = ", ".join(map(str, wrong[0]))
        with np.errstate(over="ignore"):
            value = np.float32(x[tuple(wrong[0])])
        raise SetupError(f"{file}: '{key}' is {value} at [{place}]; every number must be finite in float32; "
                         f"fill it in, or leave the sample out")  # fmt: skip
    return x


def arranged(stored: NDArray[Any]) -> Numbers:
    """Samples with their channels first; those of 8 bits as pixels 0..1."""
    shape = _channels_first(stored.shape, stored.dtype)
    x = np.moveaxis(stored, 3, 1) if _channels_last(stored.shape) else stored.reshape(shape)
    if stored.dtype == np.uint8:
        pixels: Floats = np.divide(x, 255, dtype=np.float32, order="C")
        return pixels
    exact = np.result_type(stored.dtype, np.float32)
    numbers: Numbers = x.astype(np.float64 if exact.itemsize > BYTES_OF_FLOAT32 else np.float32, order="C")
    return numbers
