"""A net that is too small for what it shall learn."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from dlbench.analysis.diagnosis.evidence import Marks
from dlbench.analysis.diagnosis.rule import rule
from dlbench.analysis.diagnosis.training import GOOD, TrainingEvidence
from dlbench.analysis.diagnosis.training_rule import TrainingRule
from dlbench.words.number_format import number

FLAT = 0.1
"""The share of itself that the loss may still fall by in the last fifth of the evaluations."""
GAP = 0.15
"""How far unseen data may be worse, in prices of guessing: else it is another illness."""
NARROW = 2
"""Units of a layer that hardly anything gets through."""
UNITS = {"dense": -1, "Linear": 0}
"""Which number of a weight's shape counts the units, by the kind of layer."""


@rule
class Underfitting(TrainingRule):
    """Loss flat above 0.3 of guessing's, no worse on unseen data, in a net that is linear, or with a layer below log2(classes).

    A loss that stays high with room enough may be as low as it gets: of that nothing is said.
    """

    kind = "underfitting"
    severity = "warning"
    title = "underfitting"
    because = "The net has no room for what it shall learn: whatever its weights are, it cannot draw the border that the data need."
    refuted_by = "A wider or deeper net would end at the same loss."
    remedies = ("wider", "relu", "longer")

    def holds(self, training: TrainingEvidence) -> Marks:
        """Ended trials of small nets that have settled too high."""
        flat = (training.late_fall < FLAT) & (training.last > GOOD) & ~training.diverged
        gap = training.last_unseen - training.last
        return training.ended & flat & ~(gap > GAP) & self._is_small(training)

    def _is_small(self, training: TrainingEvidence) -> Marks:
        linear = [recipe.is_known and self._is_linear(recipe.activations()) for recipe in training.recipes]
        narrow = self._width(training) <= self._least(training)
        return np.array(linear, np.bool_) | narrow

    @staticmethod
    def _is_linear(activations: set[str]) -> bool:
        return activations <= {"identity"}

    @staticmethod
    def _least(training: TrainingEvidence) -> float:
        """The units that a layer needs at least."""
        classes = training.stack.classes or 0
        return max(NARROW, math.log2(classes)) if classes > 1 else NARROW

    @staticmethod
    def _width(training: TrainingEvidence) -> float:
        """The units of the narrowest hidden dense layer: torch's weights have them first, dlbench's last."""
        dense = [layer for layer in training.stack.layers if layer.kind in UNITS and layer.weight]
        return min((layer.weight[UNITS[layer.kind]] for layer in dense[:-1] if layer.weight), default=math.inf)

    def evidence(self, training: TrainingEvidence, place: int) -> Mapping[str, float]:
        """The loss over guessing's, and the narrowest layer."""
        found = {"loss_over_guessing": float(training.last[place])}
        width = self._width(training)
        return found | ({"narrowest_units": float(width)} if width <= self._least(training) else {})

    def words(self, training: TrainingEvidence, place: int, found: Mapping[str, float]) -> str:
        """Where the loss has settled, and what is too small."""
        width = found.get("narrowest_units")
        what = "no layer is bent: all of it is one linear map" if width is None else f"a layer has {width:.0f} units"
        return f"the loss has settled at {number(found['loss_over_guessing'])} of {training.yardstick}, and {what}"
