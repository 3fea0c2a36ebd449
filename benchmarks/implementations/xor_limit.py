"""The limit: the same training as one loop in C, trials innermost, compiled here for this very processor."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import tempfile
from itertools import pairwise
from pathlib import Path

import numpy as np

from benchmarks.timer import Timer

LANES = 16
SIZES = [2, *[5] * 10, 1]
PARAMETERS = sum(a * b + b for a, b in pairwise(SIZES))
X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=np.float32)
Y = np.array([0, 1, 1, 0], dtype=np.float32)
FLAGS = ["-O3", "-march=native", "-ffast-math", "-fPIC"]


def run(lap: Timer, *, trials: int, steps: int) -> None:
    """`trials` nine-layer nets on XOR, as `xor_plain` has one, padded to whole lanes; a lap is `steps` full batches of all."""
    train = compiled().train
    blocks = -(-trials // LANES)
    weights = start(blocks)
    gradient = np.zeros((PARAMETERS, LANES), dtype=np.float32)
    numbers = [array.ctypes.data_as(ctypes.c_void_p) for array in (weights, gradient, X, Y)]
    while True:
        lap.start()
        train(numbers[0], numbers[1], blocks, PARAMETERS, steps, ctypes.c_float(0.1), numbers[2], numbers[3])


def start(blocks: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Weights U(-1, 1) and biases 0, `[blocks, parameters, lanes]`."""
    weights = np.random.default_rng(0).uniform(-1, 1, (blocks, PARAMETERS, LANES)).astype(np.float32)
    end = 0
    for fan_in, fan_out in pairwise(SIZES):
        end += fan_in * fan_out + fan_out
        weights[:, end - fan_out : end] = 0
    return weights


def compiled() -> ctypes.CDLL:
    """The loop, built by the C compiler of this machine; raises OSError where there is none."""
    compiler = shutil.which("cc")
    if compiler is None:
        raise OSError("no C compiler (cc) here: the limit cannot be measured")
    source = Path(__file__).with_suffix(".c")
    with tempfile.TemporaryDirectory() as folder:
        compiled, library = Path(folder) / "limit.o", Path(folder) / "limit.so"
        # Linked apart: with -ffast-math gcc links what makes the whole process round small numbers to 0.
        for words in (
            [*FLAGS, "-c", str(source), "-o", str(compiled)],
            ["-shared", str(compiled), "-o", str(library), "-lm"],
        ):
            subprocess.run([compiler, *words], check=True, capture_output=True)
        return ctypes.CDLL(str(library))
