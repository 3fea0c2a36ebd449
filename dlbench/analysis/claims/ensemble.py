"""Verdicts on claims about ensembles: what the seeds, in all their subsets, say."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from dlbench.analysis.claims.condition import Condition, condition_of
from dlbench.analysis.claims.evidence import EQUALS
from dlbench.analysis.claims.judgement import needed_text
from dlbench.analysis.claims.p_values import decide
from dlbench.analysis.claims.verdict import ClaimFinding, Decision, picked_text
from dlbench.analysis.ensembles.combination import Array, Indices
from dlbench.analysis.ensembles.ensemble import QUANTITIES, EnsembleGroup, Ensembles
from dlbench.analysis.ensembles.subsets import Estimate, estimate
from dlbench.analysis.interventions import ManualChange, first_manual_change, reason, which_seeds
from dlbench.analysis.statistics.power import power_of_mean
from dlbench.metrics.format import fine_format, interval_text, number
from dlbench.metrics.names import ENSEMBLE_LOSS
from dlbench.metrics.quantity import ALPHA, Interval, Quantity, gap
from dlbench.words.outcomes import Outcome

if TYPE_CHECKING:
    from dlbench.plan.questions import Claim

FORMAT = ".4f"


@dataclass(frozen=True)
class SubsetEvidence:
    """The values of a claim's subsets: of one variant's ensembles, or their advantage over another's, subset by subset.

    `values` `[subsets]` belong to the subsets `[subsets, size]` of `seeds`; `absent` seeds are no members, `touched` ones were
    changed or dropped by hand. `search` says why a search picked what it did for another reason than the recipe.
    """

    values: Array
    subsets: Indices
    seeds: tuple[int, ...]
    absent: int
    touched: Mapping[int, ManualChange]
    quantity: Quantity
    search: str = ""
    picked_among: int = 1

    def estimate(self, alpha: float = ALPHA) -> Estimate | None:
        """Their mean and its interval that misses with probability `alpha`, where there are any."""
        return estimate(self.values, self.subsets, len(self.seeds), self.quantity, alpha) if len(self.values) else None

    def interval_at(self, alpha: float) -> Interval | None:
        """The interval of their mean that misses with probability `alpha`."""
        found = self.estimate(alpha)
        return None if found is None else found.interval

    def over(self, other: SubsetEvidence, *, lower_is_better: bool) -> SubsetEvidence:
        """The advantage over another variant's ensembles of the same seeds; nothing where these are not the same."""
        pairs = zip(self.values.tolist(), other.values.tolist(), strict=False)
        better = np.array([gap(b, a) if lower_is_better else gap(a, b) for a, b in pairs])
        return SubsetEvidence(
            better if self.seeds == other.seeds else np.zeros(0),
            self.subsets,
            self.seeds,
            self.absent + other.absent,
            {**other.touched, **self.touched},
            self.quantity.of_differences,
            self.search or other.search,
            self.picked_among * other.picked_among,
        )


def ensemble_finding(claim: Claim, found: Ensembles | None, alpha: float = ALPHA) -> ClaimFinding:
    """What a run's ensembles say of one claim by itself.

    By intervals of the mean over all subsets, as `dlbench.analysis.claims.judgement` has it for single trials; with
    `every_seed` by each subset. Undecided where a seed is no member, and where ensembles have no interval.
    """
    condition, evidence = condition_of(claim), _evidence(claim, found)
    if isinstance(evidence, str):
        return ClaimFinding.nothing(claim, evidence)
    decision = _by_every_subset(evidence, condition) if claim.every_seed else _by_interval(evidence, condition, alpha)
    estimated = evidence.estimate()
    mean, interval = (None, None) if estimated is None else (estimated.mean, estimated.interval)
    text = _text(claim, condition, evidence, estimated)
    return ClaimFinding(claim, decision, text, mean, interval, len(evidence.seeds))


def _evidence(claim: Claim, found: Ensembles | None) -> SubsetEvidence | str:
    """What there is to judge by, or why there is nothing."""
    if found is None:
        return "this run's predictions were not read"
    sides = []
    for variant in filter(None, (claim.variant, claim.better_than)):
        group = next((one for one in found.groups if one.entry.variant == variant), None)
        if group is None:
            return f"this run has no '{variant}'"
        sides.append(_of(claim, group, found))
    ours, *theirs = sides
    return ours.over(theirs[0], lower_is_better=claim.metric == ENSEMBLE_LOSS) if theirs else ours


def _of(claim: Claim, group: EnsembleGroup, found: Ensembles) -> SubsetEvidence:
    made = group.find(claim.members or 0, claim.combine or found.wanted.methods[0])
    touches = {trial.plan.seed: first_manual_change(trial) for trial in group.entry.trials}
    return SubsetEvidence(
        np.zeros(0) if made is None else made.values[claim.metric],
        np.zeros((0, 0), dtype=np.intp) if made is None else made.subsets,
        tuple(trial.plan.seed for trial in group.members),
        len(group.entry.trials) - len(group.members),
        {seed: one for seed, one in touches.items() if one},
        QUANTITIES[claim.metric],
        group.search,
        group.picked_among,
    )


def _by_every_subset(evidence: SubsetEvidence, condition: Condition) -> Decision:
    members = [[evidence.seeds[place] for place in subset] for subset in evidence.subsets.tolist()]
    failing = [
        seeds
        for seeds, value in zip(members, evidence.values.tolist(), strict=False)
        if value not in condition and not evidence.touched.keys() & set(seeds)
    ]
    if evidence.search:
        return Decision(Outcome.UNDECIDED, None, evidence.search)
    if failing:
        of = f"{len(failing):,} of {len(members):,} subsets"
        return Decision(Outcome.REFUTED, None, f"not met by {of}, among them {which_seeds(failing[0])}")
    if why := _lacking(evidence):
        return Decision(Outcome.UNDECIDED, None, why)
    drawn = len(members) < math.comb(len(evidence.seeds), len(members[0]))
    return Decision(Outcome.CONFIRMED, None, "met by every subset that was drawn" if drawn else "met by every subset")


def _by_interval(evidence: SubsetEvidence, condition: Condition, alpha: float) -> Decision:
    if why := _lacking(evidence):
        return Decision(Outcome.UNDECIDED, 1.0, why)
    found = evidence.estimate()
    if found is None or found.std is None:
        return Decision(
            Outcome.UNDECIDED, 1.0, "a single ensemble of all seeds has no interval; use more seeds than members"
        )
    if found.interval is None:
        return Decision(Outcome.UNDECIDED, 1.0, EQUALS)
    power = power_of_mean(found.mean, found.std) if found.std else None
    times = evidence.picked_among
    advice = needed_text(found.mean, condition, power, evidence.seeds, alpha / times)
    return replace(decide(lambda one: evidence.interval_at(one / times), condition), advice=advice)


def _lacking(evidence: SubsetEvidence) -> str:
    """Why the evidence says nothing, or not enough."""
    if evidence.search or evidence.touched:
        return evidence.search or reason(evidence.touched)
    if evidence.absent:
        return f"{evidence.absent} seed{'s are not members' if evidence.absent > 1 else ' is not a member'}"
    return "" if len(evidence.values) else "the run has no such ensembles"


def _text(claim: Claim, condition: Condition, evidence: SubsetEvidence, found: Estimate | None) -> str:
    std = None if found is None else found.std
    spec = fine_format(FORMAT, min(filter(None, (std, claim.tolerance)), default=0.0))
    way = f" by {claim.combine}" if claim.combine else ""
    named = f"{claim.metric} of {claim.members} member{'' if claim.members == 1 else 's'}{way}"
    if condition.is_difference:
        named = f"advantage over {claim.better_than} in {named}"
    numbers, picked = "unknown", picked_text(claim, evidence.picked_among)
    if found is not None:
        interval = "" if found.interval is None else f", 95 % interval {interval_text(found.interval, spec)}"
        made = len(evidence.values)
        of = f"{made:,} subset{'' if made == 1 else 's'} of {len(evidence.seeds)} seeds"
        numbers = f"{number(found.mean, spec)} ({of}){interval}"
    return "; ".join(filter(None, [f"{named} {numbers}", f"claimed {condition.text(spec)}", picked]))
