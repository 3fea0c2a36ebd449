"""The names of what a probe measures of every layer: the engine writes them, the fold keeps them, people read them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

MEASURES = (
    "gradient_norm",
    "weight_norm",
    "update_ratio",
    "activation_mean",
    "activation_deviation",
    "zero_share",
    "saturated_share",
)
"""What a probe measures of every layer: one number a trial and layer each."""

HISTOGRAM = "gradient_histogram"
"""Counts of gradients by their power of two, in bins."""

ZEROS = "gradient_zeros"
"""How many gradients are exactly zero, which no power of two is."""

TIME = "time"
"""The kind of a probe's row that shows a recurrent layer's state at one step of time."""


def first_times(kinds: Sequence[str]) -> list[int]:
    """The rows that show the first recurrent layer's steps of time, by the kinds of all rows; none without such a layer."""
    first = next((row for row, kind in enumerate(kinds) if kind == TIME), len(kinds))
    return list(takewhile(lambda row: kinds[row] == TIME, range(first, len(kinds))))
