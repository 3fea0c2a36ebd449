"""Arrays of one's own, as numpy saves them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from math import prod
from typing import Annotated, Any

import numpy as np
from annotated_types import Ge, Gt, Lt
from numpy.typing import NDArray

from dlbench.errors import SetupError
from dlbench.parts.datasets.base import DATASETS, Arrays, Labels, Source, stream
from dlbench.parts.datasets.folders import locate_any
from dlbench.parts.datasets.npz_targets import (
    are_targets,
    as_labels,
    check_targets,
    names_of,
    read_targets,
    target_notes,
)
from dlbench.parts.datasets.samples import Floats, Held, Numbers, OnDisk, Samples, stays_on_disk
from dlbench.parts.datasets.splits import counts_for_test, stratified
from dlbench.parts.datasets.stored import Header, StoredArrays, reading_archive

KEYS = ("x_train", "y_train", "x_test", "y_test")
TOGETHER = ("x", "y")
CHANNELS = (1, 3, 4)
BYTES_OF_FLOAT32 = 4
NUMBERED = "`_, y = numpy.unique(labels, return_inverse=True)` numbers the classes of all samples"
UNPACK = "numpy.savez instead of numpy.savez_compressed writes arrays that can stay on disk, and `unzip` makes a folder of them"

Rows = NDArray[np.intp] | None


@DATASETS.add(origin="file")
def npz(
    *,
    path: str,
    held: Held = "auto",
    test_share: Annotated[float, Gt(0), Lt(1)] = 0.2,
    seed: Annotated[int, Ge(0)] = 0,
) -> Source:
    """An archive of `numpy.savez`, or a folder of `.npy` files, with the arrays `x_train, y_train, x_test, y_test`, or `x, y`.

    Each x is `[samples, ...]` of numbers; 8-bit ones are taken for pixels and scaled to 0..1. Samples `(height, width,
    channels)` with 1, 3 or 4 channels become `(channels, height, width)`, unless the first axis is one of these too; 8-bit
    samples `(height, width)` become `(1, height, width)`. Each y is `[samples]` of whole numbers 0..classes-1, or of floats, which
    are numbers to be learned, as are `[samples, targets]` of them. The order is kept: shuffle before saving, where
    `validation_split = "end"` shall take more than the last class. A relative `path` is looked for in the current folder, then in
    the data folders. Raises `SetupError` that says what is wrong with the file.

    held: where samples stay: in "memory", or on "disk", from which each batch is read when its turn comes, unless the archive is
        compressed; "auto" takes the disk beyond 2 GiB in float32.
    test_share: this share of `x, y` is the test set, of each class as much, chosen by `seed`.
    """
    stored = StoredArrays(locate_any(path))
    with reading_archive(stored.path):
        is_split = "x_train" in stored.names() or not set(TOGETHER) <= set(stored.names())
        made = _split(stored) if is_split else _together(stored, test_share, seed)
    if not len(made.y_test) or not len(made.y_train):
        what, samples = "train" if len(made.y_test) else "test", made.header.shape[0]
        raise ValueError(f"'test_share' {test_share} of {samples} samples leaves none to {what} on")
    shape, dtype = made.header.shape, made.header.dtype
    sample = _channels_first(shape, dtype)[1:]
    on_disk = _stays_on_disk(stored, made, held, sample)

    def load() -> Arrays:
        with reading_archive(stored.path):
            x_train, x_test = (
                samples_in(stored, *one, on_disk=on_disk) for one in zip(made.keys, made.rows, strict=True)
            )
        return Arrays(x_train, made.y_train, x_test, made.y_test)

    source = made.source(stored, sample, load)
    remedy = f"{UNPACK}; then" if stored.rows(made.keys[0]) is None else ""
    return replace(source, on_disk=on_disk, remedy=f'{remedy} held = "disk" reads it batch by batch'.strip())


@dataclass(frozen=True)
class _Made:
    """Which arrays are the samples, those of training first, and which rows of them, `None` for all; and what is to be learned."""

    header: Header
    keys: tuple[str, str]
    rows: tuple[Rows, Rows]
    y_train: NDArray[Any]
    y_test: NDArray[Any]
    is_regression: bool

    def source(self, stored: StoredArrays, sample: tuple[int, ...], load: Callable[[], Arrays]) -> Source:
        """The source of the whole dataset."""
        y_train, y_test = self.y_train, self.y_test
        if self.is_regression:
            check_targets(stored, y_train, y_test)
            samples = (len(y_train), len(y_test))
            return Source.of_numbers(sample, names_of(y_train), samples, load, notes=target_notes(y_train))
        classes = _classes(stored, y_train, y_test)
        train, test = (np.bincount(labels, minlength=classes).tolist() for labels in (y_train, y_test))
        return Source.of(sample, train, test, load)


def _split(stored: StoredArrays) -> _Made:
    """The arrays of both sets."""
    shapes = {key: _header(stored, key) for key in ("x_train", "x_test")}
    answers = {key: _header(stored, key) for key in ("y_train", "y_test")}
    is_regression = are_targets(answers["y_train"])
    read: Callable[..., NDArray[Any]] = read_targets if is_regression else _labels
    y_train, y_test = (read(stored, key, header) for key, header in answers.items())
    _agree(stored, shapes, {"x_train": y_train, "x_test": y_test})
    return _Made(shapes["x_train"], ("x_train", "x_test"), (None, None), y_train, y_test, is_regression)


def _together(stored: StoredArrays, test_share: float, seed: int) -> _Made:
    """One array of samples, of which some are the test set."""
    x, y = (_header(stored, key) for key in TOGETHER)
    is_regression = are_targets(y)
    answers: NDArray[Any] = (read_targets if is_regression else _labels)(stored, "y", y)
    _agree(stored, {"x": x}, {"x": answers})
    random = stream(seed, "npz")
    if is_regression:
        for_test = int(len(answers) * test_share + 0.5)
        order = random.permutation(len(answers))
        train, test = order[for_test:], order[:for_test]
    else:
        _classes(stored, answers, answers)
        train, test = stratified(answers, counts_for_test(np.bincount(answers).tolist(), test_share), random)
    return _Made(x, ("x", "x"), (train, test), answers[train], answers[test], is_regression)


def _stays_on_disk(stored: StoredArrays, made: _Made, held: Held, sample: tuple[int, ...]) -> bool:
    """Whether the samples are left where they are; raises SetupError where that is asked for and cannot be."""
    can = all(stored.rows(key) is not None for key in made.keys)
    if held == "disk" and not can:
        raise SetupError(f"{stored}: its arrays are compressed, or cut short, and cannot stay on disk; {UNPACK}")
    return can and stays_on_disk(held, len(made.y_train) + len(made.y_test), sample)


def _header(stored: StoredArrays, key: str) -> Header:
    """Shape and type of one array, without reading its data; raises `SetupError` where it is absent or holds no numbers."""
    if key not in (there := stored.names()):
        raise SetupError(
            f"{stored} has no array '{key}'; it needs {', '.join(KEYS)} and has {', '.join(there) or 'nothing'}"
        )
    header = stored.header(key)
    shape, dtype = header.shape, header.dtype
    if dtype.kind not in "biuf":
        remedy = f"; {NUMBERED}" if key.startswith("y") else ""
        raise SetupError(f"{stored}: '{key}' holds {dtype}, not numbers{remedy}")
    if len(shape) < (2 if key.startswith("x") else 1) or 0 in shape:
        raise SetupError(
            f"{stored}: '{key}' has the shape {shape}; it needs samples first, at least one, then features"
        )
    return header


def _labels(stored: StoredArrays, key: str, header: Header) -> Labels:
    """The labels under `key`, `[samples]`."""
    shape, dtype = header.shape, header.dtype
    if dtype.kind == "f" and len(shape) > 2:
        raise SetupError(
            f"{stored}: '{key}' is {dtype} of {shape}; numbers to be learned have the shape (samples,) or (samples, targets): "
            f"save {key}.reshape({shape[0]}, -1), to learn {prod(shape[1:])} of each sample"
        )
    if dtype.kind == "f" or len(shape) != 1:
        what = f"{stored}: '{key}' must be whole numbers of the shape (samples,), but is {dtype} of {shape}"
        raise SetupError(f"{what}; save {as_labels(key, shape)}")
    labels: Labels = stored.read(key).astype(np.int64)
    return labels


def _agree(stored: StoredArrays, shapes: Mapping[str, Header], labels: Mapping[str, NDArray[Any]]) -> None:
    """Refuse samples without labels, and test samples that look unlike the training samples."""
    for key, header in shapes.items():
        if header.shape[0] != len(labels[key]):
            raise SetupError(f"{stored}: '{key}' has {header.shape[0]} samples, but {len(labels[key])} labels")
    train, test = next(iter(shapes.values())), list(shapes.values())[-1]
    if train.shape[1:] != test.shape[1:] or (train.dtype == np.uint8) != (test.dtype == np.uint8):
        what = (
            f"'x_train' has samples of {train.shape[1:]} in {train.dtype}, 'x_test' of {test.shape[1:]} in {test.dtype}"
        )
        raise SetupError(f"{stored}: {what}; they must agree")


def _classes(stored: StoredArrays, y_train: Labels, y_test: Labels) -> int:
    """The number of classes in both; raises `SetupError` where the labels are not 0..classes-1, or all training labels are one."""
    seen = np.union1d(y_train, y_test)
    if len(np.unique(y_train)) < 2 or not np.array_equal(seen, np.arange(len(seen))):
        raise SetupError(
            f"{stored}: the labels in 'y_train' are {_listed(np.unique(y_train))}, those in 'y_test' "
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


def samples_in(stored: StoredArrays, key: str, rows: Rows, *, on_disk: bool) -> Samples:
    """The samples under `key`, all or some `rows`, channels first: an array, or left where they are.

    In float32 what float32 holds exactly, else in float64 until it is normalized. Raises SetupError where a number is not finite.
    """
    if not on_disk:
        x = checked(arranged(stored.read(key)), stored, key)
        return x if rows is None else x[rows]
    read = stored.rows(key)
    assert read is not None, "whoever leaves it on disk has looked"
    header = stored.header(key)
    at = np.arange(header.shape[0]) if rows is None else rows
    shape = _channels_first(header.shape, header.dtype)[1:]
    return OnDisk(partial(_read_rows, stored, key, read), at, shape, _type_of(header.dtype))


def _read_rows(
    stored: StoredArrays, key: str, read: Callable[[NDArray[np.intp]], NDArray[Any]], at: NDArray[np.intp]
) -> Numbers:
    """Rows as a net takes them."""
    return checked(arranged(read(at)), stored, key, at)


def checked(x: Numbers, stored: StoredArrays, key: str, at: Rows = None) -> Numbers:
    """Samples whose numbers are all finite in float32; `at` are the rows of them under `key`, if they are not all."""
    wrong = np.argwhere(~(np.abs(x) <= np.finfo(np.float32).max))
    if not len(wrong):
        return x
    row = wrong[0][0] if at is None else at[wrong[0][0]]
    place = ", ".join(map(str, (row, *wrong[0][1:])))
    with np.errstate(over="ignore"):
        value = np.float32(x[tuple(wrong[0])])
    raise SetupError(f"{stored}: '{key}' is {value} at [{place}]; every number must be finite in float32; "
                     f"fill it in, or leave the sample out")  # fmt: skip


def arranged(stored: NDArray[Any]) -> Numbers:
    """Samples with their channels first; those of 8 bits as pixels 0..1."""
    shape = _channels_first(stored.shape, stored.dtype)
    x = np.moveaxis(stored, 3, 1) if _channels_last(stored.shape) else stored.reshape(shape)
    if stored.dtype == np.uint8:
        pixels: Floats = np.divide(x, 255, dtype=np.float32, order="C")
        return pixels
    numbers: Numbers = x.astype(_type_of(stored.dtype), order="C")
    return numbers


def _type_of(stored: np.dtype[Any]) -> np.dtype[Any]:
    """The type of samples that were saved in another."""
    if stored == np.uint8:
        return np.dtype(np.float32)
    exact = np.result_type(stored, np.float32)
    return np.dtype(np.float64 if exact.itemsize > BYTES_OF_FLOAT32 else np.float32)
