"""What a rule about a whole training is: held against the curves, probes, settings and data of many trials at once.

And what several of them ask: how far steps go, whether there is a gradient to follow, how much the loss still fell at the end.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from dlbench.analysis.diagnosis.columns import last_known, median
from dlbench.analysis.diagnosis.evidence import Marks, Values
from dlbench.analysis.diagnosis.finding import Finding, Severity
from dlbench.analysis.diagnosis.rule import Rule
from dlbench.analysis.diagnosis.training import TrainingEvidence

if TYPE_CHECKING:
    from dlbench.state.trial_state import TrialState

SLOW = 6e-4
"""Of their norm weights should move by about 10^-3 a step (Karpathy, CS231n); half of that is slow."""
STILL = SLOW / 100
"""The pace of weights that stand still: a thousand such steps move them by less than a hundredth."""
ALIVE = 3e-3
"""The gradient over the weights below which no rate is to blame for small steps: a tenth is usual at the beginning."""
LAST_PART = 0.2
"""The share of the evaluations by whose fall it is told whether a net still learns."""


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


def gradient_over_weights(training: TrainingEvidence) -> Values:
    """The median over layers and probes of the gradient over the weights, `[trials]`."""
    with np.errstate(divide="ignore", invalid="ignore"):
        sizes = training.of_weights("gradient_norm") / training.of_weights("weight_norm")
    return median(median(sizes, axis=2), axis=0)


def has_gradient(training: TrainingEvidence) -> Marks:
    """Where there is a gradient to follow, so that it is the rate, a schedule or a clip that makes steps small, or none."""
    has: Marks = training.of(gradient_over_weights) > ALIVE
    return has


def stands_still(training: TrainingEvidence) -> Marks:
    """Where weights hardly move though there is a gradient: such a net is as its start made it, whatever it suffers from."""
    stands: Marks = training.of(has_gradient) & (training.usual_pace < STILL)
    return stands


def late_fall(training: TrainingEvidence) -> Values:
    """By what share of itself the loss has fallen over the last fifth of the evaluations, `[trials]`."""
    with np.errstate(invalid="ignore", divide="ignore"):  # a loss of exactly 0 cannot fall: NaN
        return 1 - training.last / _before(training)


def late_share(training: TrainingEvidence) -> Values:
    """What share of its whole fall a fifth of the training at its end has brought, `[trials]`.

    A fifth where it falls evenly, none where it has settled. A few evaluations have no fifth: what their last part has brought
    counts by its length.
    """
    count = len(training.steps)
    length = max(count - 1 - _begin(count), 1) / max(count - 1, 1)
    with np.errstate(invalid="ignore"):  # a loss that was infinite has no fall: NaN
        brought: Values = (_before(training) - training.last) / np.maximum(training.first - training.last, 1e-12)
    return brought * LAST_PART / length


def _begin(count: int) -> int:
    """The place of the last of so many evaluations before the last part, which has one at least."""
    return max(min(math.ceil((1 - LAST_PART) * count) - 1, count - 2), 0)


def _before(training: TrainingEvidence) -> Values:
    """The last loss before the last part."""
    return last_known(training.loss[: _begin(len(training.steps)) + 1])
