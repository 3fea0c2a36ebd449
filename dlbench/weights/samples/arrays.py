"""Samples in numpy's files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlbench.errors import UsageError
from dlbench.parts.datasets.npz import arranged
from dlbench.parts.datasets.samples import Numbers
from dlbench.parts.datasets.stored import reading_archive
from dlbench.weights.kept import KeptTrial
from dlbench.weights.samples.base import NewSamples, counted

SAMPLES, ANSWERS = ("x", "x_test"), ("y", "y_test")
"""What arrays of an archive are called; the first that is there counts."""


def read_arrays(file: Path, one: KeptTrial) -> NewSamples:
    """The samples of a `.npy`, or of the array `x` or `x_test` of a `.npz`, which says with `y` or `y_test` what is true."""
    source = one.task.source
    with reading_archive(file):
        loaded: Any = np.load(file, allow_pickle=False)
        found = {name: loaded[name] for name in loaded.files} if hasattr(loaded, "files") else {SAMPLES[0]: loaded}
    name = next((name for name in SAMPLES if name in found), None)
    if name is None:
        raise UsageError(f"{file}: no array 'x' or 'x_test'; it has {', '.join(found) or 'none'}")
    x = _samples(file, name, found[name], source.shape)
    y = next((found[key] for key in ANSWERS if key in found), None)
    names = [str(number) for number in range(len(x))]
    if y is None:
        return NewSamples(x, names)
    if source.targets:
        return NewSamples(x, names, targets=_targets(file, y, len(x), len(source.targets)))
    _check_answers(file, y, (len(x),), "labels")
    # A class is a whole number, however it is stored: True and 1.0 are the class 1.
    said = [int(value) if y.dtype.kind in "bf" and value == value // 1 else value for value in y.tolist()]
    return NewSamples(x, names, labels=counted(said, source.names))


def _targets(file: Path, y: NDArray[Any], samples: int, targets: int) -> NDArray[np.float64]:
    """The numbers that are true, a column a target."""
    if y.dtype.kind not in "biuf":
        raise UsageError(f"{file}: what is true is {y.dtype}; the net was trained on numbers")
    _check_answers(file, y, (samples,) if targets == 1 and y.ndim == 1 else (samples, targets), "numbers")
    return y.astype(np.float64).reshape(samples, targets)


def _check_answers(file: Path, y: NDArray[Any], shape: tuple[int, ...], what: str) -> None:
    """Raise UsageError where there is not one answer a sample."""
    if y.ndim == len(shape) and len(y) != shape[0]:
        raise UsageError(f"{file}: {shape[0]} samples, but {len(y)} {what}")
    if y.shape != shape:
        raise UsageError(f"{file}: what is true has the shape {y.shape}; for these samples it needs {shape}, of {what}")


def _samples(file: Path, name: str, stored: NDArray[Any], shape: tuple[int, ...]) -> Numbers:
    """The array as the dataset `npz` arranges it; raises UsageError where its samples are of another shape, or are none."""
    if stored.dtype.kind not in "biuf" or stored.ndim < 2 or not len(stored):
        raise UsageError(
            f"{file}: '{name}' is {stored.dtype} of {stored.shape}; it needs samples of numbers, at least one"
        )
    x = stored if stored.shape[1:] == shape and stored.dtype != np.uint8 else arranged(stored)
    if x.shape[1:] != shape:
        raise UsageError(f"{file}: '{name}' has samples of {stored.shape[1:]}, but the net takes {shape}")
    wrong = np.argwhere(~(np.abs(x) <= np.finfo(np.float32).max))
    if len(wrong):
        raise UsageError(
            f"{file}: '{name}' is {x[tuple(wrong[0])]} at {wrong[0].tolist()}; numbers must be finite in float32"
        )
    return x
