"""A rare class that is never told."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from dlbench.analysis.diagnosis.evidence import Marks
from dlbench.analysis.diagnosis.finding import Severity
from dlbench.analysis.diagnosis.rule import rule
from dlbench.analysis.diagnosis.training import TrainingEvidence
from dlbench.analysis.diagnosis.training_rule import TrainingRule
from dlbench.words.number_format import percent

RARE = 0.15
"""The count of a class over that of the largest one below which it is rare."""
MISSED, TOLD = 0.5, 0.9
"""The share of its samples that are told right: below, of a rare class that is missed; above, of the largest one."""


@rule
class ClassImbalance(TrainingRule):
    """Of a class with < 15 % of the largest one's training samples less than half are told right, of the largest more than 90 %."""

    kind = "class-imbalance"
    severity = "warning"
    title = "class imbalance"
    symptom = "a rare class that is never told"
    because = "The mean loss hardly notices a rare class: to answer the frequent one always is nearly as good, and much easier."
    refuted_by = "With class weights the rare class would be told right no more often."
    remedies = ("class-weights", "more-data")

    def holds(self, training: TrainingEvidence) -> Marks:
        """Ended trials that miss a rare class on the training data."""
        missed = [self._missed(training, place) is not None for place in range(len(training.trials))]
        holds: Marks = training.ended & np.array(missed, np.bool_)
        return holds

    @staticmethod
    def _counts(training: TrainingEvidence, place: int) -> NDArray[np.int64] | None:
        """The confusion on the training data, on unseen data where that is not told."""
        trial = training.trials[place]
        found = trial.confusion("train")
        return trial.confusion(training.judged) if found is None else found

    def _missed(self, training: TrainingEvidence, place: int) -> int | None:
        """The rare class that is told right least often; `None` where all are told, or the largest is not."""
        own, counts = training.trials[place].class_counts, self._counts(training, place)
        if not own or counts is None or len(own) != len(counts) or max(own) == 0:
            return None
        frequent = np.array(own)
        rare = (frequent < RARE * frequent.max()) & (frequent > 0) & (counts.sum(axis=1) > 0)
        right = counts.diagonal() / np.maximum(counts.sum(axis=1), 1)
        if not rare.any() or right[frequent.argmax()] < TOLD:
            return None
        worst = int(np.where(rare, right, np.inf).argmin())
        return worst if right[worst] < MISSED else None

    def how_bad(self, training: TrainingEvidence, place: int) -> Severity:
        """A warning: the others are told right."""
        return "warning"

    def evidence(self, training: TrainingEvidence, place: int) -> Mapping[str, float]:
        """The class by its number, its share of the training samples, and of which share it is told right."""
        trial, worst, counts = training.trials[place], self._missed(training, place), self._counts(training, place)
        assert worst is not None
        assert counts is not None
        own = trial.class_counts or [1]
        return {
            "class": float(worst),
            "share": own[worst] / sum(own),
            "recall": float(counts[worst, worst] / counts[worst].sum()),
        }

    def words(self, training: TrainingEvidence, place: int, found: Mapping[str, float]) -> str:
        """Which class, how rare, and how often it is told right."""
        names, worst = training.trials[place].class_names, int(found["class"])
        name = names[worst] if worst < len(names) else str(worst)
        return f"'{name}' is {percent(found['share'])} of the training samples, and {percent(found['recall'])} of it is told right"
