"""The numbers of a verdict in words: what was measured, what was claimed, and how sure it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dlbench.analysis.claims.condition import Condition
from dlbench.analysis.claims.verdict import is_estimated
from dlbench.analysis.statistics.intervals import Summary
from dlbench.metrics.catalog import Metric
from dlbench.metrics.format import fine_format, interval_text, number, spread_text, value_format
from dlbench.metrics.quantity import Interval

if TYPE_CHECKING:
    from dlbench.plan.questions import Claim


LEAST_SHOWN = 0.0001


def finding_text(
    found: Summary, condition: Condition, metric: Metric, claim: Claim, wide: Interval | None = None
) -> str:
    """The numbers of a finding, its interval for other test samples too where that is known, and what was claimed."""
    low, high = (condition.limits[0], condition.limits[-1]) if condition.limits else (0.0, 0.0)
    finest = min(filter(None, (found.deviation, claim.tolerance, high - low)), default=0.0)
    # Each has a format of its own: a loss of 1e9 would print a claim of 0.6930 to 0.6932 as 6.9e-01 to 6.9e-01.
    spec, bounds = (fine_format(value_format(metric, *of), finest) for of in ([found.mean], condition.limits))
    at = "" if claim.at_step is None else f" at step {claim.at_step:,}"
    named = f"{metric.name}{at}"
    if condition.is_difference:
        named = f"advantage over {claim.better_than} in {named}"
    samples = "" if wide is None else f", for other test samples too {interval_text(wide, spec)}"
    return f"{named} {_numbers(found, condition, metric, spec)}{samples}; claimed {condition.text(bounds)}"


def picked_text(claim: Claim, picked_among: int) -> str:
    """What a number owes to being picked by what judges it: by the same seeds, or on test data."""
    told = []
    if picked_among > 1:
        things = "pairs of candidates" if claim.better_than else "candidates"
        counted = f", so p counts {picked_among} times" if is_estimated(claim) else ""
        told.append(f"picked among {picked_among} {things} by the same seeds{counted}")
    if claim.metric.startswith("best_test"):
        told.append("the best evaluation is picked on test data")
    return "; ".join(told)


def p_text(p: float | None, p_holm: float | None) -> str:
    """`p = 0.012, Holm 0.036`; nothing where no interval decides at all."""
    return "" if p is None or p_holm is None or p >= 1 else f"p {_p(p)}, Holm {_p(p_holm).removeprefix('= ')}"


def _p(p: float) -> str:
    return f"< {LEAST_SHOWN:g}" if p < LEAST_SHOWN else f"= {p:.2g}"


def _numbers(found: Summary, condition: Condition, metric: Metric, spec: str) -> str:
    if found.mean is None:
        return "unknown"
    interval = "" if found.interval is None else f", 95 % interval {interval_text(found.interval, spec)}"
    if metric.is_share and not condition.is_difference:
        return f"{round(found.mean * found.n)}/{found.n}{interval}"
    spread = "" if metric.is_share else spread_text(found.deviation, metric, spec)
    middle = "" if found.median is None else f"median {number(found.median, spec)}, "
    return f"{' '.join(filter(None, (number(found.mean, spec), spread)))} ({middle}n={found.n}){interval}"
