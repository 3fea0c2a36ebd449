"""Weights that are not allowed to grow, or units that are dropped, until nothing can be learned."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dlbench.analysis.diagnosis.evidence import Marks, Values
from dlbench.analysis.diagnosis.recipe_settings import RecipeSettings
from dlbench.analysis.diagnosis.rule import rule
from dlbench.analysis.diagnosis.rules.dropout_at_test import dropped
from dlbench.analysis.diagnosis.training import ACCURATE, TrainingEvidence
from dlbench.analysis.diagnosis.training_rule import TrainingRule
from dlbench.words.number_format import number, percent

SHRUNK = 0.6
"""The norm of all weights over that at the beginning: a net that learns has larger weights in the end, or as large ones."""
WITHOUT_CAUSE = 0.2
"""The same where nobody knows what makes them shrink."""
HELD = 0.35
"""The loss over guessing's above which weights that were made to shrink have cost the net something."""
DROPPED = 0.7
"""The share of units dropped from which on little comes through: a half is usual (Srivastava et al. 2014)."""
PENALTIES = ("l2", "l1", "max_norm")


@rule
class OverRegularised(TrainingRule):
    """Loss above 0.35 of guessing's; and weights shrunk to 0.6 by a penalty, decay or bound, or 70 % of the units dropped."""

    kind = "over-regularised"
    severity = "warning"
    title = "over-regularised"
    symptom = "shrinking weights"
    because = "What keeps the net from learning by heart is so strong that it keeps it from learning."
    refuted_by = "Without the regularization the training loss would end no lower."
    remedies = ("weaker-regularization", "no-regularization")

    def holds(self, training: TrainingEvidence) -> Marks:
        """Ended trials that have learned little under a strong hand."""
        shrunk, drops = training.shrunk, training.of(self._dropped) >= DROPPED
        forced = np.array(training.of_recipes(lambda recipe: bool(_forces(recipe))), np.bool_)
        unknown = ~np.array(training.of_recipes(lambda recipe: recipe.is_known), np.bool_)
        by_force = (forced & (shrunk < SHRUNK)) | (unknown & (shrunk < WITHOUT_CAUSE))
        held = training.ended & (training.last > HELD) & ~(training.accuracy >= ACCURATE) & by_force
        overdone = np.array(training.of_recipes(_overshoots), np.bool_) & training.diverged
        return held | (training.ended & training.is_poor & drops) | overdone

    @staticmethod
    def _dropped(training: TrainingEvidence) -> Values:
        return np.array(training.of_recipes(_dropped))

    def evidence(self, training: TrainingEvidence, place: int) -> Mapping[str, float]:
        """What became of the weights, how many units are dropped, and the loss over guessing's."""
        found = {"loss_over_guessing": float(training.last[place])}
        if np.isfinite(training.shrunk[place]):
            found["weights_over_first"] = float(training.shrunk[place])
        dropped = float(training.of(self._dropped)[place])
        return found | ({"dropped_fraction": dropped} if dropped else {})

    def words(self, training: TrainingEvidence, place: int, found: Mapping[str, float]) -> str:
        """What is too strong, and where the loss has ended."""
        loss = number(found["loss_over_guessing"])
        dropped = found.get("dropped_fraction", 0.0)
        if dropped >= DROPPED:
            return f"dropout leaves {percent(1 - dropped)} of the units, and the loss ends at {loss} of {training.yardstick}"
        by = " and ".join(_forces(training.recipes[place])) or "something"
        if training.diverged[place]:
            return f"{by} makes steps that are larger than the weights, until the loss is no number"
        shrunk = number(found.get("weights_over_first", np.nan))
        return f"{by} has shrunk the weights to {shrunk} of their norm, and the loss ends at {loss} of {training.yardstick}"


def _forces(recipe: RecipeSettings) -> list[str]:
    """What holds the weights of a recipe down, in words."""
    told = [
        f"{one['kind']} of {number(one.get('strength', one.get('norm', np.nan)))}"
        for one in recipe.regularizers(*PENALTIES)
    ]
    optimizer = recipe.section("train").get("optimizer")
    decay = optimizer.get("weight_decay", 0.0) if isinstance(optimizer, Mapping) else 0.0
    return told + ([f"a weight decay of {number(decay)}"] if decay else [])


def _overshoots(recipe: RecipeSettings) -> bool:
    """Whether the penalty alone makes steps that are larger than the weights: rate x 2 strength > 1."""
    strength = max((float(one["strength"]) for one in recipe.regularizers("l2")), default=0.0)
    return recipe.rate is not None and 2 * strength * recipe.rate > 1


def _dropped(recipe: RecipeSettings) -> float:
    """The largest share of units that a layer of dropout drops."""
    return float(max((dropped(layer) for _, layer in recipe.layers if layer.get("kind") == "dropout"), default=0.0))
