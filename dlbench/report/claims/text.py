"""A verdict's numbers in words: what was measured, what was claimed, and why it is undecided if it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dlbench.report.claims.condition import Condition
from dlbench.report.format import fine_format, interval_text, number, value_format
from dlbench.report.metrics import Metric
from dlbench.report.statistics import Summary

if TYPE_CHECKING:
    from dlbench.recipe.sections import Claim


def verdict_text(found: Summary, condition: Condition, metric: Metric, claim: Claim, why: str) -> str:
    """The numbers of a verdict, what was claimed, and why it came out so where the numbers do not say it."""
    finest = min(filter(None, (found.deviation, claim.tolerance)), default=0.0)
    # Each has a format of its own: a loss of 1e9 would print a claim of 0.6930 to 0.6932 as 6.9e-01 to 6.9e-01.
    spec, bounds = (fine_format(value_format(metric, *of), finest) for of in ([found.mean], condition.limits))
    at = "" if claim.at_step is None else f" at step {claim.at_step:,}"
    named = f"{metric.name}{at}"
    if condition.is_difference:
        named = f"advantage over {claim.better_than} in {named}"
    parts = [
        f"{named} {_numbers(found, condition, metric, spec)}",
        f"claimed {condition.text(bounds)}",
        why.strip("; "),
    ]
    return "; ".join(part for part in parts if part)


def _numbers(found: Summary, condition: Condition, metric: Metric, spec: str) -> str:
    if found.mean is None:
        return "unknown"
    interval = "" if found.interval is None else f", 95 % interval {interval_text(found.interval, spec)}"
    if metric.is_share and not condition.is_difference:
        return f"{round(found.mean * found.n)}/{found.n}{interval}"
    spread = "" if found.deviation is None or metric.is_share else f" ± {number(found.deviation, spec)}"
    return f"{number(found.mean, spec)}{spread} (n={found.n}){interval}"
