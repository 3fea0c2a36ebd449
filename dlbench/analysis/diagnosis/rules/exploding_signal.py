"""A signal that has grown from layer to layer before any step was taken, too far for the training to make up for it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dlbench.analysis.diagnosis.columns import highest
from dlbench.analysis.diagnosis.evidence import Marks, Values
from dlbench.analysis.diagnosis.rule import rule
from dlbench.analysis.diagnosis.training import TrainingEvidence
from dlbench.analysis.diagnosis.training_rule import TrainingRule
from dlbench.words.number_format import number

GROWN = 10.0
"""The deviation of a hidden layer's outputs: inits are made to keep about 1 (Glorot & Bengio 2010, He et al. 2015)."""
COSTLY = 10.0
"""The first loss in prices of guessing: that of answers which are sure, and wrong, before anything was learned."""


@rule
class ExplodingSignal(TrainingRule):
    """Hidden outputs deviate by > 10 at the first probe, and the first loss is > 10 times guessing's; little learned at the end.

    Units that end at 1 do not grow: those are saturated. A net that gets over such a start is none the worse for it.
    """

    kind = "exploding-gradient"
    severity = "warning"
    title = "exploding signal"
    because = "Each layer makes its input larger, and the gradient on its way back as well: the net begins sure of wrong answers."
    refuted_by = "The outputs of hidden layers would deviate by about 1 at the first step."
    remedies = ("init", "zero-start", "normalize-input", "batch-norm")

    def holds(self, training: TrainingEvidence) -> Marks:
        """Trials that have begun so, and are no better than a guess."""
        grown: Marks = (training.of(_largest) > GROWN) & (training.first > COSTLY)
        return training.ended & training.is_lost & grown

    def evidence(self, training: TrainingEvidence, place: int) -> Mapping[str, float]:
        """The largest deviation, and the first loss."""
        return {
            "activation_std": float(training.of(_largest)[place]),
            "first_over_guessing": float(training.first[place]),
        }

    def words(self, training: TrainingEvidence, place: int, found: Mapping[str, float]) -> str:
        """How large the signal is, and what it costs."""
        size, loss = number(found["activation_std"]), number(found["first_over_guessing"])
        return f"hidden outputs deviate by up to {size} where 1 is usual, and the first loss is {loss} of {training.yardstick}"


def _largest(training: TrainingEvidence) -> Values:
    """The largest deviation of a hidden layer's outputs at the first probe, `[trials]`."""
    hidden = training.of_weights("activation_std")[:1, :, :-1]
    if not hidden.size:
        return np.full(len(training.trials), np.nan)
    return highest(hidden[0].T)
