"""What a rule about a whole training is: held against the curves, probes, settings and data of many trials at once."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar

from dlbench.analysis.diagnosis.evidence import Marks
from dlbench.analysis.diagnosis.finding import Finding, Severity
from dlbench.analysis.diagnosis.rule import Rule
from dlbench.analysis.diagnosis.training import TrainingEvidence

if TYPE_CHECKING:
    from dlbench.state.trial_state import TrialState


class TrainingRule(Rule):
    """A rule that is held against what a training has come to, of all trials of a stack together."""

    title: ClassVar[str]
    """What it is in a few words."""
    symptom: ClassVar[str] = ""
    """What is seen of it, where something else is the cause of that, and its title would name another one."""
    waits_for_end: ClassVar[bool] = True
    """Whether it holds only of trainings that have ended or diverged, so that whoever watches need not ask before."""

    @abstractmethod
    def holds(self, training: TrainingEvidence) -> Marks:
        """In which trials it holds, `[trials]`."""

    @abstractmethod
    def evidence(self, training: TrainingEvidence, place: int) -> Mapping[str, float]:
        """The numbers that tell it of the trial at a place."""

    @abstractmethod
    def words(self, training: TrainingEvidence, place: int, found: Mapping[str, float]) -> str:
        """What is told behind its title, of what `evidence` has found there."""

    def since(self, training: TrainingEvidence, place: int) -> int:
        """The step from which on it holds: the first, unless something begins later."""
        return 0

    def layers(self, training: TrainingEvidence, place: int) -> tuple[int, ...]:
        """The rows of the layers that it is about."""
        return ()

    def how_bad(self, training: TrainingEvidence, place: int) -> Severity:
        """An alarm where the net is hardly better than a guess, else what the rule says."""
        return "alarm" if self.severity != "note" and training.is_lost[place] else self.severity

    def found_in(self, training: TrainingEvidence) -> Iterator[tuple[int, Finding]]:
        """Its findings, with the places of their trials."""
        for place in self.holds(training).nonzero()[0].tolist():
            yield place, self.finding(training, place)

    def finding(self, training: TrainingEvidence, place: int) -> Finding:
        """The finding in the trial at a place."""
        found = self.evidence(training, place)
        says = f"{self.title}: {self.words(training, place, found)}"
        one = Finding(
            self.kind,
            self.how_bad(training, place),
            says,
            (says, self.title),
            self.since(training, place),
            None,
            self.layers(training, place),
            {name: value for name, value in found.items() if math.isfinite(value)},
            self.because,
            self.refuted_by,
            symptom=self.symptom,
            tell=lambda: says,
        )
        return self.mended(one, training.trials[place])

    def finds(self, trial: TrialState) -> list[Finding]:
        """What it finds in a trial by itself."""
        return [one for _, one in self.found_in(TrainingEvidence([trial]))]
