"""Steps that are too small to get anywhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from dlbench.analysis.diagnosis.aptness import of_slow_steps
from dlbench.analysis.diagnosis.columns import last_known, median
from dlbench.analysis.diagnosis.evidence import Marks
from dlbench.analysis.diagnosis.recipe_settings import RecipeSettings
from dlbench.analysis.diagnosis.rule import rule
from dlbench.analysis.diagnosis.training import TrainingEvidence
from dlbench.analysis.diagnosis.training_rule import SLOW, TrainingRule, has_gradient
from dlbench.words.number_format import number

RISEN = 1.05
"""A loss above so many times its first is not held back by small steps."""
FELL = 0.05
"""The rate over its highest from which on a schedule has taken it away."""
EARLY = 0.5
"""The share of the training after which a rate that has fallen is judged by what is left of it."""


def _clips(recipe: RecipeSettings) -> list[tuple[Mapping[str, Any], float]]:
    """The regularizers of a recipe that cut gradients, with what they cut them to."""
    return [
        (one, float(one.get("norm", one.get("value", np.nan))))
        for one in recipe.regularizers("clip_norm", "clip_value")
    ]


@rule
class LearningRateTooLow(TrainingRule):
    """Median |dw| / |w| < 6e-4 over all probes, or over their second half; loss above half of guessing's, and not above its first.

    Steps are small though the gradient is there: where that vanishes, or is exactly zero, other rules tell.
    """

    kind = "learning-rate-too-low"
    severity = "warning"
    title = "rate too low"
    symptom = "small steps"
    because = "Each step moves the weights by so little that the training ends before they have got anywhere."
    refuted_by = "At ten times the rate the loss would fall no faster."
    remedies = ("constant-rate", "no-clipping", "higher-rate", "adam")
    is_apt = staticmethod(of_slow_steps)

    def holds(self, training: TrainingEvidence) -> Marks:
        """Ended trials that moved too slowly to learn."""
        pace, late = training.usual_pace, training.of(self._late)
        slow: Marks = (pace < SLOW) | ((late < SLOW / 2) & self._rate_fell(training))
        level = ~(training.last > RISEN * training.first)
        return training.ended & training.is_poor & ~training.diverged & slow & training.of(has_gradient) & level

    @staticmethod
    def _late(training: TrainingEvidence) -> np.ndarray:
        return median(training.pace[int(EARLY * len(training.pace)) :], axis=0)

    @staticmethod
    def _rate_fell(training: TrainingEvidence) -> Marks:
        """Where the rate was below a twentieth of its highest at half of the training."""
        rate = training.rate
        half = rate[int(EARLY * len(rate)) : int(EARLY * len(rate)) + 1]
        fell: Marks = np.logical_or.reduce(half < FELL, axis=0)
        return fell

    def evidence(self, training: TrainingEvidence, place: int) -> Mapping[str, float]:
        """The pace, and what became of the loss."""
        slow = min(training.usual_pace[place], training.of(self._late)[place])
        found = {"update_ratio": float(slow), "loss_over_guessing": float(training.last[place])}
        return found | (
            {"rate_left": float(last_known(training.rate)[place])} if self._rate_fell(training)[place] else {}
        )

    def words(self, training: TrainingEvidence, place: int, found: Mapping[str, float]) -> str:
        """How far a step moves, and where the loss has come to."""
        pace, loss = number(found["update_ratio"]), number(found["loss_over_guessing"])
        told = f"a step moves the weights by {pace} of their norm, and the loss ends at {loss} of {training.yardstick}"
        if "rate_left" in found:
            return f"{told}; the schedule has left {number(found['rate_left'])} of the rate"
        cuts = [f"{one['kind']} of {number(value)}" for one, value in _clips(training.recipes[place])]
        return f"with a {' and a '.join(cuts)}, {told}" if cuts else told
