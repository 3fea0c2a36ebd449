"""What was taken for what: the confusion counts that a stack's trials ended with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dlbench.state.event_fields import Event, whole_numbers

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class Confusion:
    """The counts of every trial of a stack at a step, by split; `None` for a trial that has none."""

    step: int
    splits: dict[str, list[NDArray[np.int64] | None]]

    def of(self, split: str, position: int) -> NDArray[np.int64] | None:
        """One trial's counts, `[true, predicted]`."""
        rows = self.splits.get(split)
        return None if rows is None else rows[position]


def confusion_of(event: Event, step: int, trials: int) -> Confusion:
    """The counts of a `confusion` event for so many trials; what are no square counts is nothing."""
    told = {split: event.get(split) for split in SPLITS}
    rows = {split: own for split, own in told.items() if isinstance(own, list) and len(own) == trials}
    return Confusion(step, {split: [_square(counts) for counts in own] for split, own in rows.items()})


def _square(value: object) -> NDArray[np.int64] | None:
    counts = whole_numbers(value, 2)
    return counts if counts is not None and counts.shape[0] == counts.shape[1] else None
