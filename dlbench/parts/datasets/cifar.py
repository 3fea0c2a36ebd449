"""CIFAR-10: torchvision's folder, download and checksums, read by numpy.

Its files are pickles, and a pickle may call whatever it names. Ours may name the three things that make a numpy array and
nothing else, so that no file can do more than be refused.
"""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlbench.errors import SetupError
from dlbench.parts.datasets.base import DATASETS, Arrays, Labels, Source
from dlbench.parts.datasets.folders import Download
from dlbench.parts.datasets.samples import Floats

SHAPE = (3, 32, 32)
HOME = "cifar-10-batches-py"
TRAIN = {
    "data_batch_1": 31_035_704,
    "data_batch_2": 31_035_320,
    "data_batch_3": 31_035_999,
    "data_batch_4": 31_035_696,
    "data_batch_5": 31_035_623,
}
TEST = {"test_batch": 31_035_526}
META = {"batches.meta": 158}
"""The names of the classes, which torchvision's own class wants beside the batches."""
CIFAR10 = Download(
    "cifar10",
    "CIFAR10",
    {f"{HOME}/{name}": size for name, size in {**TRAIN, **TEST, **META}.items()},
    archive="cifar-10-python.tar.gz",
)
TRAIN_PER_CLASS = (5000,) * 10
TEST_PER_CLASS = (1000,) * 10
NAMES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
REMEDY = "delete it and fetch the dataset again"


@DATASETS.add(origin="download", download=CIFAR10)
def cifar10(*, folder: str | None = None) -> Source:
    """Small colour pictures of ten kinds of animals and vehicles, 50,000 to train and 10,000 to test (Krizhevsky 2009).

    Samples are `(3, 32, 32)`, pixels 0..1, the labels 0 to 9 airplane, automobile, bird, cat, deer, dog, frog, horse, ship,
    truck. `folder` is searched first, then DLBENCH_DATA, ./data and the user's cache, each for `cifar-10-batches-py` as
    torchvision lays it out. In float32 it takes 0.7 GB; a training on part of it wants `limit` or `classes`.
    """

    def load() -> Arrays:
        found = CIFAR10.find(folder)
        assert found is not None
        home = found / HOME
        return Arrays(
            *_samples([home / name for name in TRAIN], TRAIN_PER_CLASS),
            *_samples([home / name for name in TEST], TEST_PER_CLASS),
        )

    return Source.of(SHAPE, TRAIN_PER_CLASS, TEST_PER_CLASS, load, lambda: CIFAR10.missing(folder), class_names=NAMES)


def _samples(files: list[Path], per_class: tuple[int, ...]) -> tuple[Floats, Labels]:
    """`[samples, 3, 32, 32]` and `[samples]` of the batches in turn; refuses labels that are not as many as there are."""
    x = np.empty((sum(per_class), *SHAPE), dtype=np.float32)
    y = np.empty(len(x), dtype=np.int64)
    end = 0
    for file in files:
        pixels, labels = _batch(file)
        start, end = end, end + len(labels)
        if end > len(x):
            break
        np.divide(pixels, 255, out=x[start:end], dtype=np.float32)
        y[start:end] = labels
    if end != len(x) or tuple(np.bincount(y, minlength=len(per_class)).tolist()) != per_class:
        raise SetupError(f"{files[0].parent} does not hold CIFAR-10's labels; {REMEDY}")
    return x, y


def _batch(file: Path) -> tuple[NDArray[np.uint8], Labels]:
    """The pixels `[samples, 3, 32, 32]` and labels `[samples]` of one file; the bytes are red, green, blue, row by row."""
    try:
        with file.open("rb") as content:
            entry = _Unpickler(content, encoding="latin1").load()
        pixels: NDArray[np.uint8] = np.asarray(entry["data"])
        labels: Labels = np.array(entry["labels"], dtype=np.int64)
        is_batch = pixels.dtype == np.uint8 and pixels.shape == (len(labels), np.prod(SHAPE)) and labels.min() >= 0
    except Exception as error:  # a damaged pickle may raise anything
        raise SetupError(f"{file} is not a batch of CIFAR-10 ({error}); {REMEDY}") from error
    if not is_batch:
        raise SetupError(f"{file} is not a batch of CIFAR-10, but {pixels.dtype} of {pixels.shape}; {REMEDY}")
    return pixels.reshape(-1, *SHAPE), labels


def _reconstruct(kind: type[NDArray[Any]], shape: tuple[int, ...], dtype: str) -> NDArray[Any]:
    """numpy's function of this name: an empty array, which the pickle then gives its content."""
    return kind.__new__(kind, shape, dtype)


def _dtype(name: str, align: int, copy: int) -> np.dtype[Any]:
    """numpy's type of this name: of numbers as the files have them, not of booleans, it warns since 2.4."""
    return np.dtype(name, align=bool(align), copy=bool(copy))


class _Unpickler(pickle.Unpickler):
    """Reads the arrays that numpy 1 wrote under Python 2, and what Python itself has; calls nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        known = {
            ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
            ("numpy", "ndarray"): np.ndarray,
            ("numpy", "dtype"): _dtype,
        }
        if (module, name) not in known:
            raise pickle.UnpicklingError(f"it names {module}.{name}")
        return known[module, name]
