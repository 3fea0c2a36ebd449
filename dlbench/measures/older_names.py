"""What measures and metrics were called before: recipes, breakpoints, events and plans that say so are read for ever."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

OLDER_NAMES = {
    "activation_deviation": "activation_std",
    "zero_share": "zero_fraction",
    "saturated_share": "saturated_fraction",
    "gradient_ratio": "first_last_gradient_ratio",
    "turn_rise": "overfitting_rise",
    "turn_step": "overfitting_step",
    "turn_epoch": "overfitting_epoch",
}
"""Older name -> name."""


def newest(name: str) -> str:
    """The name that a measure or a metric has now; what stands behind an `@`, as in `recall@cat`, stays."""
    head, at, rest = name.partition("@")
    return f"{OLDER_NAMES.get(head, head)}{at}{rest}"


def renamed(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The same fields under the names that they have now."""
    return {newest(name): value for name, value in fields.items()}
