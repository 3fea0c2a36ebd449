"""Gradients that shrink or grow from step of time to step of time."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dlbench.analysis.diagnosis.aptness import through_time
from dlbench.analysis.diagnosis.columns import first_known, median
from dlbench.analysis.diagnosis.evidence import Marks, Values
from dlbench.analysis.diagnosis.finding import Severity
from dlbench.analysis.diagnosis.rule import rule
from dlbench.analysis.diagnosis.training import TrainingEvidence
from dlbench.analysis.diagnosis.training_rule import TrainingRule, stands_still
from dlbench.measures.names import first_times
from dlbench.words.number_format import number

VANISHES, EXPLODES = 1e-4, 1e3
"""The gradient of the first state over that of the last one, beyond which what came first is not heard, or drowns all else."""


class _ThroughTime(TrainingRule):
    """What both have in common."""

    def evidence(self, training: TrainingEvidence, place: int) -> Mapping[str, float]:
        """The ratio."""
        return {"time_gradient_ratio": float(training.of(self._ratio)[place])}

    def _ratio(self, training: TrainingEvidence) -> Values:
        """What it is judged by, `[trials]`."""
        raise NotImplementedError

    def layers(self, training: TrainingEvidence, place: int) -> tuple[int, ...]:
        """The row of the first step of time."""
        return tuple(first_times([layer.kind for layer in training.stack.layers])[:1])


@rule
class VanishingThroughTime(_ThroughTime):
    """|dL/dh| at the first step of time over that at the last < 10^-4, the median over all probes; little learned.

    Where it was so before the first step alone, and the net has learned all the same, that is a note: it has cost time. So is it
    where steps are too small to change anything: most nets get over such a start once they move.
    """

    kind = "vanishing-through-time"
    severity = "warning"
    title = "vanishes through time"
    because = (
        "The gradient is multiplied once a step of time: what stands at the beginning of a sequence is never heard."
    )
    refuted_by = "The loss would have a gradient by the first state of about the size of that by the last."
    remedies = ("forget-bias", "lstm", "orthogonal", "shorter-sequences")

    def _ratio(self, training: TrainingEvidence) -> Values:
        return np.where(training.is_poor, median(training.over_time, axis=0), first_known(training.over_time))

    def holds(self, training: TrainingEvidence) -> Marks:
        """Ended trials in which it is so, or was so and has passed."""
        return training.ended & (training.of(self._ratio) < VANISHES)

    def how_bad(self, training: TrainingEvidence, place: int) -> Severity:
        """A note of a net that got over it, or that its rate gave no chance to."""
        if not training.is_poor[place] or training.of(stands_still)[place]:
            return "note"
        return super().how_bad(training, place)

    def words(self, training: TrainingEvidence, place: int, found: Mapping[str, float]) -> str:
        """What part arrives, and until when that was so."""
        ratio = number(found["time_gradient_ratio"])
        passed = np.flatnonzero(training.over_time[:, place] >= VANISHES)
        if training.is_poor[place] or not len(passed):
            return f"of the last state's gradient {ratio} arrives at the first"
        step = training.probe_steps[passed[0]]
        return f"of the last state's gradient {ratio} arrived at the first in the beginning, enough of it from step {step:,} on"


@rule
class ExplodingThroughTime(_ThroughTime):
    """The same ratio > 10^3 at the first probe (Bengio, Simard & Frasconi 1994); little learned."""

    kind = "exploding-through-time"
    severity = "warning"
    title = "explodes through time"
    because = "The gradient is multiplied once a step of time, by more than 1: the weights are thrown about by the oldest inputs."
    refuted_by = "The loss would have a gradient by the first state of about the size of that by the last."
    remedies = ("orthogonal", "clip-norm", "lstm", "lower-rate")
    is_apt = staticmethod(through_time)

    def _ratio(self, training: TrainingEvidence) -> Values:
        return first_known(training.over_time)

    def holds(self, training: TrainingEvidence) -> Marks:
        """Trials that have learned little, or diverged."""
        done = training.ended | training.diverged
        return done & training.is_poor & (training.of(self._ratio) > EXPLODES)

    def words(self, training: TrainingEvidence, place: int, found: Mapping[str, float]) -> str:
        """How many times it grows."""
        return f"the first state's gradient is {number(found['time_gradient_ratio'])} times the last one's"
