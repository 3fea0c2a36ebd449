"""Predictions on disk: what each trial of a stack predicted for every test sample at the end of its training.

Plain numpy arrays in a .npz, no pickle: `logits` float32 `[trials, samples, outputs]` (one output for two classes, the logit of
class 1; else one a class), `labels` int64 `[samples]` (of numbers that are learned, both are these, in their own units, `labels`
float32 `[samples, targets]`), `trials` the ids of the rows. They cost four bytes a number: ten trials on
MNIST's 10,000 test images 4 MB.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dlbench.errors import DlbenchError
from dlbench.run.arrays import read_arrays, write_arrays

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Predictions:
    """The logits `[trials, samples, outputs]` of a stack's trials on the test split, and its labels `[samples]`.

    Where numbers are learned, what is said of them, and the numbers `[samples, targets]`.

    A trial that diverged or was dropped has NaN.
    """

    logits: NDArray[np.float32]
    labels: NDArray[np.int64 | np.float32]
    trials: Sequence[str]


def write(path: Path, predictions: Predictions) -> int:
    """Write the file, whole or not at all; the same predictions make the same bytes. Returns how many they are."""
    return write_arrays(path, predictions.trials, logits=predictions.logits, labels=predictions.labels)


def read(path: Path, trials: Sequence[str]) -> Predictions:
    """The predictions of these trials; raises DlbenchError where the file is missing, damaged, or of other trials."""
    logits, labels = read_arrays(path, trials, ("logits", "labels"), "predictions")
    if logits.shape[:2] != (len(trials), len(labels)) or logits.ndim != 3 or logits.dtype.kind != "f":
        raise DlbenchError(f"{path}: damaged, its logits do not match its labels and trials")
    return Predictions(logits, labels, list(trials))
