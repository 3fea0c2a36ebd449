"""An output layer whose answers cannot be those that the loss asks for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from dlbench.analysis.diagnosis.evidence import Marks
from dlbench.analysis.diagnosis.finding import Severity
from dlbench.analysis.diagnosis.recipe_settings import RecipeSettings
from dlbench.analysis.diagnosis.rule import rule
from dlbench.analysis.diagnosis.training import GOOD, TrainingEvidence
from dlbench.analysis.diagnosis.training_rule import TrainingRule
from dlbench.words.number_format import number

OF_LOGITS = {"cross_entropy", "bce"}
"""Losses that make probabilities of the outputs by themselves."""
RANGES = {"sigmoid": (0.0, 1.0), "softmax": (0.0, 1.0), "tanh": (-1.0, 1.0), "softsign": (-1.0, 1.0), "relu": (0.0, np.inf),
          "softplus": (0.0, np.inf)}  # fmt: skip
"""What an activation of the output can answer."""


def ends_above(settings: RecipeSettings) -> float:
    """The largest number that a recipe's output can answer; infinite where nothing bounds it."""
    output = settings.section("model").get("output")
    kind = output.get("activation", {}).get("kind") if isinstance(output, Mapping) else None
    return float(RANGES.get(str(kind), (0.0, np.inf))[1])


@rule
class WrongOutput(TrainingRule):
    """An activation before a loss of logits; a range that does not hold the targets; fewer units than classes; softmax on one.

    A second softmax or sigmoid bounds the logits, so that no answer can be sure: the loss of K classes stays above
    log(1 + (K - 1) / e), and the gradient is a fraction of what it should be. A ReLU gives none where it is 0.
    """

    kind = "wrong-output"
    waits_for_end = False
    severity = "warning"
    title = "wrong output"
    because = "The outputs cannot take the values that the loss asks for, or lose their gradient on the way to it."
    refuted_by = "With plain sums as outputs the loss would end no lower."
    remedies = ("plain-output", "usual-units")

    def holds(self, training: TrainingEvidence) -> Marks:
        """Trials whose recipe has such an output."""
        return np.array([bool(self._fault(training, place)) for place in range(len(training.trials))], np.bool_)

    def _fault(self, training: TrainingEvidence, place: int) -> str:
        """What is wrong in words; empty where nothing is."""
        recipe = training.recipes[place]
        output, train = recipe.section("model").get("output"), recipe.section("train")
        if not isinstance(output, Mapping) or not isinstance(train.get("loss"), Mapping):
            return ""
        kind, loss, units = (
            output.get("activation", {}).get("kind", "identity"),
            train["loss"].get("kind"),
            output.get("units"),
        )
        if kind == "softmax" and units == 1:
            return "softmax of one unit is always 1"
        if loss in OF_LOGITS and kind != "identity":
            return f"{kind} stands before {loss}, which makes probabilities of plain sums by itself"
        if self._has_too_few(training, place):
            return f"{units} units stand for {training.stack.classes} classes"
        return self._out_of_range(training, kind) if loss not in OF_LOGITS else ""

    @staticmethod
    def _has_too_few(training: TrainingEvidence, place: int) -> bool:
        output, classes = training.recipes[place].section("model").get("output"), training.stack.classes or 0
        units = output.get("units") if isinstance(output, Mapping) else None
        return classes > 2 and isinstance(units, int) and units < classes

    def _out_of_range(self, training: TrainingEvidence, kind: str) -> str:
        """Targets beyond what an activation can answer."""
        if kind not in RANGES:
            return ""
        if training.is_classification:
            return "" if RANGES[kind] == (0.0, 1.0) else f"{kind} does not answer from 0 to 1, which stand for classes"
        ends = _targets(training)
        (low, high), told = (
            RANGES[kind],
            None if ends is None else f"targets go from {number(ends[0])} to {number(ends[1])}",
        )
        if ends is None or (ends[0] >= low and ends[1] <= high):
            return ""
        return f"{kind} answers from {low:g} to {high:g}, and {told}"

    def how_bad(self, training: TrainingEvidence, place: int) -> Severity:
        """A note where the net has learned all the same: a loss that stays high costs it its certainty, however right it is."""
        is_harmless = training.is_good[place] and training.last[place] < GOOD
        return "note" if is_harmless else super().how_bad(training, place)

    def evidence(self, training: TrainingEvidence, place: int) -> Mapping[str, float]:
        """The loss over guessing's, and the accuracy."""
        told = {"loss_over_guessing": training.last[place], "train_accuracy": training.accuracy[place]}
        found = {name: float(value) for name, value in told.items() if np.isfinite(value)}
        return found | ({"units_too_few": 1.0} if self._has_too_few(training, place) else {})

    def words(self, training: TrainingEvidence, place: int, found: Mapping[str, float]) -> str:
        """What is wrong."""
        return self._fault(training, place)


def _targets(training: TrainingEvidence) -> tuple[float, float] | None:
    """The lowest and the highest target as they are learned; `None` where that is not known."""
    facts = training.facts
    if facts is None or facts.target_ranges is None:
        return None
    ranges, data = facts.target_ranges, training.recipes[0].section("data")
    scaling: Any = data.get("normalize_target") or data.get("normalize")
    mean, std = np.array(ranges.mean), np.array(ranges.std)
    shift = mean if scaling in {"standard", "center"} else 0.0
    scale = np.where(std > 0, std, 1.0) if scaling == "standard" else 1.0
    return float(((np.array(ranges.minimum) - shift) / scale).min()), float(
        ((np.array(ranges.maximum) - shift) / scale).max()
    )
