"""The kinds of findings, by which recipes claim what a net suffers from; the rules that find them come later."""

from __future__ import annotations

KINDS = (
    "vanishing-gradient",
    "exploding-gradient",
    "zero-gradient",
    "dead-units",
    "saturated-units",
    "symmetric-units",
    "disconnected-layer",
    "not-learning",
    "learning-rate-too-low",
    "learning-rate-too-high",
    "oscillating-loss",
    "diverged",
    "overfitting",
    "underfitting",
    "over-regularised",
    "dropout-at-test",
    "label-noise",
    "class-imbalance",
    "unscaled-input",
    "batch-norm-statistics",
    "wrong-loss",
    "wrong-output",
    "too-few-steps",
    "vanishing-through-time",
    "exploding-through-time",
    "data-leak",
)
"""What dlbench's own rules find; rules from elsewhere may have kinds of their own."""

OLDER_KINDS = {"nan-gradient": "diverged"}
"""Older name -> name."""


def newest_kind(kind: str) -> str:
    """The name that a kind has now."""
    return OLDER_KINDS.get(kind, kind)
