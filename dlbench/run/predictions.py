"""Predictions on disk: what each trial of a stack said of every test sample at the end of its training.

Plain numpy arrays in a .npz, no pickle: `logits` float32 `[trials, samples, outputs]` (one output for two classes, the logit of
class 1; else one a class), `labels` int64 `[samples]`, `trials` the ids of the rows. They cost four bytes a number: ten trials on
MNIST's 10,000 test images 4 MB. numpy is imported where it is used: looking at a run's folder costs none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import BadZipFile

from dlbench.errors import DlbenchError
from dlbench.run.atomic import replacing

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Predictions:
    """The logits `[trials, samples, outputs]` of a stack's trials on the test split, and its labels `[samples]`.

    A trial that diverged or was dropped has NaN.
    """

    logits: NDArray[np.float32]
    labels: NDArray[np.int64]
    trials: Sequence[str]


def write(path: Path, predictions: Predictions) -> int:
    """Write the file, whole or not at all; the same predictions make the same bytes. Returns how many they are."""
    import numpy as np

    path.parent.mkdir(exist_ok=True)
    with replacing(path) as file:
        np.savez(
            file,
            logits=predictions.logits,
            labels=predictions.labels,
            trials=np.array(predictions.trials, dtype=np.str_),
        )
        return file.tell()


def read(path: Path, trials: Sequence[str]) -> Predictions:
    """The predictions of these trials; raises DlbenchError where the file is missing, damaged, or of other trials."""
    import numpy as np

    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            found = Predictions(arrays["logits"], arrays["labels"], arrays["trials"].tolist())
    except FileNotFoundError as error:
        raise DlbenchError(f"{path}: no predictions are there") from error
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        raise DlbenchError(f"{path}: damaged, no predictions: {error}") from error
    if found.trials != list(trials):
        raise DlbenchError(f"{path}: holds the predictions of other trials")
    rows, samples = len(trials), len(found.labels)
    if found.logits.shape[:2] != (rows, samples) or found.logits.ndim != 3 or found.logits.dtype.kind != "f":
        raise DlbenchError(f"{path}: damaged, its logits do not fit its labels and trials")
    return found
