"""What a record says of the rules: sick trials that they name, findings that are right, healthy trials in which they cry wolf."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from dlbench.self_test.training import DiagnosedTrial

COUNTED = ("alarm", "warning")
"""Severities that count; a note may be as it likes."""

NOTHING, HEALTHY = "nothing", "healthy"
"""What is found where nothing is, and what is expected where nothing is wrong."""


@dataclass(frozen=True)
class Judged:
    """A trial's counted kinds, by what they are worth."""

    trial: DiagnosedTrial
    named: tuple[str, ...]
    """Kinds that the scenario accepts."""
    beside: tuple[str, ...]
    """Kinds that are true as well."""
    wrong: tuple[str, ...]
    """All others."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """Every kind that was found."""
        return (*self.named, *self.beside, *self.wrong)


def judged(trial: DiagnosedTrial) -> Judged:
    """What a trial's alarms and warnings are worth; a kind counts once, however many layers it is told of."""
    kinds = list(dict.fromkeys(one.kind for one in trial.findings if one.severity in COUNTED))
    accepts, also = trial.scenario.accepts, trial.scenario.also
    named = tuple(kind for kind in kinds if kind in accepts)
    beside = tuple(kind for kind in kinds if kind in also and kind not in accepts)
    return Judged(trial, named, beside, tuple(kind for kind in kinds if kind not in (*accepts, *also)))


@dataclass(frozen=True)
class Share:
    """So many of so many."""

    count: int
    of: int

    @property
    def value(self) -> float | None:
        """The share; `None` of nothing."""
        return self.count / self.of if self.of else None


@dataclass(frozen=True)
class DiagnosisScore:
    """The figures of some trials.

    `recall`: of the sick trials, those of which an accepted kind is told. `precision`: of all findings, in healthy trials too,
    those that are accepted or true beside it. `false_alarms`: of the healthy trials, those of which anything is told.
    """

    scenarios: int
    recall: Share
    precision: Share
    false_alarms: Share


def score(found: Sequence[Judged]) -> DiagnosisScore:
    """The figures of these trials."""
    sick = [one for one in found if one.trial.scenario.is_sick]
    healthy = [one for one in found if not one.trial.scenario.is_sick]
    told, wrong = (sum(len(getattr(one, of)) for one in found) for of in ("kinds", "wrong"))
    return DiagnosisScore(
        len({one.trial.scenario.name for one in found}),
        Share(sum(bool(one.named) for one in sick), len(sick)),
        Share(told - wrong, told),
        Share(sum(bool(one.kinds) for one in healthy), len(healthy)),
    )


@dataclass(frozen=True)
class KindScore:
    """The figures of one kind: the trials of scenarios that are first of all cases of it, and the findings of it anywhere."""

    kind: str
    recall: Share
    precision: Share
    false_alarms: int
    """In how many healthy trials it was told."""


def score_of_kinds(found: Sequence[Judged], kinds: Sequence[str]) -> list[KindScore]:
    """The figures of each kind that is expected or told anywhere, in the order of `kinds`."""
    scores = []
    for kind in kinds:
        own = [one for one in found if one.trial.scenario.kind == kind]
        told = [one for one in found if kind in one.kinds]
        if own or told:
            recall = Share(sum(bool(one.named) for one in own), len(own))
            precision = Share(sum(kind not in one.wrong for one in told), len(told))
            scores.append(KindScore(kind, recall, precision, sum(not one.trial.scenario.is_sick for one in told)))
    return scores


def confusion(found: Sequence[Judged]) -> Counter[tuple[str, str]]:
    """In how many trials what was expected first met what was found: (kind or "healthy", kind or "nothing")."""
    return Counter((one.trial.scenario.kind or HEALTHY, kind) for one in found for kind in (one.kinds or (NOTHING,)))
