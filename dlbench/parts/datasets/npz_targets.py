"""What is learned of a numpy archive where it is numbers: arrays of floats, a row or a column a target."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dlbench.errors import SetupError
from dlbench.parts.datasets.base import Targets
from dlbench.parts.datasets.stored import Header, StoredArrays


def are_targets(header: Header) -> bool:
    """Whether an array with this shape and type is numbers to be learned: floats, one a sample or a row of them."""
    return header.dtype.kind == "f" and len(header.shape) in {1, 2}


def read_targets(stored: StoredArrays, key: str, header: Header) -> Targets:
    """The numbers under `key`, `[samples, targets]` in float64; raises `SetupError` where one is not finite in float32."""
    shape = header.shape
    if not are_targets(header):
        raise SetupError(
            f"{stored}: '{key}' is {header.dtype} of {shape}, but 'y_train' holds floats, numbers to be learned; save both alike"
        )
    y: NDArray[np.float64] = stored.read(key).astype(np.float64).reshape(shape[0], -1)
    wrong = np.argwhere(~(np.abs(y) <= np.finfo(np.float32).max))
    if len(wrong):
        place = ", ".join(map(str, wrong[0][: len(shape)]))
        raise SetupError(
            f"{stored}: '{key}' is {y[tuple(wrong[0])]} at [{place}]; every target must be finite in float32"
        )
    return y


def check_targets(stored: StoredArrays, y_train: Targets, y_test: Targets) -> None:
    """Refuse arrays of different targets, and training samples that all have the same."""
    if y_train.shape[1] != y_test.shape[1]:
        raise SetupError(
            f"{stored}: 'y_train' has {y_train.shape[1]} targets, 'y_test' {y_test.shape[1]}; they must agree"
        )
    if np.all(y_train == y_train[0]):
        raise SetupError(f"{stored}: every sample in 'y_train' has the same target: there is nothing to learn")


def names_of(y: Targets) -> list[str]:
    """What the targets are called: `y`, or `y0`, `y1`, ..."""
    return ["y"] if y.shape[1] == 1 else [f"y{place}" for place in range(y.shape[1])]


def target_notes(y: Targets) -> list[str]:
    """A note where floats look like classes: whole numbers from 0 up, or a single 1 a row."""
    if y.shape[1] > 1 and np.all((y == 0) | (y == 1)) and np.all(y.sum(axis=1) == 1):
        return [
            f"each row of 'y_train' has a single 1, as classes have; save {as_labels('y', y.shape)}, to learn them as such"
        ]
    values = np.unique(y)
    if y.shape[1] == 1 and np.array_equal(values, np.arange(len(values))):
        shown = f"0 to {len(values) - 1}"
        return [
            f"the numbers in 'y_train' are {shown}, as classes are; save {as_labels('y', (len(y),))}, to learn them as such"
        ]
    return []


def as_labels(key: str, shape: tuple[int, ...]) -> str:
    """What numpy makes labels of: the class with the largest number, a column as a row, floats as whole numbers."""
    if len(shape) == 2:
        return f"{key}.argmax(axis=1), if each sample has a 1 at its class" if shape[1] > 1 else f"{key}.ravel()"
    return f"{key}.astype(int)" if len(shape) == 1 else "one number per sample"
