"""Samples that are judged and were trained on."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from dlbench.analysis.diagnosis.evidence import Marks
from dlbench.analysis.diagnosis.finding import Severity
from dlbench.analysis.diagnosis.rule import rule
from dlbench.analysis.diagnosis.training import TrainingEvidence
from dlbench.analysis.diagnosis.training_rule import TrainingRule
from dlbench.data_facts import DataFacts
from dlbench.words.number_format import percent

MOST = 0.05
"""The share of judged samples that may equal a training sample."""
SPACE = 3.0
"""Rows of few columns with few values meet by chance: the values' combinations must be more than the rows to this power."""
CONTINUOUS = 0.5
"""The distinct values of one column over the distinct rows from which on two equal rows are one and the same."""


@rule
class DataLeak(TrainingRule):
    """More than 5 % of the test or validation samples equal a training sample in every feature, and that is no chance.

    It is chance where columns have few values: where all their combinations are less than the cube of the rows, and no column
    has half as many values as there are rows.
    """

    kind = "data-leak"
    waits_for_end = False
    severity = "warning"
    title = "data leak"
    because = (
        "A net may know these samples by heart: the numbers on unseen data flatter it, and overfitting is not seen."
    )
    refuted_by = "Without the samples that were trained on, accuracy and loss on unseen data would be the same."
    remedies = ("split-again",)

    def holds(self, training: TrainingEvidence) -> Marks:
        """All trials that learn from such data."""
        return np.full(len(training.trials), bool(self._shares(training)), np.bool_)

    @staticmethod
    def _shares(training: TrainingEvidence) -> dict[str, float]:
        """By split, the share of samples that were trained on; empty where that is no fault, or not known."""
        facts = training.facts
        if facts is None or facts.repeated is None or facts.test_repeats_train or not _is_unlikely(facts):
            return {}
        splits = [split for split in ("validation", "test") if facts.samples.get(split)]
        shares = {split: facts.repeated.get(split, 0) / facts.samples[split] for split in splits}
        return {split: share for split, share in shares.items() if share > MOST}

    def how_bad(self, training: TrainingEvidence, place: int) -> Severity:
        """A warning: it is the numbers that are wrong, not the net."""
        return "warning"

    def evidence(self, training: TrainingEvidence, place: int) -> Mapping[str, float]:
        """The share of each split."""
        return {f"{split}_repeated": share for split, share in self._shares(training).items()}

    def words(self, training: TrainingEvidence, place: int, found: Mapping[str, float]) -> str:
        """How many samples of which split."""
        told = [f"{percent(share)} of the {name.removesuffix('_repeated')} samples" for name, share in found.items()]
        return f"{' and '.join(told)} equal a training sample in every feature"


def _is_unlikely(facts: DataFacts) -> bool:
    """Whether two samples are hardly equal by chance."""
    rows = facts.samples["train"] - (facts.repeated or {}).get("train", 0)
    if facts.ranges is None or facts.ranges.distinct is None or facts.ranges.of != "feature":
        return True  # pictures
    values = facts.ranges.distinct
    combinations = sum(math.log(own) for own in values if own > 1)
    return max(values) > CONTINUOUS * rows or combinations > SPACE * math.log(max(rows, 2))
