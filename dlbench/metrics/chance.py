"""What guessing costs: who knows how frequent each class is, and nothing else, has this loss and this accuracy. Imports nothing heavy."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from dlbench.metrics.trial_view import TrialView


@dataclass(frozen=True)
class Chance:
    """The lowest loss without looking at the input, in nats, and the highest accuracy."""

    loss: float
    accuracy: float

    @classmethod
    def of(cls, counts: Sequence[int]) -> Chance:
        """The entropy -sum(p ln p) of the classes' shares p, and the largest share; of samples a class, some above 0.

        Cross-entropy is lowest where the outputs are the shares (Gibbs' inequality); K equal classes give ln K and 1 / K.
        """
        total, present = sum(counts), [count for count in counts if count]
        if min(present) == max(present):
            return cls(math.log(len(present)), 1 / len(present))
        return cls(-sum(count / total * math.log(count / total) for count in present), max(present) / total)


def chance_of(trial: TrialView) -> Chance | None:
    """What guessing costs on a trial's training data; as if its classes were equal where a run of before kept no counts."""
    if trial.class_counts:
        return Chance.of(trial.class_counts)
    return Chance.of([1] * trial.classes) if trial.classes and trial.classes > 1 else None
