"""What was taken from the training samples, to be done to any sample before a net sees it. Imports no torch."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dlbench.parts.datasets.base import Preparation
from dlbench.parts.datasets.samples import Floats, Numbers


def prepared(x: Numbers, how: Preparation) -> Floats:
    """Samples `[samples, *shape]` as `how` says, in float32: the bits that training saw of the same samples.

    NaN stands for a missing number; where nothing fills it, it stays.
    """
    own: NDArray[np.float32 | np.float64] = x.astype(x.dtype if how.mean is None else how.mean.dtype)
    if how.fill is not None:
        own = np.where(np.isnan(own), how.fill.astype(own.dtype), own)
    if how.mean is not None:
        own = own - how.mean
    if how.std is not None:
        own = own / how.std
    rounded: Floats = own.astype(np.float32)
    return rounded
