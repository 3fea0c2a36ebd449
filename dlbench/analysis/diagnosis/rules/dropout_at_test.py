"""Dropout that is not switched off when the net is used."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dlbench.analysis.diagnosis.evidence import Marks
from dlbench.analysis.diagnosis.finding import Severity
from dlbench.analysis.diagnosis.recipe_settings import RecipeSettings
from dlbench.analysis.diagnosis.rule import rule
from dlbench.analysis.diagnosis.training import TrainingEvidence
from dlbench.analysis.diagnosis.training_rule import TrainingRule
from dlbench.words.number_format import number, percent


@rule
class DropoutAtTest(TrainingRule):
    """A layer of dropout whose recipe says `at_test`, with any share dropped.

    Srivastava et al. (2014, section 4): at test the net is used whole, since that is the mean of the thin nets; what is left of it
    otherwise is one of them, drawn anew for each answer. No threshold: on purpose it is done only to see how answers scatter.
    """

    kind = "dropout-at-test"
    waits_for_end = False
    severity = "warning"
    title = "dropout at test"
    because = (
        "Evaluations drop units too, so that each answer comes of a thin net drawn by chance, and not of the whole one."
    )
    refuted_by = "With all units at test as many answers would be right."
    remedies = ("whole-at-test",)

    def holds(self, training: TrainingEvidence) -> Marks:
        """Trials whose recipe says so."""
        return np.array([dropped_at_test(recipe) > 0 for recipe in training.recipes], np.bool_)

    def how_bad(self, training: TrainingEvidence, place: int) -> Severity:
        """A warning: the net has learned, and is judged for less."""
        return "warning"

    def evidence(self, training: TrainingEvidence, place: int) -> Mapping[str, float]:
        """How much is dropped, and where the loss on unseen data ends."""
        dropped = {"dropped_fraction": dropped_at_test(training.recipes[place])}
        return dropped | {"unseen_over_guessing": float(training.last_unseen[place])}

    def words(self, training: TrainingEvidence, place: int, found: Mapping[str, float]) -> str:
        """What is dropped, and what the loss is with it."""
        told = f"evaluations drop {percent(found['dropped_fraction'])} of the units"
        loss = found["unseen_over_guessing"]
        return (
            f"{told}; the {training.judged} loss is {number(loss)} of {training.yardstick}"
            if np.isfinite(loss)
            else told
        )


def dropped_at_test(recipe: RecipeSettings) -> float:
    """The largest share of units that a layer of dropout drops in evaluations."""
    own = (layer for _, layer in recipe.layers if layer.get("kind") == "dropout" and layer.get("at_test"))
    return float(max(map(dropped, own), default=0.0))


def dropped(layer: Mapping[str, float | None]) -> float:
    """The share of units that a layer of dropout drops."""
    rate = layer.get("rate")
    return float(1 - (layer.get("keep") or 1.0) if rate is None else rate)
