"""All measures: one in one file of this package each, registered as it is imported. Imports nothing heavy."""

from __future__ import annotations

from dlbench.catalog import import_modules
from dlbench.measures.base import MEASURES

import_modules(
    "dlbench.measures",
    (
        "gradient_norm",
        "weight_norm",
        "update_ratio",
        "activation_mean",
        "activation_std",
        "zero_fraction",
        "saturated_fraction",
        "unit_spread",
    ),
)

__all__ = ["MEASURES"]
