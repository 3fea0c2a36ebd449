"""Which test samples each trial of a stack was right about at its end, one bit each: ten trials on MNIST take 12.5 kB.

Plain numpy arrays in a .npz, no pickle: `bits` uint8 `[trials, samples / 8]` by numpy.packbits, `samples` how many there are,
`known` bool `[trials]` (not so where a trial diverged or was dropped, whose bits are 0), `trials` the ids of the rows.
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
class Correct:
    """Whether each trial is right about each test sample, `[trials, samples]`, and of which trials that is `known`."""

    right: NDArray[np.bool_]
    known: NDArray[np.bool_]
    trials: Sequence[str]


def write(path: Path, correct: Correct) -> int:
    """Write the file, whole or not at all; the same answers make the same bytes. Returns how many they are."""
    import numpy as np

    bits = np.packbits(correct.right & correct.known[:, None], axis=1)
    samples = np.array(correct.right.shape[1], dtype=np.int64)
    return write_arrays(path, correct.trials, bits=bits, samples=samples, known=correct.known)


def read(path: Path, trials: Sequence[str]) -> Correct:
    """The answers of these trials; raises DlbenchError where the file is missing, damaged, or of other trials."""
    import numpy as np

    bits, samples, known = read_arrays(path, trials, ("bits", "samples", "known"), "right answers")
    fits = (
        bits.dtype == np.uint8
        and known.dtype == np.bool_
        and known.shape == (len(trials),)
        and samples.shape == ()
        and samples.dtype == np.int64
        and bits.shape == (len(trials), -(-int(samples) // 8))
    )
    if not fits:
        raise DlbenchError(f"{path}: damaged, its bits do not match its samples and trials")
    right = np.unpackbits(bits, axis=1, count=int(samples)).astype(np.bool_)
    return Correct(right, known, list(trials))
