"""A loss that goes up and down and does not settle."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dlbench.analysis.diagnosis.aptness import of_swings
from dlbench.analysis.diagnosis.evidence import Marks, Values
from dlbench.analysis.diagnosis.rule import rule
from dlbench.analysis.diagnosis.training import GOOD, TrainingEvidence
from dlbench.analysis.diagnosis.training_rule import TrainingRule
from dlbench.words.number_format import number

FEWEST = 10
"""Evaluations in the second half below which turns are no pattern."""
SWING = 0.25
"""The mean change from one evaluation to the next over the mean loss: AUTOTRAINER calls 0.03 an oscillation of accuracy."""
TURNS = 0.4
"""The share of changes that go another way than the one before: of pure noise two in three do."""

SMOOTH, EVEN, LEARNED = 0.03, 0.3, 0.05
"""The same two where batches make no noise, and the loss over guessing's below which it does not matter."""


@rule
class OscillatingLoss(TrainingRule):
    """In the second half of the evaluations mean |dL| > 0.25 mean L, two in five changes turn, and L > 0.2 of guessing's.

    Where a step takes all samples, so that no noise of batches moves the loss: mean |dL| > 0.03 mean L, and three in ten turn.
    """

    kind = "oscillating-loss"
    severity = "warning"
    title = "oscillating loss"
    because = "The steps jump to and fro across the valley in place of going down along it, or each batch says something else."
    refuted_by = "At a smaller rate, or with larger batches, the loss would go up and down as much."
    remedies = ("lower-momentum", "lower-rate", "larger-batch", "adam")
    is_apt = staticmethod(of_swings)

    def holds(self, training: TrainingEvidence) -> Marks:
        """Ended trials whose loss swings, and has not come down."""
        half = self._half(training)
        if len(half) < FEWEST:
            return np.zeros(len(training.trials), np.bool_)
        swings, turns = self._swing(half)
        wild = (swings > SWING) & (turns > TURNS) & (half.mean(axis=0) > GOOD)
        whole = (swings > SMOOTH) & (turns > EVEN) & (training.last > LEARNED) & training.of(self._is_whole)
        holds: Marks = training.ended & (wild | whole)
        return holds

    @staticmethod
    def _is_whole(training: TrainingEvidence) -> Marks:
        """Where a step takes all samples."""
        samples = training.stack.samples.get("train") or np.inf
        sizes = training.setting("train", "batch_size")
        return np.array([size == "full" or (isinstance(size, int) and size >= samples) for size in sizes], np.bool_)

    @staticmethod
    def _half(training: TrainingEvidence) -> Values:
        return training.loss[len(training.loss) // 2 :]

    @staticmethod
    def _swing(half: Values) -> tuple[Values, Values]:
        """The mean change over the mean, and the share of changes that turn."""
        changes = np.diff(half, axis=0)
        turns = (np.sign(changes[1:]) * np.sign(changes[:-1]) < 0).mean(axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.abs(changes).mean(axis=0) / half.mean(axis=0), turns

    def since(self, training: TrainingEvidence, place: int) -> int:
        """The middle of the training."""
        return int(training.steps[len(training.steps) // 2])

    def evidence(self, training: TrainingEvidence, place: int) -> Mapping[str, float]:
        """How far it swings, how often it turns."""
        swings, turns = self._swing(self._half(training)[:, [place]])
        return {"change_over_loss": float(swings[0]), "turns_fraction": float(turns[0])}

    def words(self, training: TrainingEvidence, place: int, found: Mapping[str, float]) -> str:
        """How far it swings."""
        return (
            f"from one evaluation to the next the loss changes by {number(100 * found['change_over_loss'])} % of itself"
        )
