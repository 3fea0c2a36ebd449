"""Arrays on disk: .npz files in a run's folder, whole or not at all, without pickle, the same arrays in the same bytes.

numpy is imported where it is used: looking at a run's folder costs none.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlbench.errors import DamagedFileError, DlbenchError
from dlbench.run.archive import UNREADABLE, damage
from dlbench.run.atomic import replacing, writing

if TYPE_CHECKING:
    from numpy.typing import NDArray

IDS = "trials"
"""The array that names the trials of the rows, by their ids."""


def write_arrays(path: Path, trials: Sequence[str], **arrays: NDArray[Any]) -> int:
    """Write arrays of so many `trials`, one row each, with the ids of these; returns how many bytes the file has.

    Raises UnwritableError on a full disk.
    """
    import numpy as np

    every: dict[str, Any] = {**arrays, IDS: np.array(trials, dtype=np.str_)}
    with writing(path):
        path.parent.mkdir(exist_ok=True)
        with replacing(path) as file:
            np.savez(file, **every)
            return file.tell()


def read_arrays(path: Path, trials: Sequence[str], names: Sequence[str], what: str) -> list[NDArray[Any]]:
    """The arrays of these names; raises DlbenchError where the file is missing, damaged, or of other trials.

    `what` says what it holds, in messages.
    """
    import numpy as np

    try:
        # Before numpy makes room for what a damaged header claims.
        if wrong := damage(path):
            raise DamagedFileError(f"{path}: damaged, no {what}: {wrong}")
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            found, ids = [arrays[name] for name in names], arrays[IDS].tolist()
    except FileNotFoundError as error:
        raise DlbenchError(f"{path}: no {what} are there") from error
    except (OSError, *UNREADABLE) as error:
        raise DamagedFileError(f"{path}: damaged, no {what}: {error}") from error
    if ids != list(trials):
        raise DlbenchError(f"{path}: holds the {what} of other trials")
    return found
