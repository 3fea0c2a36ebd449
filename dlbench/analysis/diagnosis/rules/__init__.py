"""The rules, one or a few that belong together in one file each, in the order in which they are told."""

from __future__ import annotations

from dlbench.analysis.diagnosis.rule import RULES, ProbeRule, Rule, rule
from dlbench.analysis.diagnosis.training_rule import TrainingRule
from dlbench.catalog import import_modules

import_modules(
    __name__,
    (
        "ending",
        "no_number",
        "zero_gradient",
        "exploding_gradient",
        "large_gradient",
        "exploding_loss",
        "stuck",
        "vanishing_gradient",
        "large_steps",
        "dead_units",
        "saturated_units",
        "data_leak",
        "unscaled_input",
        "symmetric_units",
        "wrong_output",
        "disconnected_layer",
        "signal_over_depth",
        "exploding_signal",
        "gradient_through_time",
        "batch_norm_statistics",
        "dropout_at_test",
        "over_regularised",
        "learning_rate_too_high",
        "wrong_loss",
        "learning_rate_too_low",
        "class_imbalance",
        "label_noise",
        "overfitting",
        "oscillating_loss",
        "too_few_steps",
        "underfitting",
        "not_learning",
    ),
)

__all__ = ["RULES", "ProbeRule", "Rule", "TrainingRule", "probe_rules", "rule", "training_rules"]


def probe_rules() -> list[ProbeRule]:
    """Those that are held against probes."""
    return [one for one in RULES if isinstance(one, ProbeRule)]


def training_rules() -> list[TrainingRule]:
    """Those that are held against whole trainings."""
    return [one for one in RULES if isinstance(one, TrainingRule)]
