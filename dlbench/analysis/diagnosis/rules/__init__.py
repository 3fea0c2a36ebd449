"""The rules, one or a few that belong together in one file each, in the order in which they are told."""

from __future__ import annotations

from dlbench.analysis.diagnosis.rule import RULES, ProbeRule, Rule, rule
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
    ),
)

__all__ = ["RULES", "ProbeRule", "Rule", "probe_rules", "rule"]


def probe_rules() -> list[ProbeRule]:
    """Those that are held against probes."""
    return [one for one in RULES if isinstance(one, ProbeRule)]
