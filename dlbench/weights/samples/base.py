"""What is read of new data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlbench.parts.datasets.samples import Numbers


@dataclass(frozen=True)
class NewSamples:
    """Samples `[samples, *shape]` as they were read, NaN where a number is missing, and what each is called.

    `labels` are the classes that the data says itself, counted as the net does, -1 where it says none that the net knows;
    `targets` `[samples, targets]` the numbers, NaN where there is none. Both are `None` where the data says nothing.
    """

    x: Numbers
    names: Sequence[str]
    labels: NDArray[np.int64] | None = None
    targets: NDArray[np.float64] | None = None


def counted(said: Sequence[Any], class_names: Sequence[str]) -> NDArray[np.int64]:
    """Names of classes as their numbers, -1 of what is none of them."""
    known = {name: number for number, name in enumerate(class_names)}
    return np.array([known.get(str(name), -1) for name in said], dtype=np.int64)
