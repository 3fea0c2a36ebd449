"""What a run's trials say of one claim by itself: which way they point, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from dlbench.report.by_hand import reason, which_seeds
from dlbench.report.claims.condition import Condition, condition_of
from dlbench.report.claims.evidence import Evidence, evidence_on, touched_search
from dlbench.report.claims.p_values import decide
from dlbench.report.claims.pairs import by_sign_test
from dlbench.report.claims.text import finding_text
from dlbench.report.claims.verdict import Decision, Finding, Outcome, is_estimated
from dlbench.report.entries import Entry
from dlbench.report.interval import ALPHA
from dlbench.report.metrics import METRICS, Metric
from dlbench.report.rounding import gap
from dlbench.report.seeds_needed import MOST_SEEDS
from dlbench.report.shares import highest_failure_rate
from dlbench.report.statistics import are_equal

if TYPE_CHECKING:
    from dlbench.recipe.sections import Claim, Compare


EQUALS = "equal values of a number without bounds have no interval: another seed may have any"


def finding(claim: Claim, by_variant: Mapping[str, list[Entry]], compare: Compare) -> Finding:
    """What the trials say of one claim by itself.

    Confirmed where its interval lies wholly within the condition, refuted wholly outside; undecided where a seed has no
    value: the survivors alone would flatter. Of two variants, a seed in which one failed is lost by it, and where there are
    such seeds the sign test decides. With `every_seed`, confirmed if every trial meets the condition, refuted as soon as one
    does not; of two variants, a seed in which only the rival failed is won, and one in which both did decides nothing. With
    `exact`, also refuted where the seeds differ. Trials that were changed or dropped by hand before the
    step in question say nothing of the recipe: what depends on them is undecided.
    """
    metric, condition = METRICS[claim.metric], condition_of(claim)
    evidence = evidence_on(claim, by_variant, compare)
    if isinstance(evidence, str):
        return Finding.nothing(claim, evidence)
    if is_estimated(claim):
        decision = _by_interval(evidence, condition, claim)
    else:
        outcome, why = (_by_exactness if claim.exact else _by_every_seed)(evidence, condition, metric)
        decision = Decision(outcome, None, why)
    if search := touched_search(claim, by_variant):
        decision = Decision(Outcome.UNDECIDED, decision.p and 1.0, search)
    found = evidence.summary
    text = finding_text(found, condition, metric, claim)
    score = evidence.pairs.score if evidence.pairs else None
    return Finding(claim, decision, text, found.mean, found.interval, found.n, score)


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
    n = len({*evidence.values, *evidence.never, *evidence.lost, *(pairs.won if pairs else ())})
    return Outcome.CONFIRMED, every_seed_text(n)


def every_seed_text(n: int) -> str:
    """That all of `n` seeds meet a condition, and what it says of others."""
    return f"by {n}/{n}; a failure rate above {100 * highest_failure_rate(n):.0f} % is excluded"


def _by_exactness(evidence: Evidence, condition: Condition, metric: Metric) -> tuple[Outcome, str]:
    outcome, why = _by_every_seed(evidence, condition, metric)
    if outcome is not Outcome.CONFIRMED:
        return outcome, why
    values = [*evidence.values.values(), *(math.inf for _ in evidence.never)]
    if not are_equal(values):
        return Outcome.REFUTED, "not exact: the seeds differ"
    return outcome, f"exact in {len(values)} of {len(values)}"


def _by_interval(evidence: Evidence, condition: Condition, claim: Claim) -> Decision:
    if evidence.pairs and evidence.pairs.failed and not (evidence.touched or evidence.pending):
        return by_sign_test(evidence.pairs, claim)
    found = evidence.summary
    if why := _lacking(evidence, METRICS[claim.metric]):
        return Decision(Outcome.UNDECIDED, 1.0, why)
    if found.interval is None or found.mean is None:
        return Decision(Outcome.UNDECIDED, 1.0, "one seed has no interval" if found.n < 2 else EQUALS)
    decision = decide(evidence.interval_at, condition)
    if decision.p is not None and decision.p <= ALPHA:
        return decision
    return replace(decision, why=needed_text(found.mean, condition, evidence.resolve, found.n))


def _lacking(evidence: Evidence, metric: Metric) -> str:
    """Why the mean over the seeds says nothing, or not enough."""
    if evidence.touched:
        return reason(evidence.touched)
    if why := _pending_text(evidence) + _lost_text(evidence):
        return why
    without = len(evidence.values) - evidence.summary.n
    return f"{without} seed{'s have' if without > 1 else ' has'} no {metric.name} above 0" if without else ""


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
