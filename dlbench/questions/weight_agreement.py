"""The nets that two trainings of one trial ended with, weight by weight: how far they agree, and where they part first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Arrays: TypeAlias = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class WeightAgreement:
    """What a comparison of two nets came to."""

    numbers: int
    """How many weights both have, those of batch norm's averages too."""
    different: int
    """How many of them are others."""
    largest: float
    """The largest difference, over the largest weight of its tensor: a weight near 0 has no relative difference worth telling."""
    tensor: str | None
    """In which tensor they part first, in the order of the layers."""

    def is_beyond(self, tolerance: float) -> bool:
        """Whether the nets are further apart than that."""
        return self.largest > tolerance


def weight_agreement(first: Arrays, second: Arrays) -> WeightAgreement | str:
    """Compare two nets tensor by tensor, in the order of the second; in words where they have not the same tensors."""
    if {name: array.shape for name, array in first.items()} != {name: array.shape for name, array in second.items()}:
        return "the nets have other layers"
    numbers = different = 0
    largest, tensor = 0.0, None
    for name, theirs in second.items():
        ours = first[name]
        differs = (ours != theirs) & ~(np.isnan(ours) & np.isnan(theirs))
        numbers, different = numbers + ours.size, different + int(np.count_nonzero(differs))
        if differs.any():
            tensor = tensor or name
            largest = max(largest, _apart(ours.astype(np.float64), theirs.astype(np.float64)))
    return WeightAgreement(numbers, different, largest, tensor)


def _apart(ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> float:
    """The largest difference over the largest of both; infinite where only one is a number."""
    size = max(np.abs(ours).max(), np.abs(theirs).max())
    apart = float(np.nanmax(np.abs(ours - theirs)) / size) if np.isfinite(size) else np.inf
    return apart if np.isfinite(apart) else np.inf
