"""The evidence on a claim: the seeds' values of what it is about, and why other seeds have none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Protocol

from dlbench.analysis.candidate_results import (
    CandidateResults,
    candidates_of,
    is_settled,
    selected,
    selection_metric,
)
from dlbench.analysis.claims.verdict import Decision
from dlbench.analysis.comparison import is_unpaired
from dlbench.analysis.interventions import ManualChange, first_manual_change, reason, which_seeds
from dlbench.analysis.statistics.intervals import Intervals, Method, Summary, paired_difference, summarize
from dlbench.analysis.statistics.item_noise import Answers, ItemNoise, is_of_samples, noise_of
from dlbench.analysis.statistics.power import Power, power_of_seeds, power_of_share_difference
from dlbench.analysis.statistics.proportions import Score
from dlbench.metrics.catalog import Metric
from dlbench.metrics.format import interval_text
from dlbench.metrics.quantity import Interval, Quantity, gap
from dlbench.metrics.trial_view import Status
from dlbench.words.outcomes import Outcome

if TYPE_CHECKING:
    from dlbench.plan.questions import Claim, Compare


EQUALS = "equal values of an unbounded metric have no interval: another seed may have any value"

DIVERGED, NEVER, NUMBER = range(3)
"""How well a seed went: the larger is better, and between two numbers these decide."""


class Side(Protocol):
    """What is known of one variant's seeds."""

    @property
    def values(self) -> Mapping[int, float]:
        """Of the seeds that have one, by seed."""

    @property
    def never(self) -> Mapping[int, float]:
        """The steps within which a seed did not get there, by seed."""

    @property
    def lost(self) -> frozenset[int]:
        """The seeds that diverged."""


@dataclass(frozen=True)
class Pairs:
    """Who won each seed: diverged < never got there < any number; between numbers the better by more than the claim asks.

    `won`, `tied` and `lost` are seeds; so are `ours_failed` and `theirs_failed`, with which a side has no number.
    """

    won: frozenset[int]
    tied: frozenset[int]
    lost: frozenset[int]
    ours_failed: frozenset[int]
    theirs_failed: frozenset[int]

    @property
    def failed(self) -> frozenset[int]:
        """Seeds with which a side, or both, have no number: a mean would be of the survivors."""
        return self.ours_failed | self.theirs_failed

    @property
    def both_failed(self) -> frozenset[int]:
        """Seeds with which neither side has a number."""
        return self.ours_failed & self.theirs_failed

    @property
    def score(self) -> Score:
        """How many."""
        return Score(len(self.won), len(self.tied), len(self.lost))


def pairs_of(ours: Side, theirs: Side, advantages: Mapping[int, float], by: float) -> Pairs:
    """The pairs of all seeds of which both sides are known; `advantages` are those of seeds in which both have a number."""
    went = {seed: (_went(ours, seed), _went(theirs, seed)) for seed in known_pairs(ours, theirs)}
    order = {seed: gap(advantages[seed], by) if seed in advantages else a - b for seed, (a, b) in went.items()}
    return Pairs(
        frozenset(seed for seed, sign in order.items() if sign > 0),
        frozenset(seed for seed, sign in order.items() if sign == 0),
        frozenset(seed for seed, sign in order.items() if sign < 0),
        *(frozenset(seed for seed, levels in went.items() if levels[side] < NUMBER) for side in (0, 1)),
    )


def known_pairs(ours: Side, theirs: Side) -> Iterable[int]:
    """The seeds of which it is known how both sides went, in order."""
    return sorted(seed for seed in _all(ours) & _all(theirs) if not beyond_horizon(ours, theirs, seed))


def beyond_horizon(ours: Side, theirs: Side, seed: int) -> bool:
    """Whether one side trained too few steps to say that it would not have got there as soon as the other did, or did not."""
    for one, other in ((ours, theirs), (theirs, ours)):
        if seed in one.never and (other.values.get(seed, other.never.get(seed, 0.0)) > one.never[seed]):
            return True
    return False


def _all(side: Side) -> set[int]:
    return {*side.values, *side.never, *side.lost}


def _went(side: Side, seed: int) -> int:
    return DIVERGED if seed in side.lost else NEVER if seed in side.never else NUMBER


def by_sign_test(pairs: Pairs, claim: Claim) -> Decision:
    """Confirmed where more seeds were won than a fair coin would win, refuted where fewer; and the score in words."""
    score, text = pairs.score, _score_text(pairs, claim)
    if score.won == score.lost:
        return Decision(Outcome.UNDECIDED, 1.0, text)
    return Decision(Outcome.CONFIRMED if score.won > score.lost else Outcome.REFUTED, score.p, text)


def _score_text(pairs: Pairs, claim: Claim) -> str:
    """`'sgd' failed with seeds 2, 3; better with 8 of 10 seeds, 1 tie (85%, 95 % interval [...]), by the sign test`."""
    sides = ((claim.variant, pairs.ours_failed), (claim.better_than, pairs.theirs_failed))
    failed = [f"'{variant}' failed with {which_seeds(seeds)}" for variant, seeds in sides if seeds]
    score = pairs.score
    ties = f", {score.tied} tie{'s' if score.tied > 1 else ''}" if score.tied else ""
    interval = "" if score.interval is None else f", 95 % interval {interval_text(score.interval, '.0%')}"
    share = f"{score.share:.0%}{interval}"
    return "; ".join([*failed, f"better with {score.won} of {score.n} seeds{ties} ({share}), by the sign test"])


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
    look: Callable[[int], Intervals]
    """The intervals that so many of the seeds with a value give, the first in order."""
    power: Power | None
    seeds: frozenset[int]
    metric: Metric
    """What the values are of."""
    pairs: Pairs | None = None
    noise: ItemNoise | None = None
    """Of the mean over seeds and test samples, where it is known what each seed got right."""
    picked_among: int = 1
    is_unpaired: bool = False
    """Whether it is of two variants whose trials no seeds pair: `values` are empty, and `summary` is of both means."""

    def interval_at(self, alpha: float) -> Interval | None:
        """The interval of all seeds that misses with a probability alpha; that of `summary` at 0.05."""
        return self.look(len(self.values))(alpha)


def evidence_on(
    claim: Claim,
    metric: Metric,
    by_variant: Mapping[str, list[CandidateResults]],
    compare: Compare,
    answers: Answers,
    method: Method,
) -> Evidence | str:
    """What the seeds say of what a claim is about, or the variant that this run has not."""
    entries, picked_among = [], 1
    for variant in filter(None, (claim.variant, claim.better_than)):
        candidates = candidates_of(variant, claim.choice, by_variant)
        if not candidates:
            return f"this run has no '{variant}'"
        entries.append(selected(candidates, selection_metric(compare)))
        picked_among *= len(candidates)
    ours, *theirs = (_evidence(entry, metric, claim.at_step, method) for entry in entries)
    found = _compared(ours, theirs[0], metric, claim.by or 0.0, method) if theirs else ours
    noise = noise_of(entries, list(found.values), answers) if is_of_samples(claim) else None
    return replace(found, noise=noise, picked_among=picked_among)


def _evidence(entry: CandidateResults, metric: Metric, at_step: int | None, method: Method) -> Evidence:
    values = entry.values(metric, at_step)
    touches = {trial.plan.seed: first_manual_change(trial, at_step) for trial in entry.trials}
    touched = {seed: one for seed, one in touches.items() if one}
    by_seed = {trial.plan.seed: trial for trial in entry.trials if trial.plan.seed not in touched}
    settled = {seed for seed, trial in by_seed.items() if is_settled(trial, at_step)}
    known = {seed: values[seed] for seed in sorted(values) if seed in settled}
    never = {seed: steps for seed, steps in entry.never(metric, at_step).items() if seed in settled}
    without = settled - set(known) - set(never)
    lost = frozenset(seed for seed in without if by_seed[seed].status is Status.DIVERGED)
    pending = frozenset(set(by_seed) - set(known) - set(never) - lost)
    numbers = list(known.values())
    summary = summarize(numbers, metric.quantity, method=method)
    power = power_of_seeds(numbers, summary, metric.quantity)
    seeds = frozenset(trial.plan.seed for trial in entry.trials)

    def look(n: int) -> Intervals:
        return method.mean(numbers[:n], metric.quantity)

    return Evidence(known, lost, never, pending, touched, summary, look, power, seeds, metric)


def _compared(ours: Evidence, theirs: Evidence, metric: Metric, by: float, method: Method) -> Evidence:
    """The advantage of ours over theirs, seed by seed: positive is better whichever way the metric goes."""
    if is_unpaired(ours.seeds, theirs.seeds):
        return _compared_unpaired(ours, theirs, metric)
    common = [seed for seed in ours.values if seed in theirs.values]
    first, second = ([side.values[seed] for seed in common] for side in (ours, theirs))
    if metric.better == "lower":
        first, second = second, first
    touched = {**theirs.touched, **ours.touched}
    unknown = {seed for seed in ours.never.keys() | theirs.never.keys() if beyond_horizon(ours, theirs, seed)}
    advantages = {seed: gap(a, b) for seed, a, b in zip(common, first, second, strict=True)}
    summary = paired_difference(first, second, metric.quantity, method=method)
    differences = list(advantages.values())

    def look(n: int) -> Intervals:
        return method.difference(first[:n], second[:n], metric.quantity)

    return Evidence(
        advantages,
        frozenset(),
        {},
        (ours.pending | theirs.pending | unknown) - set(touched),
        touched,
        summary,
        look,
        power_of_share_difference(first, second)
        if metric.is_share and differences
        else power_of_seeds(differences, summary, metric.quantity.of_differences),
        ours.seeds | theirs.seeds,
        metric,
        pairs_of(ours, theirs, advantages, by),
    )


def _compared_unpaired(ours: Evidence, theirs: Evidence, metric: Metric) -> Evidence:
    """The advantage of our mean over theirs, of trials that no seed pairs: whoever is lost is lost for the mean."""
    from dlbench.analysis.statistics.unpaired import unpaired_difference  # of recordings without seeds alone

    first, second = (list(side.values.values()) for side in (ours, theirs))
    if metric.better == "lower":
        first, second = second, first
    return Evidence(
        {},
        ours.lost | theirs.lost,
        {**theirs.never, **ours.never},
        ours.pending | theirs.pending,
        {**theirs.touched, **ours.touched},
        unpaired_difference(first, second, metric.quantity),
        lambda _: partial(_unpaired_interval, first, second, metric.quantity),
        None,
        ours.seeds | theirs.seeds,
        metric,
        is_unpaired=True,
    )


def _unpaired_interval(
    first: Sequence[float], second: Sequence[float], quantity: Quantity, alpha: float
) -> Interval | None:
    from dlbench.analysis.statistics.unpaired import unpaired_difference

    return unpaired_difference(first, second, quantity, alpha).interval


def lacking(evidence: Evidence) -> str:
    """Why the mean over the seeds says nothing, or not enough."""
    if evidence.touched:
        return reason(evidence.touched)
    if why := pending_text(evidence) + lost_text(evidence):
        return why
    without = 0 if evidence.is_unpaired else len(evidence.values) - evidence.summary.n
    return f"{without} seed{'s have' if without > 1 else ' has'} no {evidence.metric.name} above 0" if without else ""


def pending_text(evidence: Evidence) -> str:
    """Which seeds are not known yet, in words."""
    if evidence.pending:
        return f"no final number of {which_seeds(evidence.pending)}"
    return "" if evidence.values or evidence.lost or evidence.never or evidence.summary.n else "no seeds"


def lost_text(evidence: Evidence) -> str:
    """Which seeds have no number and never will, in words, each part with its `; `."""
    reasons = ((evidence.lost, "diverged"), (evidence.never, "never got there"))
    return "".join(f"; {which_seeds(seeds)} {reason}" for seeds, reason in reasons if seeds)
