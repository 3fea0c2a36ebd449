"""The diagnosis in words: one sentence a variant with what is worst in its seeds, its numbers and its time."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from dlbench.analysis.diagnosis.evidence import is_judged
from dlbench.analysis.diagnosis.finding import SEVERITIES, Finding
from dlbench.analysis.diagnosis.rules import RULES
from dlbench.analysis.summary import Report
from dlbench.plan import Trial, candidate_text
from dlbench.state.run_state import RunState
from dlbench.state.trial_state import TrialState

DIAGNOSIS = "Diagnosis"
"""What stands above it."""
MOST = 12
"""Sentences, and names, that people read in a row; the worst of more."""
STUCK = "not-learning"
CAUSES = ("vanishing-gradient", "zero-gradient", "dead-units", "saturated-units")
"""What may hold a net in its place, and is told with that it is stuck."""

STEPS = re.compile(r"step [\d,]+( to [\d,]+)?")
SINCE = re.compile(r"since step [\d,]+$")


@dataclass(frozen=True)
class Diagnosed:
    """What is told of one candidate, as which its first trial stands: `text` is the sentence behind its name."""

    trial: Trial
    text: str
    seeds: int
    """How many of its seeds have it."""
    of: int
    rank: tuple[int, int] = (0, 0)
    """The worst first."""

    @property
    def name(self) -> str:
        """The candidate as people read it."""
        return candidate_text(self.trial)

    def __str__(self) -> str:
        return f"{self.name}: {self.text}"


@dataclass(frozen=True)
class DiagnosisTold:
    """The diagnosis of a run: a sentence each for candidates with a finding, and the names of those without."""

    found: Sequence[Diagnosed] = field(default_factory=tuple)
    healthy: Sequence[str] = field(default_factory=tuple)
    is_final: bool = True
    """Whether all trials have ended."""

    def lines(self, most: int = MOST) -> list[str]:
        """For people: the worst `most` sentences in the table's order, how many more there are, and where nothing was found."""
        worst = sorted(self.found, key=lambda one: one.rank)[:most]
        lines = [str(one) for one in self.found if one in worst]
        if more := [one.name for one in self.found if one not in worst]:
            lines.append(f"findings also in {_named(more)}; --json has them all")
        if self.healthy:
            lines.append(f"nothing found{'' if self.is_final else ' so far'} in {_named(self.healthy)}")
        return lines

    def as_data(self) -> list[dict[str, Any]]:
        """The sentences as plain data."""
        return [
            {
                "variant": one.trial.variant,
                "choice": one.trial.choice,
                "seeds": one.seeds,
                "of": one.of,
                "says": one.text,
            }
            for one in self.found
        ]


def diagnosis(report: Report) -> DiagnosisTold:
    """The diagnosis of the candidates that the table compares; those of a search that were not picked are left out."""
    return told_of(report.state, report.findings, [row.candidate for row in report.table.rows])


def told_of(
    state: RunState, findings: Mapping[int, Sequence[Finding]], candidates: Collection[int] | None = None
) -> DiagnosisTold:
    """What is told of some candidates, in their order, or of all.

    How trials failed or were dropped is told elsewhere. A candidate is healthy if something could be found in any of its trials,
    and nothing was.
    """
    trials = by_candidate(state)
    wanted = [index for index in (trials if candidates is None else candidates) if index in trials]
    found = [one for index in wanted if (one := _diagnosed(trials[index], findings))]
    ill = {one.trial.candidate for one in found}
    healthy = [name_of(trials[index]) for index in wanted if index not in ill and any(map(is_judged, trials[index]))]
    return DiagnosisTold(found, healthy, all(trial.status.final for trial in state.trials))


def by_candidate(state: RunState) -> dict[int, list[TrialState]]:
    """The trials of each candidate, by its index in the plan."""
    found: dict[int, list[TrialState]] = {}
    for trial in state.trials:
        found.setdefault(trial.plan.candidate, []).append(trial)
    return found


def name_of(trials: Sequence[TrialState]) -> str:
    """The candidate of these trials as people read it."""
    return candidate_text(trials[0].plan)


def _diagnosed(trials: Sequence[TrialState], findings: Mapping[int, Sequence[Finding]]) -> Diagnosed | None:
    parts = [part for part in (_diverged(trials, findings), _worst(trials, findings)) if part]
    if not parts:
        return None
    text = "; ".join(text for text, _, _ in parts)
    seeds = sum(many for _, many, _ in parts)
    return Diagnosed(trials[0].plan, text, seeds, len(trials), min(rank for _, _, rank in parts))


Part = tuple[str, int, tuple[int, int]]
"""A sentence or its half, in how many seeds, and how bad it is."""


def _diverged(trials: Sequence[TrialState], findings: Mapping[int, Sequence[Finding]]) -> Part | None:
    """How many diverged, the first when, and what its probes had told before."""
    lost = {trial.index: trial.diverged_at for trial in trials if trial.diverged_at is not None}
    if not lost:
        return None
    first = min(lost, key=lambda index: lost[index])
    before = min(_telling(findings.get(first, ())), key=_rank, default=None)
    why = f" (before that, {before.sentence})" if before else ""
    many = len(lost)
    who = f"{many} of {len(trials)} seeds" if len(trials) > 1 else "it"
    return f"{who} diverged{', the first' if many > 1 else ''} at step {lost[first]:,}{why}", many, (0, -1)


def _worst(trials: Sequence[TrialState], findings: Mapping[int, Sequence[Finding]]) -> Part | None:
    """The worst finding of those that did not diverge, of several as bad what most seeds have; told as where it began first."""
    own = {trial.plan.seed: _telling(findings.get(trial.index, ())) for trial in trials if trial.diverged_at is None}
    known = [one for found in own.values() for one in found]
    if not known:
        return None
    in_seeds = Counter(
        (kind, severity) for found in own.values() for kind, severity in {(one.kind, one.severity) for one in found}
    )
    worst = min(known, key=lambda one: (_rank(one)[0], -in_seeds[one.kind, one.severity], _rank(one)[1]))
    same = {seed: [one for one in found if one.kind == worst.kind] for seed, found in own.items()}
    firsts = {seed: min(found, key=lambda one: (_rank(one), one.since)) for seed, found in same.items() if found}
    first = min(firsts, key=lambda seed: (_rank(firsts[seed]), firsts[seed].since))
    text = _with_cause(firsts[first], own[first])
    whose = _whose(first, {seed: _with_cause(one, own[seed]) for seed, one in firsts.items()})
    return f"{_in_seeds(len(firsts), len(trials))}{text}{whose}", len(firsts), _rank(worst)


def _whose(first: int, texts: Mapping[int, str]) -> str:
    """What is added where the seeds' sentences differ: whose it is, or that it is about the first of them in time alone."""
    if len(set(texts.values())) == 1:
        return ""
    is_of_time = len({STEPS.sub("", text) for text in texts.values()}) == 1 and SINCE.search(texts[first])
    return " at the earliest" if is_of_time else f" (in seed {first}, the first)"


def _with_cause(one: Finding, found: Sequence[Finding]) -> str:
    """The finding's sentence, and before that a stuck net is stuck, what holds it."""
    cause = next((other for other in found if one.kind == STUCK and other.kind in CAUSES), None)
    return one.sentence if cause is None else f"{cause.sentence}; {one.sentence}"


def _in_seeds(seeds: int, of: int) -> str:
    return "" if of == 1 else f"in all {of} seeds " if seeds == of else f"in {seeds} of {of} seeds "


def _named(names: Sequence[str]) -> str:
    more = len(names) - MOST
    shown = "; ".join(names[:MOST])
    return f"{shown} and {more} more" if more > 0 else shown


def _telling(found: Sequence[Finding]) -> list[Finding]:
    """Those that are no endings, which are told elsewhere."""
    return [one for one in found if one.tell is not None]


def _rank(one: Finding) -> tuple[int, int]:
    """The worst first: by severity, then in the order in which rules are told."""
    return SEVERITIES.index(one.severity), _places_of_kinds(len(RULES)).get(one.kind, len(RULES))


@cache
def _places_of_kinds(rules: int) -> dict[str, int]:
    """The place of the first rule of each kind, of so many rules: a file of parts may add some."""
    return {rule.kind: place for place, rule in reversed([*enumerate(RULES[:rules])])}
