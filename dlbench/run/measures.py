"""What a probe measures of every layer: the names that its events carry, the engine writes and the report reads."""

from __future__ import annotations

MEASURES = (
    "gradient_norm",
    "weight_norm",
    "update_ratio",
    "activation_mean",
    "activation_deviation",
    "zero_share",
    "saturated_share",
)
"""One number a trial and layer each."""

HISTOGRAM = "gradient_histogram"
"""Counts of gradients by their power of two, in bins."""

ZEROS = "gradient_zeros"
"""How many gradients are exactly zero, which no power of two is."""
