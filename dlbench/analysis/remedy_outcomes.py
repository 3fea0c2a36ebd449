"""What remedies have done: the paired difference, whether the findings are gone, which are new, and who comes first."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from dlbench.analysis.candidate_results import CandidateResults, candidate_results
from dlbench.analysis.claims.condition import Condition
from dlbench.analysis.claims.p_values import decide, holm
from dlbench.analysis.comparison import difference
from dlbench.analysis.diagnosis.finding import Finding
from dlbench.analysis.diagnosis.rules.ending import OUTSIDE
from dlbench.analysis.statistics.intervals import NOTHING, Summary, summarize
from dlbench.metrics.metric import METRICS, Metric
from dlbench.metrics.quantity import ALPHA
from dlbench.metrics.trial_view import LOST
from dlbench.run.tried import SickVariant, TriedRemedies, TriedRemedy
from dlbench.state.run_state import RunState
from dlbench.words.outcomes import Outcome


@dataclass(frozen=True)
class RemedyOutcome:
    """What one remedy has done to its baseline."""

    tried: TriedRemedy
    value: Summary
    """The metric, over the seeds."""
    difference: Summary
    """The metric with the remedy minus that without, seed by seed; the interval is simultaneous over all remedies tried."""
    outcome: Outcome
    """Confirmed where it is better by Holm's method over all remedies tried, refuted where it is worse."""
    p: float | None
    """Corrected by Holm's method; `None` where nothing could be compared."""
    n: int
    """How many seeds it has."""
    still: int
    """In how many of them a finding that it is for, or any of the baseline's, is told still."""
    new: tuple[str, ...]
    """Kinds of alarms and warnings that its baseline does not have."""
    lost: int
    """How many of its seeds diverged or failed."""
    gain: float
    """How much better it is on average, the larger the better; of seeds that no longer diverge infinitely."""

    @property
    def is_gone(self) -> bool:
        """Whether no seed has the finding any more."""
        return self.n > 0 and not self.still

    @property
    def is_better(self) -> bool:
        """Whether it is better on average, sure or not."""
        return self.gain > 0

    @property
    def mends(self) -> bool:
        """Whether it is better on average, and the finding is gone."""
        return self.is_gone and self.is_better


@dataclass(frozen=True)
class Mended:
    """A variant that was to be mended, and what its remedies have done, the best first."""

    sick: SickVariant
    value: Summary
    lost: int
    seeds: int
    remedies: tuple[RemedyOutcome, ...]

    @property
    def best(self) -> RemedyOutcome | None:
        """The remedy to take: the first, where it is better at all."""
        return self.remedies[0] if self.remedies and self.remedies[0].is_better else None


def outcomes_of(state: RunState, findings: Mapping[int, Sequence[Finding]], tried: TriedRemedies) -> list[Mended]:
    """What has become of each variant that was to be mended, by a run's state and findings as they stand.

    Remedies are ranked by whether the finding is gone and the metric better, then sure or not, then by how much better.
    """
    entries = {name: own[0] for name, own in candidate_results(state).items()}
    metric = METRICS[tried.metric]
    known = [one for one in tried.tried if one.variant in entries and one.baseline in entries]
    found = [_outcome(one, entries, metric, findings, len(known)) for one in known]
    corrected = iter(holm([one.p for one in found if one.p is not None]))
    found = [one if one.p is None else _corrected(one, next(corrected)) for one in found]
    return [
        _mended(sick, entries[sick.variant], metric, [one for one in found if one.tried.baseline == sick.variant])
        for sick in tried.sick
        if sick.variant in entries
    ]


def _mended(sick: SickVariant, entry: CandidateResults, metric: Metric, found: Sequence[RemedyOutcome]) -> Mended:
    values = list(entry.values(metric).values())
    ranked = sorted(found, key=_rank)
    return Mended(sick, summarize(values, metric.quantity), _lost(entry), len(entry.trials), tuple(ranked))


def _rank(one: RemedyOutcome) -> tuple[bool, bool, float, bool, float]:
    return not one.mends, not one.is_better, one.still / max(one.n, 1), one.outcome is not Outcome.CONFIRMED, -one.gain


def _corrected(one: RemedyOutcome, p: float) -> RemedyOutcome:
    return replace(one, p=p, outcome=one.outcome if p <= ALPHA else Outcome.UNDECIDED)


def _outcome(
    tried: TriedRemedy,
    entries: Mapping[str, CandidateResults],
    metric: Metric,
    findings: Mapping[int, Sequence[Finding]],
    together: int,
) -> RemedyOutcome:
    entry, baseline = entries[tried.variant], entries[tried.baseline]
    ours, theirs = entry.values(metric), baseline.values(metric)
    common = ours.keys() & theirs.keys()
    told = difference(ours, theirs, metric, ALPHA / max(together, 1)) if common else NOTHING
    better, worse = (ours, theirs) if metric.better != "lower" else (theirs, ours)
    none = metric.quantity.no_difference
    decision = decide(lambda alpha: difference(better, worse, metric, alpha).interval, Condition(none, math.inf, True))
    advantage = difference(better, worse, metric, ALPHA).mean if common else None
    kinds = _kinds(baseline, findings)
    wanted = set(tried.kinds) or kinds
    own = [_told(findings.get(trial.index, ())) for trial in entry.trials]
    return RemedyOutcome(
        tried=tried,
        value=summarize(list(ours.values()), metric.quantity),
        difference=told,
        outcome=decision.outcome,
        p=decision.p if common else None,
        n=len(entry.trials),
        still=sum(bool(one & wanted) for one in own),
        new=tuple(sorted(_kinds(entry, findings) - kinds)),
        lost=_lost(entry),
        gain=_gain(_lost(baseline) - _lost(entry), advantage, none),
    )


def _gain(saved: int, advantage: float | None, none: float) -> float:
    """Seeds that come to an end outweigh any number, as a mean over the survivors would favour those that lose some."""
    if saved:
        return math.copysign(math.inf, saved)
    return 0.0 if advantage is None else advantage - none


def _lost(entry: CandidateResults) -> int:
    return sum(entry.counts[status] for status in LOST)


def _kinds(entry: CandidateResults, findings: Mapping[int, Sequence[Finding]]) -> set[str]:
    """The kinds of alarms and warnings that any of a candidate's seeds has."""
    return {kind for trial in entry.trials for kind in _told(findings.get(trial.index, ()))}


def _told(found: Sequence[Finding]) -> set[str]:
    return {one.kind for one in found if one.severity != "note" and one.kind not in OUTSIDE}
