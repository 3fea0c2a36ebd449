"""A table as it is kept between reading and training: numbers, codes of words, labels, and what is said of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Feature:
    """One column as features: `values` is its column in `CsvTable.numbers`, or with `categories` that in `CsvTable.codes`."""

    names: list[str]
    place: int
    column: str
    """The name of the column in the file."""
    categories: int = 0
    is_indicator: bool = False
    """Whether it tells where the column lacks a value."""


@dataclass(frozen=True)
class CsvTable:
    """`numbers` is `[rows, columns]` in float64, NaN where a value is missing; `codes` `[rows, columns]` count categories.

    `y` `[rows]` are classes, called `class_names`, or where there are none the numbers to learn, from column `target_name`.
    `answer_name` is the column of either; columns without a header are called by their positions.
    """

    features: list[Feature]
    numbers: NDArray[np.float64]
    codes: NDArray[np.int32]
    y: NDArray[Any]
    class_names: list[str]
    notes: list[str]
    target_name: str = ""
    answer_name: str = ""
    has_header: bool = True

    @property
    def feature_names(self) -> list[str]:
        """The name of every feature in its order; of a category `column=value`."""
        return [name for feature in self.features for name in feature.names]

    def rows(self, chosen: NDArray[np.intp]) -> NDArray[np.float64]:
        """`[chosen, features]`: the chosen rows as features, a category as ones and zeros."""
        if not self.codes.shape[1]:
            return self.numbers[chosen]
        x = np.zeros((len(chosen), len(self.feature_names)))
        start = 0
        every = np.arange(len(chosen))
        for feature in self.features:
            if feature.categories:
                x[every, start + self.codes[chosen, feature.place]] = 1
            else:
                x[:, start] = self.numbers[chosen, feature.place]
            start += len(feature.names)
        return x
