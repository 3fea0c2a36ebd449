"""Verdicts on claims about ensembles: what the seeds, in all their subsets, say."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dlbench.plan.measures import ENSEMBLE_LOSS
from dlbench.report.by_hand import Touch, reason, touch, which_seeds
from dlbench.report.claims.condition import Condition, condition_of
from dlbench.report.claims.judgement import needed_text
from dlbench.report.claims.verdict import Outcome, Verdict
from dlbench.report.combination import Array, Indices
from dlbench.report.ensemble import Ensembles, Group
from dlbench.report.format import fine_format, interval_text, number
from dlbench.report.rounding import gap
from dlbench.report.statistics import seeds_to_resolve
from dlbench.report.subsets import Estimate, estimate

if TYPE_CHECKING:
    from dlbench.recipe.sections import Claim

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
    touched: Mapping[int, Touch]
    search: str = ""

    @property
    def estimate(self) -> Estimate | None:
        """Their mean and its interval, where there are any."""
        return estimate(self.values, self.subsets, len(self.seeds)) if len(self.values) else None

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
            self.search or other.search,
        )


def judge_ensemble(claim: Claim, found: Ensembles | None) -> Verdict:
    """The verdict on a claim about ensembles.

    By the 95 % interval of the mean over all subsets, as `dlbench.report.claims.judge` has it for single trials; with
    `every_seed` by each subset. Undecided where a seed is no member, and where ensembles have no interval.
    """
    condition, evidence = condition_of(claim), _evidence(claim, found)
    if isinstance(evidence, str):
        return _verdict(claim, Outcome.UNDECIDED, evidence, None, 0)
    outcome, why = (_by_every_subset if claim.every_seed else _by_interval)(evidence, condition)
    estimated = evidence.estimate
    text = _text(claim, condition, evidence, estimated, why)
    return _verdict(claim, outcome, text, estimated, len(evidence.seeds))


def _verdict(claim: Claim, outcome: Outcome, text: str, found: Estimate | None, n: int) -> Verdict:
    mean, interval = (None, None) if found is None else (found.mean, found.interval)
    return Verdict.of(claim, outcome, text, mean, interval, n)


def _evidence(claim: Claim, found: Ensembles | None) -> SubsetEvidence | str:
    """What there is to judge by, or why there is nothing."""
    if found is None:
        return "this run's predictions were not looked at"
    sides = []
    for variant in filter(None, (claim.variant, claim.better_than)):
        group = next((one for one in found.groups if one.entry.variant == variant), None)
        if group is None:
            return f"this run has no '{variant}'"
        sides.append(_of(claim, group, found))
    ours, *theirs = sides
    return ours.over(theirs[0], lower_is_better=claim.metric == ENSEMBLE_LOSS) if theirs else ours


def _of(claim: Claim, group: Group, found: Ensembles) -> SubsetEvidence:
    made = group.find(claim.members or 0, claim.combine or found.wanted.ways[0])
    touches = {trial.plan.seed: touch(trial) for trial in group.entry.trials}
    return SubsetEvidence(
        np.zeros(0) if made is None else made.values[claim.metric],
        np.zeros((0, 0), dtype=np.intp) if made is None else made.subsets,
        tuple(trial.plan.seed for trial in group.members),
        len(group.entry.trials) - len(group.members),
        {seed: one for seed, one in touches.items() if one},
        group.search,
    )


def _by_every_subset(evidence: SubsetEvidence, condition: Condition) -> tuple[Outcome, str]:
    members = [[evidence.seeds[place] for place in subset] for subset in evidence.subsets.tolist()]
    failing = [
        seeds
        for seeds, value in zip(members, evidence.values.tolist(), strict=False)
        if value not in condition and not evidence.touched.keys() & set(seeds)
    ]
    if evidence.search:
        return Outcome.UNDECIDED, evidence.search
    if failing:
        of = f"{len(failing):,} of {len(members):,} subsets"
        return Outcome.REFUTED, f"not by {of}, among them {which_seeds(failing[0])}"
    if why := _lacking(evidence):
        return Outcome.UNDECIDED, why
    drawn = len(members) < math.comb(len(evidence.seeds), len(members[0]))
    return Outcome.CONFIRMED, "by every subset that was drawn" if drawn else "by every subset"


def _by_interval(evidence: SubsetEvidence, condition: Condition) -> tuple[Outcome, str]:
    if why := _lacking(evidence):
        return Outcome.UNDECIDED, why
    found = evidence.estimate
    if found is None or found.interval is None or found.deviation is None:
        return Outcome.UNDECIDED, "one ensemble of all seeds has no interval; more seeds than members give it one"
    if condition.holds_all(found.interval):
        return Outcome.CONFIRMED, ""
    if condition.holds_none(found.interval):
        return Outcome.REFUTED, ""
    mean, spread, n = found.mean, found.deviation, len(evidence.seeds)
    return Outcome.UNDECIDED, needed_text(mean, condition, lambda limit: seeds_to_resolve(spread, abs(mean - limit)), n)


def _lacking(evidence: SubsetEvidence) -> str:
    """Why the evidence says nothing, or not enough."""
    if evidence.search or evidence.touched:
        return evidence.search or reason(evidence.touched)
    if evidence.absent:
        return f"{evidence.absent} seed{'s are' if evidence.absent > 1 else ' is'} no member{'s' if evidence.absent > 1 else ''}"
    return "" if len(evidence.values) else "there are no such ensembles"


def _text(claim: Claim, condition: Condition, evidence: SubsetEvidence, found: Estimate | None, why: str) -> str:
    deviation = None if found is None else found.deviation
    spec = fine_format(FORMAT, min(filter(None, (deviation, claim.tolerance)), default=0.0))
    way = f" by {claim.combine}" if claim.combine else ""
    named = f"{claim.metric} of {claim.members} member{'' if claim.members == 1 else 's'}{way}"
    if condition.is_difference:
        named = f"advantage over {claim.better_than} in {named}"
    numbers = "unknown"
    if found is not None:
        interval = "" if found.interval is None else f", 95 % interval {interval_text(found.interval, spec)}"
        made = len(evidence.values)
        of = f"{made:,} subset{'' if made == 1 else 's'} of {len(evidence.seeds)} seeds"
        numbers = f"{number(found.mean, spec)} ({of}){interval}"
    return "; ".join(filter(None, [f"{named} {numbers}", f"claimed {condition.text(spec)}", why]))
