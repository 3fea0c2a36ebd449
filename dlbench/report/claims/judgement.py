"""Verdicts: what a run's seeds say of each claim of the lesson - confirmed, refuted, or undecided."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from dlbench.report.by_hand import reason, which_seeds
from dlbench.report.claims.condition import Condition, condition_of
from dlbench.report.claims.evidence import Evidence, evidence_on, touched_search
from dlbench.report.claims.pairs import by_sign_test
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
    undecided, and undecided where a seed has no value: the survivors alone would flatter. Of two variants, a seed in which
    one failed is lost by it, and where there are such seeds the sign test decides. With `every_seed`, confirmed if every
    trial meets the condition, refuted as soon as one does not; of two variants, a seed in which only the rival failed is
    won, and one in which both did decides nothing. Trials that were changed or dropped by hand before the
    step in question say nothing of the recipe: what depends on them is undecided.
    """
    by_variant = entries(state)
    return [_judge(claim, by_variant, compare) for claim in claims]


def _judge(claim: Claim, by_variant: Mapping[str, list[Entry]], compare: Compare) -> Verdict:
    metric, condition = METRICS[claim.metric], condition_of(claim)
    evidence = evidence_on(claim, by_variant, compare)
    if isinstance(evidence, str):
        return Verdict.of(claim, Outcome.UNDECIDED, evidence, None, None, 0)
    if claim.every_seed:
        outcome, why = _by_every_seed(evidence, condition, metric)
    else:
        outcome, why = _by_interval(evidence, condition, claim)
    if search := touched_search(claim, by_variant):
        outcome, why = Outcome.UNDECIDED, search
    found = evidence.summary
    text = verdict_text(found, condition, metric, claim, why)
    verdict = Verdict.of(claim, outcome, text, found.mean, found.interval, found.n)
    return replace(verdict, score=evidence.pairs.score if evidence.pairs else None)


def _by_every_seed(evidence: Evidence, condition: Condition, metric: Metric) -> tuple[Outcome, str]:
    pairs = evidence.pairs
    failing = [seed for seed, value in evidence.values.items() if value not in condition]
    # What never comes is later than any bound, also where training broke off.
    failing += [seed for seed in evidence.never if math.inf not in condition]
    failing += [seed for seed in evidence.lost if not (metric.may_never and math.inf in condition)]
    failing += [] if pairs is None else (pairs.lost & pairs.failed) - pairs.both_failed
    if failing:
        shown = ", ".join(map(str, sorted(failing)[:5])) + (", ..." if len(failing) > 5 else "")
        return Outcome.REFUTED, f"not by seed{'s' if len(failing) > 1 else ''} {shown}{_lost_text(evidence)}"
    if evidence.touched:
        return Outcome.UNDECIDED, reason(evidence.touched)
    if evidence.pending or not (evidence.values or evidence.never or evidence.lost or (pairs and pairs.failed)):
        return Outcome.UNDECIDED, _pending_text(evidence)
    if pairs and pairs.both_failed:
        return Outcome.UNDECIDED, f"both failed with {which_seeds(pairs.both_failed)}"
    return Outcome.CONFIRMED, "by every seed"


def _by_interval(evidence: Evidence, condition: Condition, claim: Claim) -> tuple[Outcome, str]:
    if evidence.pairs and evidence.pairs.failed and not (evidence.touched or evidence.pending):
        return by_sign_test(evidence.pairs, claim)
    if why := _lacking(evidence):
        return Outcome.UNDECIDED, why
    mean, interval = evidence.summary.mean, evidence.summary.interval
    if interval is None:
        return Outcome.UNDECIDED, "one seed has no interval"
    if condition.holds_all(interval):
        return Outcome.CONFIRMED, ""
    if condition.holds_none(interval):
        return Outcome.REFUTED, ""
    assert mean is not None  # it has an interval
    return Outcome.UNDECIDED, needed_text(mean, condition, evidence.resolve, evidence.summary.n)


def _lacking(evidence: Evidence) -> str:
    """Why the mean over the seeds says nothing, or not enough."""
    if evidence.touched:
        return reason(evidence.touched)
    return _pending_text(evidence) + _lost_text(evidence)


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
    if evidence.pending:
        return f"no final number of {which_seeds(evidence.pending)}"
    return "" if evidence.values or evidence.lost or evidence.never else "no seeds"


def _lost_text(evidence: Evidence) -> str:
    reasons = ((evidence.lost, "diverged"), (evidence.never, "never got there"))
    return "".join(f"; {which_seeds(seeds)} {reason}" for seeds, reason in reasons if seeds)
