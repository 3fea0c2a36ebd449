"""Verdicts: what a run's seeds say of each claim of the lesson - confirmed, refuted, or undecided."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any

from dlbench.recipe.sections import said
from dlbench.report.by_hand import Touch, reason, search_reason, touch
from dlbench.report.condition import Condition, condition_of
from dlbench.report.entries import Entry, entries, selected, selection_metric
from dlbench.report.format import fine_format, interval_text, number, value_format
from dlbench.report.metrics import METRICS, Metric
from dlbench.report.rounding import gap
from dlbench.report.state import RunState
from dlbench.report.statistics import (
    MOST_SEEDS,
    Interval,
    Summary,
    paired_difference,
    seeds_to_resolve,
    seeds_to_resolve_share,
    seeds_to_resolve_share_difference,
    summarize,
)
from dlbench.report.trial import Status
from dlbench.report.trial_state import TrialState

if TYPE_CHECKING:
    from dlbench.recipe.sections import Claim, Compare


class Outcome(StrEnum):
    """What can be said of a claim."""

    CONFIRMED = "confirmed"
    REFUTED = "refuted"
    UNDECIDED = "undecided"


SIGNS = {Outcome.CONFIRMED: "✔", Outcome.REFUTED: "✖", Outcome.UNDECIDED: "?"}


@dataclass(frozen=True)
class Verdict:
    """What the seeds say of one claim, with the numbers that say it."""

    says: str
    source: str
    variant: str
    metric: str
    outcome: Outcome
    text: str
    """The numbers, the condition, and why it is undecided if it is."""
    value: float | None
    """Mean over the seeds, or mean paired difference; a share for metrics of 0 and 1."""
    interval: Interval | None
    """Its 95 % interval."""
    n: int
    """Seeds (or pairs) with a value."""
    texts: Mapping[str, str] = field(default_factory=dict)
    """What it says in other languages, for people."""

    @classmethod
    def of(
        cls, claim: Claim, outcome: Outcome, text: str, mean: float | None, interval: Interval | None, n: int
    ) -> Verdict:
        """The verdict on a claim, whose words, source and metric it takes over."""
        texts = {str(key): words for key, words in claim.says.items()} if isinstance(claim.says, dict) else {}
        return cls(said(claim.says), claim.source, claim.variant, claim.metric, outcome, text, mean, interval, n, texts)

    def said(self, language: str) -> str:
        """What it says in a language, in English where it has not that one."""
        return self.texts.get(language, self.says)


@dataclass(frozen=True)
class Evidence:
    """The seeds' values of what a claim is about: `values` of those that have one, and why the others have none.

    `lost` have diverged: they meet no condition. `never` never got there: they are above every bound. `pending` are under
    way, failed, or have no such number: nothing is known of them. `touched` were changed or dropped by hand before: what
    they say is not of the recipe. `resolve` tells about how many seeds take a limit out of the interval of `summary`.
    """

    values: dict[int, float]
    lost: frozenset[int]
    never: frozenset[int]
    pending: frozenset[int]
    touched: Mapping[int, Touch]
    summary: Summary
    resolve: Callable[[float], int | None]


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
    ours = _entry(claim.variant, claim.choice, by_variant, compare)
    theirs = _entry(claim.better_than, claim.choice, by_variant, compare) if claim.better_than else None
    if ours is None or (claim.better_than and theirs is None):
        missing = claim.variant if ours is None else claim.better_than
        outcome, text, found = Outcome.UNDECIDED, f"this run has no '{missing}'", summarize([])
    else:
        evidence = _evidence(ours, metric, claim.at_step)
        if theirs is not None:
            evidence = _compared(evidence, _evidence(theirs, metric, claim.at_step), metric)
        outcome, why = (_by_every_seed if claim.every_seed else _by_interval)(evidence, condition, metric)
        if search := _touched_search(claim, by_variant):
            outcome, why = Outcome.UNDECIDED, search
        text, found = _text(evidence, condition, metric, claim, why), evidence.summary
    return Verdict.of(claim, outcome, text, found.mean, found.interval, found.n)


def _touched_search(claim: Claim, by_variant: Mapping[str, list[Entry]]) -> str:
    """Why a search picked what it did for another reason than the recipe, if someone changed its trials by hand."""
    for variant in filter(None, (claim.variant, claim.better_than)):
        if why := search_reason(variant, [one.trials for one in _candidates(variant, claim.choice, by_variant)]):
            return why
    return ""


def _entry(
    variant: str, choice: Mapping[str, Any] | None, by_variant: Mapping[str, list[Entry]], compare: Compare
) -> Entry | None:
    candidates = _candidates(variant, choice, by_variant)
    return selected(candidates, selection_metric(compare)) if candidates else None


def _candidates(variant: str, choice: Mapping[str, Any] | None, by_variant: Mapping[str, list[Entry]]) -> list[Entry]:
    return [entry for entry in by_variant.get(variant, []) if (choice or {}).items() <= entry.choice.items()]


def _evidence(entry: Entry, metric: Metric, at_step: int | None) -> Evidence:
    values = entry.values(metric, at_step)
    touches = {trial.plan.seed: touch(trial, at_step) for trial in entry.trials}
    touched = {seed: one for seed, one in touches.items() if one}
    by_seed = {trial.plan.seed: trial for trial in entry.trials if trial.plan.seed not in touched}
    settled = {seed for seed, trial in by_seed.items() if _is_settled(trial, at_step)}
    known = {seed: value for seed, value in values.items() if seed in settled}
    without = {seed: by_seed[seed] for seed in settled - set(known)}
    never = {seed for seed, trial in without.items() if metric.may_never and trial.status is not Status.FAILED}
    lost = {seed for seed, trial in without.items() if trial.status is Status.DIVERGED} - never
    pending = set(by_seed) - set(known) - never - lost
    summary = summarize(list(known.values()), is_share=metric.is_share)
    resolve = partial(_resolve_share if metric.is_share else _resolve_mean, summary)
    return Evidence(known, frozenset(lost), frozenset(never), frozenset(pending), touched, summary, resolve)


def _is_settled(trial: TrialState, at_step: int | None) -> bool:
    """Whether the trial's number at that point will not change any more."""
    return trial.status.final or (at_step is not None and trial.step > at_step)


def _compared(ours: Evidence, theirs: Evidence, metric: Metric) -> Evidence:
    """The advantage of ours over theirs, seed by seed: positive is better whichever way the metric goes."""
    sign = -1 if metric.better == "lower" else 1
    common = [seed for seed in ours.values if seed in theirs.values]
    first, second = ([side.values[seed] for seed in common] for side in (ours, theirs))
    if sign < 0:
        first, second = second, first
    pending, touched = ours.pending | theirs.pending, {**theirs.touched, **ours.touched}
    summary = paired_difference(first, second, is_share=metric.is_share)
    return Evidence(
        {seed: gap(a, b) for seed, a, b in zip(common, first, second, strict=True)},
        (ours.lost | ours.never | theirs.lost | theirs.never) - pending - set(touched),
        frozenset(),
        pending - set(touched),
        touched,
        summary,
        partial(seeds_to_resolve_share_difference, first, second)
        if metric.is_share
        else partial(_resolve_mean, summary),
    )


def _resolve_mean(summary: Summary, limit: float) -> int | None:
    mean, spread = summary.mean, summary.deviation
    return seeds_to_resolve(spread, abs(mean - limit)) if mean is not None and spread else None


def _resolve_share(summary: Summary, limit: float) -> int | None:
    return None if summary.mean is None else seeds_to_resolve_share(summary.mean, limit)


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


def _text(evidence: Evidence, condition: Condition, metric: Metric, claim: Claim, why: str) -> str:
    found = evidence.summary
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
