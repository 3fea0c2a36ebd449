"""What a probe writes beside the measures, and which of its rows show a recurrent layer's steps of time."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

HISTOGRAM = "gradient_histogram"
"""Counts of gradients by their power of two, in bins."""

ZEROS = "gradient_zeros"
"""How many gradients are exactly zero, which no power of two is."""

MISSING = "gradient_missing"
"""Of a recorded loop: 1 where the weights of a layer had no gradient at all, which is no NaN; left out where all had one."""

UNCLIPPED = "unclipped_gradient_norm"
"""Of a recorded loop: gradient norms before anything changed them; left out where that has changed none."""

TIME = "time"
"""The kind of a probe's row that shows a recurrent layer's state at one step of time."""


def first_times(kinds: Sequence[str]) -> list[int]:
    """The rows that show the first recurrent layer's steps of time, by the kinds of all rows; none without such a layer."""
    first = next((row for row, kind in enumerate(kinds) if kind == TIME), len(kinds))
    return list(takewhile(lambda row: kinds[row] == TIME, range(first, len(kinds))))
