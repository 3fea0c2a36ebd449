"""Verdicts: what a run's seeds say of each claim of the lesson - confirmed, refuted, or undecided."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from dlbench.report.by_hand import reason
from dlbench.report.claims.condition import Condition, condition_of
from dlbench.report.claims.evidence import Evidence, evidence_on, touched_search
from dlbench.report.claims.text import verdict_text
from dlbench.report.claims.verdict import Outcome, Verdict
from dlbench.report.entries import Entry, entries
from dlbench.report.metrics import METRICS, Metric
from dlbench.report.rounding import gap
from dlbench.report.state import RunState
from dlbench.report.statistics import MOST_SEEDS

if TYPE_CHECKING:
    from dlbench.recipe.sections import Claim, Compare


def judge(state: RunState, claims: Iterable[Claim], compare: Compare) -> list[Verdict]:
    """The verdict on each claim; all that names no trial of this run is undecided.

    By the seeds' 95 % interval: confirmed if it lies wholly within the condition, refuted if wholly outside, else
    undecided, and undecided where a seed has no value: the survivors alone would flatter. With `every_seed`, confirmed if
    every trial meets the condition, refuted as soon as one does not. Trials that were changed or dropped by hand before the
    step in question say nothing of the recipe: what depends on them is undecided.
    """
    by_variant = entries(state)
    return [_judge(claim, by_variant, compare) for claim in claims]


def _judge(claim: Claim, by_variant: Mapping[str, list[Entry]], compare: Compare) -> Verdict:
    metric, condition = METRICS[claim.metric], condition_of(claim)
    evidence = evidence_on(claim, by_variant, compare)
    if isinstance(evidence, str):
        return Verdict.of(claim, Outcome.UNDECIDED, evidence, None, None, 0)
    outcome, why = (_by_every_seed if claim.every_seed else _by_interval)(evidence, condition, metric)
    if search := touched_search(claim, by_variant):
        outcome, why = Outcome.UNDECIDED, search
    found = evidence.summary
    text = verdict_text(found, condition, metric, claim, why)
    return Verdict.of(claim, outcome, text, found.mean, found.interval, found.n)


def _by_every_seed(evidence: Evidence, condition: Condition, metric: Metric) -> tuple[Outcome, str]:
    failing = [seed for seed, value in evidence.values.items() if value not in condition]
    failing += [seed for seed in evidence.never if math.inf not in condition]
    failing += evidence.lost
    if failing:
        shown = ", ".join(map(str, sorted(failing)[:5])) + (", ..." if len(failing) > 5 else "")
        return Outcome.REFUTED, f"not by seed{'s' if len(failing) > 1 else ''} {shown}{_lost_text(evidence, metric)}"
    if evidence.touched:
        return Outcome.UNDECIDED, reason(evidence.touched)
    if evidence.pending or not (evidence.values or evidence.never):
        return Outcome.UNDECIDED, _pending_text(evidence)
    return Outcome.CONFIRMED, "by every seed"


def _by_interval(evidence: Evidence, condition: Condition, metric: Metric) -> tuple[Outcome, str]:
    if evidence.touched:
        return Outcome.UNDECIDED, reason(evidence.touched)
    if evidence.lost or evidence.never or evidence.pending or not evidence.values:
        return Outcome.UNDECIDED, _pending_text(evidence) + _lost_text(evidence, metric)
    interval = evidence.summary.interval
    if interval is None:
        return Outcome.UNDECIDED, "one seed has no interval"
    if condition.holds_all(interval):
        return Outcome.CONFIRMED, ""
    if condition.holds_none(interval):
        return Outcome.REFUTED, ""
    assert evidence.summary.mean is not None  # it has an interval
    return Outcome.UNDECIDED, needed_text(evidence.summary.mean, condition, evidence.resolve, evidence.summary.n)


def needed_text(mean: float, condition: Condition, resolve: Callable[[float], int | None], n: int) -> str:
    """About how many more seeds than `n` would decide it, if they went on like these.

    `resolve` tells about how many seeds take a limit out of the mean's interval.
    """
    limit = min(condition.limits, key=lambda bound: abs(bound - mean))
    if gap(mean, limit) == 0:
        return "more seeds will hardly decide it"
    seeds = resolve(limit)
    if seeds is None:
        return f"more than {MOST_SEEDS:,} seeds would be needed to decide it"
    more = max(seeds - n, 1)
    return f"about {more:,} more seed{'s' if more > 1 else ''} would decide it"


def _pending_text(evidence: Evidence) -> str:
    count = len(evidence.pending)
    if count:
        return f"{count} seed{'s have' if count > 1 else ' has'} no final number"
    return "" if evidence.values or evidence.lost or evidence.never else "no seeds"


def _lost_text(evidence: Evidence, metric: Metric) -> str:
    reasons = ((evidence.lost, f"without a {metric.name}"), (evidence.never, "never got there"))
    return "".join(f"; {len(seeds)} {reason}" for seeds, reason in reasons if seeds)
