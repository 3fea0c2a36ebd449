"""A net that has learned nothing, for no reason that another rule knows."""

from __future__ import annotations

from collections.abc import Mapping

from dlbench.analysis.diagnosis.evidence import Marks
from dlbench.analysis.diagnosis.rule import rule
from dlbench.analysis.diagnosis.training import TrainingEvidence
from dlbench.analysis.diagnosis.training_rule import TrainingRule
from dlbench.words.number_format import number

GUESS = 0.97
"""The loss over guessing's from which on a net is no better than a guess."""
FEWEST = 6
"""Evaluations below which nothing is said of a curve."""


@rule
class NotLearning(TrainingRule):
    """The loss on the training data ends at 0.97 of what guessing costs, or above."""

    kind = "not-learning"
    severity = "alarm"
    title = "not learning"
    because = "Whatever the net sees, it answers what is most frequent: of the input nothing arrives at the output."
    refuted_by = "The loss on the training data would lie below that of always saying how frequent each answer is."
    remedies = ("adam", "init", "normalize-input", "relu", "batch-norm")

    def holds(self, training: TrainingEvidence) -> Marks:
        """Ended trials that are no better than a guess."""
        return training.ended & ~training.diverged & (training.last > GUESS) & (training.evaluations >= FEWEST)

    def evidence(self, training: TrainingEvidence, place: int) -> Mapping[str, float]:
        """The loss over guessing's."""
        return {"loss_over_guessing": float(training.last[place])}

    def words(self, training: TrainingEvidence, place: int, found: Mapping[str, float]) -> str:
        """The loss over guessing's."""
        return f"the loss ends at {number(found['loss_over_guessing'])} of {training.yardstick}"
