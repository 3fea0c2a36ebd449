"""A net that is too small for what it shall learn."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from dlbench.analysis.diagnosis.aptness import by_room
from dlbench.analysis.diagnosis.evidence import Marks
from dlbench.analysis.diagnosis.finding import Severity
from dlbench.analysis.diagnosis.rule import rule
from dlbench.analysis.diagnosis.training import GOOD, TrainingEvidence
from dlbench.analysis.diagnosis.training_rule import TrainingRule, late_fall, late_share
from dlbench.words.number_format import number

FLAT = 0.1
"""The share of itself that the loss may still fall by in the last fifth of the evaluations."""
GAP = 0.15
"""How far unseen data may be worse, in prices of guessing: else it is another illness."""
NARROW = 2
"""Units of a layer that hardly anything gets through."""
CRAWLS = 0.1
"""The share of its whole fall in the last fifth of a loss behind such a layer that has all but settled: an even fall brings 0.2."""
PLAIN = 0.75
"""The loss over guessing's below which a net without a hidden layer may be all that noisy data allow: a note."""
PRODUCTS = {"dense", "conv", "batch_norm"}
"""Layers with weights that bend nothing by themselves."""
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
    remedies = ("hidden-layer", "wider", "relu")
    is_apt = staticmethod(by_room)

    def holds(self, training: TrainingEvidence) -> Marks:
        """Ended trials of small nets that have settled too high."""
        high = (
            training.ended & (training.last > GOOD) & ~training.diverged & ~(training.last_unseen - training.last > GAP)
        )
        narrow = self._width(training) <= self._least(training)
        flat, crawls = training.of(late_fall) < FLAT, training.of(late_share) < CRAWLS
        return high & ((flat & self._linear(training)) | ((flat | crawls) & narrow))

    def _linear(self, training: TrainingEvidence) -> Marks:
        """Where all layers with weights are products alone: of what else a layer does its kind tells, not its activation."""
        found = training.of_recipes(lambda recipe: recipe.is_known and recipe.activations() <= {"identity"})
        kinds = {layer.kind for layer in training.stack.layers if layer.weight is not None}
        return np.array(found, np.bool_) & (kinds <= PRODUCTS)

    def how_bad(self, training: TrainingEvidence, place: int) -> Severity:
        """A note of a net that has no hidden layer and has learned something: whoever asks for a line may know why."""
        plain = training.of_weights("weight_norm").shape[-1] == 1 and training.last[place] < PLAIN
        return "note" if plain else super().how_bad(training, place)

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
        what = (
            "no layer is bent: all of it is one linear map"
            if width is None
            else f"a layer has {width:.0f} unit{'s' if width > 1 else ''}"
        )
        return f"the loss has settled at {number(found['loss_over_guessing'])} of {training.yardstick}, and {what}"
