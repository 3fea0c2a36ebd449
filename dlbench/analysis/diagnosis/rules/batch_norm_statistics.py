"""Batch normalization by statistics that are not those of the data."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dlbench.analysis.diagnosis.aptness import TINY, of_statistics
from dlbench.analysis.diagnosis.columns import last_known
from dlbench.analysis.diagnosis.evidence import Marks, Values
from dlbench.analysis.diagnosis.rule import rule
from dlbench.analysis.diagnosis.training import TrainingEvidence
from dlbench.analysis.diagnosis.training_rule import TrainingRule
from dlbench.metrics.names import BATCH_LOSS
from dlbench.words.number_format import number

TIMES, BY = 1.5, 0.1
"""The loss in evaluation over that while training, and beyond it in prices of guessing: running averages lag behind."""
KINDS = {"batch_norm", "BatchNorm1d", "BatchNorm2d", "BatchNorm3d"}


@rule
class BatchNormStatistics(TrainingRule):
    """Batch norm with batches of 4 or fewer; or a loss on the training data, by running averages, of 1.5 x that of the batches.

    While a net learns, the batches' mean loss since the last evaluation lies above the loss at its end; where it lies far below,
    the net that is evaluated is not the one that was trained (Ioffe 2017, Wu & He 2018).
    """

    kind = "batch-norm-statistics"
    severity = "warning"
    title = "batch statistics"
    because = (
        "While training, batch norm takes mean and variance of the batch, afterwards running averages of them: where batches are "
        "tiny, or the averages lag, the net that is judged is another one than the net that learned."
    )
    refuted_by = "With batches of 32, or a layer norm in its place, the net would end at the same loss in evaluation."
    remedies = ("larger-batch", "usual-momentum", "layer-norm")
    is_apt = staticmethod(of_statistics)

    def holds(self, training: TrainingEvidence) -> Marks:
        """Trials with batch norm whose batches are tiny, or whose evaluations are far worse than their batches."""
        has = np.array([self._has(training, place) for place in range(len(training.trials))], np.bool_)
        if not has.any():
            return has
        tiny = np.array([0 < size <= TINY for size in self._sizes(training)], np.bool_)
        lags = (training.last > TIMES * training.of(self._batch) + BY) & ~self._is_weighted(training)
        return has & training.ended & (tiny | lags)

    @staticmethod
    def _has(training: TrainingEvidence, place: int) -> bool:
        kinds = {layer.kind for layer in training.stack.layers} | training.recipes[place].kinds()
        return bool(kinds & KINDS)

    @staticmethod
    def _sizes(training: TrainingEvidence) -> list[int]:
        """The batches' sizes; 0 where they are not known, or all samples."""
        return [size if isinstance(size, int) else 0 for size in training.setting("train", "batch_size")]

    @staticmethod
    def _batch(training: TrainingEvidence) -> Values:
        return last_known(training.relative(BATCH_LOSS))

    @staticmethod
    def _is_weighted(training: TrainingEvidence) -> Marks:
        """Where class weights make the batches' loss another one."""
        return np.array([bool(own) for own in training.setting("train", "class_weights")], np.bool_)

    def evidence(self, training: TrainingEvidence, place: int) -> Mapping[str, float]:
        """The size of a batch, and both losses over guessing's."""
        size = self._sizes(training)[place]
        found = {
            "loss_over_guessing": float(training.last[place]),
            "batch_loss_over_guessing": float(training.of(self._batch)[place]),
        }
        return found | ({"batch_size": float(size)} if size else {})

    def words(self, training: TrainingEvidence, place: int, found: Mapping[str, float]) -> str:
        """What is too small, or how far both losses lie apart."""
        evaluated, trained = number(found["loss_over_guessing"]), number(found["batch_loss_over_guessing"])
        told = f"the training data cost {evaluated} of {training.yardstick} in evaluation and {trained} while training"
        size = found.get("batch_size", 0)
        return f"batches have {size:.0f} samples; {told}" if 0 < size <= TINY else told
