"""What is wrong, in one sentence a variant: the worst finding, in how many of its seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dlbench.analysis.diagnosis.finding import SEVERITIES, Finding
from dlbench.analysis.diagnosis.rules import RULES
from dlbench.analysis.diagnosis.rules.ending import ENDINGS
from dlbench.plan import candidate_text
from dlbench.state.run_state import RunState
from dlbench.state.trial_state import TrialState


def finding_notes(state: RunState, findings: Mapping[int, Sequence[Finding]]) -> list[str]:
    """A sentence for each candidate with a finding: `relu: 2 of 10 seeds: dead units: ..., since step 40`.

    How trials ended is told elsewhere, and of those that diverged that they did says more.
    """
    telling = {index: own for index, found in findings.items() if (own := _telling(found))}
    notes = {name: _note(trials, telling) for name, trials in by_candidate(state).items()} if telling else {}
    return [f"{name}: {note}" for name, note in notes.items() if note]


def by_candidate(state: RunState) -> dict[str, list[TrialState]]:
    """The trials of each candidate, by its name."""
    found: dict[str, list[TrialState]] = {}
    for trial in state.trials:
        found.setdefault(candidate_text(state.plan.candidates[trial.plan.candidate]), []).append(trial)
    return found


def _note(trials: Sequence[TrialState], findings: Mapping[int, Sequence[Finding]]) -> str | None:
    own = [findings.get(trial.index, ()) for trial in trials if trial.diverged_at is None]
    known = [one for found in own for one in found]
    if not known:
        return None
    worst = min(known, key=_rank)
    kind = [one for one in known if one.kind == worst.kind]
    seeds = sum(any(one.kind == worst.kind for one in found) for found in own)
    first = min(kind, key=lambda one: (_rank(one)[0], one.since))
    return f"{seeds} of {len(trials)} seeds: {first.text}"


def _telling(found: Sequence[Finding]) -> list[Finding]:
    return [one for one in found if one.kind not in ENDINGS]


def _rank(one: Finding) -> tuple[int, int]:
    """The worst first: by severity, then in the order in which rules are told."""
    kinds = [rule.kind for rule in RULES]
    return SEVERITIES.index(one.severity), kinds.index(one.kind) if one.kind in kinds else len(kinds)
