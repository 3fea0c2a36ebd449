"""What a run's trials say of one claim by itself: which way they point, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from dlbench.analysis.candidate_results import CandidateResults, candidates_of, trials_of, unknown_text
from dlbench.analysis.claims.condition import Condition, condition_of
from dlbench.analysis.claims.evidence import (
    EQUALS,
    Evidence,
    Pairs,
    by_sign_test,
    evidence_on,
    lacking,
    lost_text,
    pending_text,
)
from dlbench.analysis.claims.looks import by_looks, is_decided_by_sequence
from dlbench.analysis.claims.of_findings import Findings, found_text, metric_of
from dlbench.analysis.claims.p_values import decide
from dlbench.analysis.claims.verdict import (
    INTERVAL,
    SEQUENCE,
    ClaimFinding,
    Decision,
    finding_text,
    is_estimated,
    picked_text,
)
from dlbench.analysis.interventions import reason, search_reason, which_seeds
from dlbench.analysis.statistics.intervals import FIXED, Method, are_equal
from dlbench.analysis.statistics.item_noise import Answers
from dlbench.analysis.statistics.power import Power, advice_text, power_of_sign_test, seeds_needed
from dlbench.analysis.statistics.proportions import highest_failure_rate
from dlbench.metrics.catalog import Metric
from dlbench.metrics.metric import is_known
from dlbench.metrics.quantity import ALPHA, Interval, gap
from dlbench.words.outcomes import Outcome

if TYPE_CHECKING:
    from dlbench.plan.questions import Claim, Compare


@dataclass(frozen=True)
class Basis:
    """What every claim of a run is judged by: the comparison, what each trial got right, and the alpha that each can count on.

    `findings` are those of the run's trials, for claims that are about them.
    """

    compare: Compare
    answers: Answers
    alpha: float
    method: Method = FIXED
    findings: Findings = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        claims: Iterable[Claim],
        compare: Compare,
        answers: Answers | None = None,
        method: Method = FIXED,
        findings: Findings | None = None,
    ) -> Basis:
        """The basis of a recipe's claims: each can count on alpha shared by all that are estimated, as the worst case of Holm."""
        is_counted = is_decided_by_sequence if method.is_sequential else is_estimated
        alpha = ALPHA / max(sum(map(is_counted, claims)), 1)
        return cls(compare, answers or {}, alpha, method, findings or {})


def finding(claim: Claim, by_variant: Mapping[str, list[CandidateResults]], basis: Basis) -> ClaimFinding:
    """What the trials say of one claim by itself.

    Confirmed where its interval lies wholly within the condition, refuted wholly outside; undecided where a seed has no
    value: the survivors alone would flatter. Of two variants, a seed in which one failed is lost by it, and where there are
    such seeds the sign test decides. With `every_seed`, confirmed if every trial meets the condition, refuted as soon as one
    does not; of two variants, a seed in which only the rival failed is won, and one in which both did decides nothing. With
    `exact`, also refuted where the seeds differ. Trials that were changed or dropped by hand before the
    step in question say nothing of the recipe: what depends on them is undecided.
    """
    if not claim.is_of_findings and not is_known(claim.metric):
        return ClaimFinding.nothing(claim, unknown_text(claim.metric))
    metric, condition = metric_of(claim, basis.findings), condition_of(claim)
    evidence = evidence_on(claim, metric, by_variant, basis.compare, basis.answers, basis.method)
    if isinstance(evidence, str):
        return ClaimFinding.nothing(claim, evidence)
    if is_estimated(claim):
        decide_by = by_looks if basis.method.is_sequential else _by_interval
        decision = decide_by(evidence, condition, claim, basis.alpha)
    else:
        outcome, why = (_by_exactness if claim.exact else _by_every_seed)(evidence, condition, metric)
        decision = Decision(outcome, None, why)
    if search := _touched_search(claim, by_variant):
        decision = Decision(Outcome.UNDECIDED, decision.p and 1.0, search)
    found, is_sequential = evidence.summary, basis.method.is_sequential
    wide = None if is_sequential else _with_samples(evidence, claim, ALPHA)
    text = finding_text(found, condition, metric, claim, wide, called=SEQUENCE if is_sequential else INTERVAL)
    score = evidence.pairs.score if evidence.pairs else None
    told = [text, picked_text(claim, evidence.picked_among)]
    if claim.is_of_findings:
        told.append(found_text(claim, trials_of(claim, by_variant, basis.compare), basis.findings))
    text = "; ".join(filter(None, told))
    return ClaimFinding(claim, decision, text, found.mean, found.interval, found.n, score, wide)


def _touched_search(claim: Claim, by_variant: Mapping[str, list[CandidateResults]]) -> str:
    """Why a search picked what it did for another reason than the recipe, if someone changed its trials by hand."""
    for variant in filter(None, (claim.variant, claim.better_than)):
        if why := search_reason(variant, [one.trials for one in candidates_of(variant, claim.choice, by_variant)]):
            return why
    return ""


def _by_every_seed(evidence: Evidence, condition: Condition, metric: Metric) -> tuple[Outcome, str]:
    if evidence.is_unpaired:
        return Outcome.UNDECIDED, "no seeds say which trials are pairs"
    pairs = evidence.pairs
    failing = [seed for seed, value in evidence.values.items() if value not in condition]
    # What never comes is later than any bound, also where training broke off.
    failing += [seed for seed in evidence.never if math.inf not in condition]
    failing += [seed for seed in evidence.lost if not (metric.may_never and math.inf in condition)]
    failing += [] if pairs is None else (pairs.lost & pairs.failed) - pairs.both_failed
    if failing:
        shown = ", ".join(map(str, sorted(failing)[:5])) + (", ..." if len(failing) > 5 else "")
        return Outcome.REFUTED, f"not met by seed{'s' if len(failing) > 1 else ''} {shown}{lost_text(evidence)}"
    if evidence.touched:
        return Outcome.UNDECIDED, reason(evidence.touched)
    if evidence.pending or not (evidence.values or evidence.never or evidence.lost or (pairs and pairs.failed)):
        return Outcome.UNDECIDED, pending_text(evidence)
    if pairs and pairs.both_failed:
        return Outcome.UNDECIDED, f"both failed with {which_seeds(pairs.both_failed)}"
    n = len({*evidence.values, *evidence.never, *evidence.lost, *(pairs.won if pairs else ())})
    return Outcome.CONFIRMED, every_seed_text(n)


def every_seed_text(n: int) -> str:
    """That all of `n` seeds meet a condition, and what it says of others."""
    return f"met by {n}/{n}; a failure rate above {100 * highest_failure_rate(n):.0f} % is excluded"


def _by_exactness(evidence: Evidence, condition: Condition, metric: Metric) -> tuple[Outcome, str]:
    outcome, why = _by_every_seed(evidence, condition, metric)
    if outcome is not Outcome.CONFIRMED:
        return outcome, why
    values = [*evidence.values.values(), *(math.inf for _ in evidence.never)]
    if not are_equal(values):
        return Outcome.REFUTED, "not exact: the seeds differ"
    return outcome, f"exact in {len(values)} of {len(values)}"


def _by_interval(evidence: Evidence, condition: Condition, claim: Claim, alpha: float) -> Decision:
    if evidence.pairs and evidence.pairs.failed and not (evidence.touched or evidence.pending):
        return _by_sign_test(evidence, evidence.pairs, claim, alpha)
    found, times = evidence.summary, evidence.picked_among
    if why := lacking(evidence):
        return Decision(Outcome.UNDECIDED, 1.0, why)
    if found.interval is None or found.mean is None:
        return Decision(Outcome.UNDECIDED, 1.0, "one seed has no interval" if found.n < 2 else EQUALS)
    by_seeds = decide(lambda one: evidence.interval_at(one / times), condition)
    advice = (
        ""
        if evidence.is_unpaired
        else needed_text(found.mean, condition, evidence.power, evidence.seeds, alpha / times)
    )
    if evidence.noise is None:
        return replace(by_seeds, advice=advice)
    by_both = decide(lambda one: _with_samples(evidence, claim, one / times), condition)
    return replace(by_both, p_samples=by_seeds.p, outcome_samples=by_seeds.outcome, advice=advice)


def _by_sign_test(evidence: Evidence, pairs: Pairs, claim: Claim, alpha: float) -> Decision:
    """By who won how many seeds, with what would decide it: a score of as many wins as losses is the fair coin's own."""
    decision, score, times = by_sign_test(pairs, claim), pairs.score, evidence.picked_among
    advice = "more seeds are unlikely to decide it"
    if score.won != score.lost:
        advice = advice_text(seeds_needed((0.5,), power_of_sign_test(score), alpha / times), evidence.seeds)
    return replace(decision, p=min((decision.p or 0.0) * times, 1.0), advice=advice)


def _with_samples(evidence: Evidence, claim: Claim, alpha: float) -> Interval | None:
    """The interval for other seeds and other test samples, where the samples' noise is known."""
    seeds = evidence.interval_at(alpha)
    if evidence.noise is None or seeds is None:
        return None
    quantity = evidence.metric.quantity
    bounds = (quantity.of_differences if claim.better_than else quantity).bounds
    return evidence.noise.interval_at(alpha, seeds).clipped(bounds)


def needed_text(mean: float, condition: Condition, power: Power | None, used: Collection[int], alpha: float) -> str:
    """Which fresh seeds would decide it in four of five cases, if they are like these, by an interval that misses with `alpha`."""
    nearest = min(condition.limits, key=lambda bound: abs(bound - mean))
    if power is None or gap(mean, nearest) == 0:
        return "more seeds are unlikely to decide it"
    return advice_text(seeds_needed(tuple(condition.limits) if mean in condition else (nearest,), power, alpha), used)
