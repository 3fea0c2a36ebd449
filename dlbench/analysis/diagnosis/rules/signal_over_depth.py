"""Gradients that shrink or grow evenly from layer to layer, or are tiny in all of them, from the beginning."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dlbench.analysis.diagnosis.aptness import of_explosions
from dlbench.analysis.diagnosis.columns import median
from dlbench.analysis.diagnosis.evidence import Marks, Values
from dlbench.analysis.diagnosis.rule import rule
from dlbench.analysis.diagnosis.rules.wrong_loss import has_wrong_loss
from dlbench.analysis.diagnosis.training import BEGINNING, TrainingEvidence
from dlbench.analysis.diagnosis.training_rule import TrainingRule
from dlbench.words.number_format import number

VANISHES, EXPLODES = 2e-3, 1e3
"""What the line through the logarithms of the norms makes of the gradient over all layers: AUTOTRAINER says 1e-3 and 1e-4."""
FAINT = 1e-4
"""The gradient over the weights, the median of all layers: usual is a tenth; a thousandth of that learns nothing at usual rates."""
NEARLY = 10.0
"""How far the first probe may be from that, for it to have been so before any step was taken."""
LAYERS = 3
"""Layers with weights through which a line can be laid that says something."""


def early(values: Values) -> Values:
    """The median over the beginning of a training, `[trials]` of `[probes, trials]`."""
    return median(values[: max(int(BEGINNING * len(values)), 3)], axis=0)


def _ratios(training: TrainingEvidence) -> Values:
    """The gradient over the weights, the median over layers, `[probes, trials]`."""
    with np.errstate(divide="ignore", invalid="ignore"):
        own = training.of_weights("gradient_norm") / training.of_weights("weight_norm")
    return median(own, axis=2)


def sizes(training: TrainingEvidence) -> Values:
    """The same at the beginning, `[trials]`."""
    return early(training.of(_ratios))


def _factor(training: TrainingEvidence) -> Values:
    return early(training.factor)


def _whole(training: TrainingEvidence) -> Values:
    return early(training.over_depth)


class _OverDepth(TrainingRule):
    """What both have in common: the factor of a layer, and what it makes of the gradient over all of them."""

    def evidence(self, training: TrainingEvidence, place: int) -> Mapping[str, float]:
        """The factor, the whole, and the size."""
        told = {
            "gradient_factor_per_layer": training.of(_factor)[place],
            "over_all_layers": training.of(_whole)[place],
            "gradient_over_weights": training.of(sizes)[place],
        }
        return {name: float(value) for name, value in told.items() if np.isfinite(value)}

    @staticmethod
    def _is_deep(training: TrainingEvidence) -> bool:
        return training.has_probes and training.of_weights("gradient_norm").shape[-1] >= LAYERS

    def since(self, training: TrainingEvidence, place: int) -> int:
        """The first step, or the one after it, where no gradient was like that before any step was taken."""
        begins = self._begins(training, place) or len(training.probe_steps) < 2
        return 0 if begins else int(training.probe_steps[1])

    def _begins(self, training: TrainingEvidence, place: int) -> bool:
        """Whether it is nearly so at the first probe."""
        raise NotImplementedError

    def layers(self, training: TrainingEvidence, place: int) -> tuple[int, ...]:
        """The first with weights."""
        return (int(np.argmax(training.probes.weighted)),)


@rule
class VanishingOverDepth(_OverDepth):
    """exp(slope of log |g| over depth)^(layers - 1) < 2e-3 at the beginning, or |g| / |w| < 1e-4 in the middle. Little learned."""

    kind = "vanishing-gradient"
    severity = "warning"
    title = "vanishing gradient"
    because = "On its way back each layer multiplies the gradient by less than 1, so the first layers are told next to nothing."
    refuted_by = "The gradient's norm would be of one size in all layers, and not tiny beside the weights."
    remedies = ("relu", "init", "batch-norm", "residual")

    def holds(self, training: TrainingEvidence) -> Marks:
        """Trials that have learned little with such a gradient."""
        if not training.has_probes:
            return np.zeros(len(training.trials), np.bool_)
        faint: Marks = (training.of(sizes) < FAINT) & (training.of(sizes) > 0) & training.is_lost
        faint &= ~training.of(self._begins_faint)
        if self._is_deep(training):
            whole = training.of(_whole)
            faint |= (whole < VANISHES) & (whole > 0)
        return training.ended & training.is_poor & faint

    @staticmethod
    def _begins_faint(training: TrainingEvidence) -> Marks:
        """Where a loss that does not fit gives the last layer next to no gradient already: nothing vanishes on its way back."""
        with np.errstate(divide="ignore", invalid="ignore"):
            last = training.of_weights("gradient_norm")[..., -1] / training.of_weights("weight_norm")[..., -1]
        return training.of(has_wrong_loss) & (early(last) < NEARLY * FAINT)

    def _begins(self, training: TrainingEvidence, place: int) -> bool:
        first = training.over_depth[0, place], training.of(_ratios)[0, place]
        return bool(first[0] < NEARLY * VANISHES or first[1] < NEARLY * FAINT)

    def words(self, training: TrainingEvidence, place: int, found: Mapping[str, float]) -> str:
        """By what each layer multiplies, and how small it is."""
        whole = found.get("over_all_layers", 1.0)
        if whole < VANISHES:
            factor = number(found["gradient_factor_per_layer"])
            return f"each layer multiplies it by {factor} on its way back, all of them by {number(whole)}"
        return f"in the middle layer it is {number(found['gradient_over_weights'])} of the weights"


@rule
class ExplodingOverDepth(_OverDepth):
    """exp(slope of log |g| over depth)^(layers - 1) > 1e3 at the beginning. Little learned."""

    kind = "exploding-gradient"
    severity = "warning"
    title = "exploding gradient"
    because = "On its way back each layer multiplies the gradient by more than 1, so the first are thrown about."
    refuted_by = "The gradient's norm would be of one size in all layers."
    remedies = ("init", "zero-start", "batch-norm", "clip-norm", "lower-rate")
    is_apt = staticmethod(of_explosions)

    def holds(self, training: TrainingEvidence) -> Marks:
        """Trials that have learned little with such a gradient."""
        if not self._is_deep(training):
            return np.zeros(len(training.trials), np.bool_)
        grows: Marks = training.of(_whole) > EXPLODES
        return (training.ended | training.diverged) & training.is_poor & grows

    def _begins(self, training: TrainingEvidence, place: int) -> bool:
        return bool(training.over_depth[0, place] > EXPLODES / NEARLY)

    def words(self, training: TrainingEvidence, place: int, found: Mapping[str, float]) -> str:
        """By what each layer multiplies."""
        factor, whole = number(found["gradient_factor_per_layer"]), number(found["over_all_layers"])
        return f"each layer multiplies it by {factor} on its way back, all of them by {whole}"
