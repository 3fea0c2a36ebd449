"""What a probe measures of every layer of a net, one measure in one file each. Imports nothing heavy."""

from __future__ import annotations

from dlbench.catalog import import_modules
from dlbench.measures.base import MEASURES, Measure, measure

import_modules(
    __name__,
    (
        "gradient_norm",
        "weight_norm",
        "update_ratio",
        "activation_mean",
        "activation_std",
        "zero_fraction",
        "saturated_fraction",
    ),
)

__all__ = ["MEASURES", "Measure", "measure"]
