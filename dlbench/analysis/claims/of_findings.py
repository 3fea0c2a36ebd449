"""Claims on what the diagnosis finds: of each trial 1 where it is so and 0 where not, of which the mean is a share of seeds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from dlbench.analysis.diagnosis.evidence import is_judged
from dlbench.analysis.diagnosis.finding import SEVERITIES
from dlbench.analysis.diagnosis.rules.ending import OUTSIDE
from dlbench.metrics.catalog import METRICS, Metric
from dlbench.metrics.quantity import SHARE
from dlbench.metrics.trial_view import Status, TrialView
from dlbench.state.trial_state import TrialState

if TYPE_CHECKING:
    from dlbench.analysis.diagnosis.finding import Finding
    from dlbench.plan.questions import Claim

Findings = Mapping[int, Sequence["Finding"]]
"""What is wrong with trials, by their indices in the plan; those that are not there have nothing."""

COUNTED = ("alarm", "warning")
"""The severities that claims count unless they say `notes`: these are worth knowing, and no fault."""


@dataclass(frozen=True)
class FindingValue:
    """Whether a trial has a kind of finding, or with no kind, whether it has none at all: 1.0 or 0.0.

    `None` where the training broke off for reasons outside of its net, and where nothing was found since no layers were measured.
    """

    kind: str | None
    findings: Findings
    severities: tuple[str, ...] = COUNTED

    def __call__(self, trial: TrialView, at_step: int | None = None) -> float | None:
        """Of one trial at its end."""
        own = cast("TrialState", trial)
        if own.status in {Status.FAILED, Status.DROPPED}:
            return None
        found = kinds_of(own, self.findings, self.severities)
        if self.kind is None:
            return 0.0 if found else (1.0 if is_judged(own) else None)
        return 1.0 if self.kind in found else (0.0 if is_judged(own) else None)


def kinds_of(trial: TrialState, findings: Findings, severities: tuple[str, ...] = COUNTED) -> set[str]:
    """The kinds of a trial's findings as grave as that, whenever they held."""
    found = findings.get(trial.index, ())
    return {one.kind for one in found if one.severity in severities and one.kind not in OUTSIDE}


def metric_of(claim: Claim, findings: Findings) -> Metric:
    """What a claim is about: its metric, or whether its findings are there."""
    if not claim.is_of_findings:
        return METRICS[claim.metric]
    value = FindingValue(claim.finds, findings, SEVERITIES if claim.notes else COUNTED)
    return Metric(claim.metric, "What the diagnosis finds.", value, "higher", ".2f", "", SHARE)


def found_text(claim: Claim, trials: Sequence[TrialState], findings: Findings) -> str:
    """What was found in the trials that a claim is about: `found dead-units with 3 seeds`; nothing where only what it says was."""
    counts = Counter(kind for trial in trials for kind in kinds_of(trial, findings) if kind != claim.finds)
    seeds = (f"{kind} with {count} seed{'s' if count > 1 else ''}" for kind, count in counts.most_common())
    also = "" if claim.finds is None else "also "
    return f"{also}found {', '.join(seeds)}" if counts else ""
