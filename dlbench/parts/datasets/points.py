"""Points in the plane (and beyond) that are made, not measured: xor, spirals, blobs."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from annotated_types import Ge

from dlbench.parts.datasets.base import DATASETS, Arrays, Source, stream

CORNERS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=np.float32)
EXCLUSIVE_OR = np.array([0, 1, 1, 0], dtype=np.int64)


@DATASETS.add(origin="on board")
def xor(
    *, noise: Annotated[float, Ge(0)] = 0.0, copies: Annotated[int, Ge(1)] = 1, seed: Annotated[int, Ge(0)] = 0
) -> Source:
    """The four corners of the unit square, labelled by exclusive or: no straight line parts them (Minsky & Papert 1969).

    Training samples are `copies` times the four corners, each moved by Gaussian noise of deviation `noise`; the test set
    is the four corners themselves. Samples are `(2,)`.
    """

    def load() -> Arrays:
        corners = np.tile(CORNERS, (copies, 1))
        moved = corners + noise * stream(seed, "xor").standard_normal(corners.shape, dtype=np.float32)
        return Arrays(moved.astype(np.float32), np.tile(EXCLUSIVE_OR, copies), CORNERS.copy(), EXCLUSIVE_OR.copy())

    return Source.of((2,), (2 * copies, 2 * copies), (2, 2), load)
