"""What is known of the data that trials learn from; of its values only the ends of their ranges. Imports nothing heavy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

Unit: TypeAlias = Literal["feature", "channel", "all"]

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class Ranges:
    """The training samples' numbers, a value each feature, each channel of an image, or one for all of them.

    `std` is that of the population; `distinct` counts different values, `None` where there are more than 2^24 numbers.
    """

    of: Unit
    minimum: tuple[float, ...]
    maximum: tuple[float, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    distinct: tuple[int, ...] | None

    @property
    def magnitudes(self) -> tuple[float, ...]:
        """The largest absolute value of each."""
        return tuple(max(abs(low), abs(high)) for low, high in zip(self.minimum, self.maximum, strict=True))


@dataclass(frozen=True)
class DataFacts:
    """A dataset as it is trained on, without any of its values but the ends of their ranges.

    `samples` counts those of each split, `left_out` what a limit leaves out. `class_counts` are in the order of `class_names`,
    after label noise once the data is loaded; `None` where only the loaded labels tell. `all_counts` are those of all splits
    together (`None` of targets that are numbers, which have `target_names`), without the test set where it is of the training
    samples (`test_repeats_train`). `sha256` is of each split's x (float32) and y (int64), row by row; it and `ranges` are `None`
    before loading.
    """

    dataset: str
    shape: tuple[int, ...]
    class_names: tuple[str, ...]
    samples: Mapping[str, int]
    class_counts: Mapping[str, tuple[int, ...] | None]
    all_counts: tuple[int, ...] | None
    left_out: int
    sha256: Mapping[str, str | None] | None = None
    ranges: Ranges | None = None
    notes: tuple[str, ...] = ()
    test_repeats_train: bool = False
    target_names: tuple[str, ...] = ()
    """What the numbers to be learned are called, where these are no classes."""
    target_ranges: Ranges | None = None
    """Of the training samples' targets, in their own units."""
    repeated: Mapping[str, int] | None = None
    """How many samples of each split equal a training sample in every feature; of the training samples, an earlier one."""
