"""What guessing costs: the loss and metrics of knowing only how frequent each target is. Imports nothing heavy."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from dlbench.metrics.trial_view import TrialView


@dataclass(frozen=True)
class Chance:
    """The best without looking at the input: the lowest loss (of cross-entropy in nats), and by the task's own metrics.

    `accuracy` is that of always saying the largest class, `rmse` that of always saying the mean.
    """

    loss: float
    accuracy: float | None = None
    rmse: float | None = None
    blind_loss: float | None = None
    """The loss of one that takes all classes for equally frequent, where there are classes."""

    @classmethod
    def of(cls, counts: Sequence[int]) -> Chance:
        """The entropy -sum(p ln p) of the classes' shares p, and the largest share; of samples a class, some above 0.

        Cross-entropy is lowest where the outputs are the shares (Gibbs' inequality); K equal classes give ln K and 1 / K.
        """
        total, present, blind = sum(counts), [count for count in counts if count], math.log(len(counts))
        if min(present) == max(present):
            return cls(math.log(len(present)), 1 / len(present), None, blind)
        entropy = -sum(count / total * math.log(count / total) for count in present)
        return cls(entropy, max(present) / total, None, blind)


def chance_of(trial: TrialView) -> Chance | None:
    """What guessing costs on a trial's training data, as its task has told it.

    Of a run of before it is that of cross-entropy, as if classes were equal where it kept no counts.
    """
    told = trial.chance
    if "loss" in told:
        return Chance(told["loss"], told.get("accuracy"), told.get("rmse"), told.get("blind_loss"))
    if trial.class_counts:
        return Chance.of(trial.class_counts)
    return Chance.of([1] * trial.classes) if trial.classes and trial.classes > 1 else None
