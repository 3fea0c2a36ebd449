"""What is wrong with the seeds of each candidate: every kind of finding once, in the words of the seed where it began first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dlbench.analysis.diagnosis.finding import SEVERITIES, Finding, Severity
from dlbench.state.run_state import RunState
from dlbench.state.trial_state import TrialState
from dlbench.text.findings import by_candidate, name_of


@dataclass(frozen=True)
class SharedFinding:
    """One kind of finding, and how many of a candidate's seeds have it."""

    severity: Severity
    text: str
    seeds: int
    of: int


def findings_of(
    state: RunState, findings: Mapping[int, Sequence[Finding]]
) -> list[tuple[str, tuple[SharedFinding, ...]]]:
    """Every candidate that has findings, with all of them, the worst first."""
    told = [(name_of(trials), tuple(_shared(trials, findings))) for trials in by_candidate(state).values()]
    return [(name, own) for name, own in told if own]


def _shared(trials: Sequence[TrialState], findings: Mapping[int, Sequence[Finding]]) -> list[SharedFinding]:
    of_kind: dict[str, list[Finding]] = {}
    for trial in trials:
        for kind, own in _firsts(findings.get(trial.index, ())).items():
            of_kind.setdefault(kind, []).append(own)
    firsts = [(min(own, key=lambda one: one.since), len(own)) for own in of_kind.values()]
    shared = [SharedFinding(first.severity, first.text, seeds, len(trials)) for first, seeds in firsts]
    return sorted(shared, key=lambda one: (SEVERITIES.index(one.severity), -one.seeds))


def _firsts(findings: Sequence[Finding]) -> dict[str, Finding]:
    """The first finding of each kind."""
    found: dict[str, Finding] = {}
    for one in findings:
        if one.kind not in found or one.since < found[one.kind].since:
            found[one.kind] = one
    return found
