"""The evidence on a claim: the seeds' values of what it is about, and why other seeds have none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from dlbench.analysis.candidate_results import CandidateResults, is_settled, selected, selection_metric
from dlbench.analysis.claims.pairs import Pairs, beyond_horizon, pairs_of
from dlbench.analysis.interventions import ManualChange, first_manual_change, search_reason
from dlbench.analysis.statistics.intervals import (
    Summary,
    difference_interval,
    mean_interval,
    paired_difference,
    summarize,
)
from dlbench.analysis.statistics.item_noise import Answers, ItemNoise, is_of_samples, noise_of
from dlbench.analysis.statistics.power import Power, power_of_seeds, power_of_share_difference
from dlbench.metrics.catalog import METRICS, Metric
from dlbench.metrics.quantity import Interval
from dlbench.metrics.tolerance import gap
from dlbench.metrics.trial_view import Status

if TYPE_CHECKING:
    from dlbench.plan.questions import Claim, Compare


@dataclass(frozen=True)
class Evidence:
    """The seeds' values of what a claim is about: `values` of those that have one, and why the others have none.

    `lost` have diverged: they meet no condition. `never` did not get there within so many steps as they map to: they are
    above every bound. `pending` are under way, failed, or have no such number: nothing is known of them. `touched` were
    changed or dropped by hand before: what they say is not of the recipe. Of two variants, `values` are the advantages where
    both have a number, and `pairs` tell who won each seed: they stand for `lost` and `never`, which are empty. `picked_among`
    are the candidates, or pairs of them, among which a search picked by the same seeds. `seeds` are all that were asked for.
    """

    values: dict[int, float]
    lost: frozenset[int]
    never: Mapping[int, float]
    pending: frozenset[int]
    touched: Mapping[int, ManualChange]
    summary: Summary
    interval_at: Callable[[float], Interval | None]
    """The interval that misses with a probability alpha; that of `summary` at 0.05."""
    power: Power | None
    seeds: frozenset[int]
    pairs: Pairs | None = None
    noise: ItemNoise | None = None
    """Of the mean over seeds and test samples, where it is known what each seed got right."""
    picked_among: int = 1


def evidence_on(
    claim: Claim, by_variant: Mapping[str, list[CandidateResults]], compare: Compare, answers: Answers
) -> Evidence | str:
    """What the seeds say of what a claim is about, or the variant that this run has not."""
    metric, entries, picked_among = METRICS[claim.metric], [], 1
    for variant in filter(None, (claim.variant, claim.better_than)):
        candidates = _candidates(variant, claim.choice, by_variant)
        if not candidates:
            return f"this run has no '{variant}'"
        entries.append(selected(candidates, selection_metric(compare)))
        picked_among *= len(candidates)
    ours, *theirs = (_evidence(entry, metric, claim.at_step) for entry in entries)
    found = _compared(ours, theirs[0], metric, claim.by or 0.0) if theirs else ours
    noise = noise_of(entries, list(found.values), answers) if is_of_samples(claim) else None
    return replace(found, noise=noise, picked_among=picked_among)


def touched_search(claim: Claim, by_variant: Mapping[str, list[CandidateResults]]) -> str:
    """Why a search picked what it did for another reason than the recipe, if someone changed its trials by hand."""
    for variant in filter(None, (claim.variant, claim.better_than)):
        if why := search_reason(variant, [one.trials for one in _candidates(variant, claim.choice, by_variant)]):
            return why
    return ""


def _candidates(
    variant: str, choice: Mapping[str, Any] | None, by_variant: Mapping[str, list[CandidateResults]]
) -> list[CandidateResults]:
    return [entry for entry in by_variant.get(variant, []) if (choice or {}).items() <= entry.choice.items()]


def _evidence(entry: CandidateResults, metric: Metric, at_step: int | None) -> Evidence:
    values = entry.values(metric, at_step)
    touches = {trial.plan.seed: first_manual_change(trial, at_step) for trial in entry.trials}
    touched = {seed: one for seed, one in touches.items() if one}
    by_seed = {trial.plan.seed: trial for trial in entry.trials if trial.plan.seed not in touched}
    settled = {seed for seed, trial in by_seed.items() if is_settled(trial, at_step)}
    known = {seed: value for seed, value in values.items() if seed in settled}
    never = {seed: steps for seed, steps in entry.never(metric, at_step).items() if seed in settled}
    without = settled - set(known) - set(never)
    lost = frozenset(seed for seed in without if by_seed[seed].status is Status.DIVERGED)
    pending = frozenset(set(by_seed) - set(known) - set(never) - lost)
    numbers = list(known.values())
    summary, interval_at = summarize(numbers, metric.quantity), partial(mean_interval, numbers, metric.quantity)
    power = power_of_seeds(numbers, summary, metric.quantity)
    seeds = frozenset(trial.plan.seed for trial in entry.trials)
    return Evidence(known, lost, never, pending, touched, summary, interval_at, power, seeds)


def _compared(ours: Evidence, theirs: Evidence, metric: Metric, by: float) -> Evidence:
    """The advantage of ours over theirs, seed by seed: positive is better whichever way the metric goes."""
    common = [seed for seed in ours.values if seed in theirs.values]
    first, second = ([side.values[seed] for seed in common] for side in (ours, theirs))
    if metric.better == "lower":
        first, second = second, first
    touched = {**theirs.touched, **ours.touched}
    unknown = {seed for seed in ours.never.keys() | theirs.never.keys() if beyond_horizon(ours, theirs, seed)}
    advantages = {seed: gap(a, b) for seed, a, b in zip(common, first, second, strict=True)}
    summary = paired_difference(first, second, metric.quantity)
    differences = list(advantages.values())
    return Evidence(
        advantages,
        frozenset(),
        {},
        (ours.pending | theirs.pending | unknown) - set(touched),
        touched,
        summary,
        partial(difference_interval, first, second, metric.quantity),
        power_of_share_difference(first, second)
        if metric.is_share and differences
        else power_of_seeds(differences, summary, metric.quantity.of_differences),
        ours.seeds | theirs.seeds,
        pairs_of(ours, theirs, advantages, by),
    )
