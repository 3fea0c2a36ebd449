"""Steps that throw away what was learnt."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dlbench.analysis.diagnosis.columns import highest, last_known
from dlbench.analysis.diagnosis.evidence import Marks
from dlbench.analysis.diagnosis.rule import rule
from dlbench.analysis.diagnosis.rules import dead_units
from dlbench.analysis.diagnosis.training import TrainingEvidence
from dlbench.analysis.diagnosis.training_rule import TrainingRule
from dlbench.words.number_format import number

WILD = 0.3
"""A step that moves weights by this share of their norm: torchmortem warns from 0.1 on, and 10^-3 is usual."""
ABSURD = 1.0
"""A step as long as the weights: what is left of them then is chance."""
LARGE = 0.03
"""Thirty times the usual pace: together with a loss that rises it is too much."""
ALIVE = 0.9
"""The share of exact zeros below which a layer is on."""
RISEN, BY = 1.3, 0.1
"""The last loss over the lowest, and beyond it in prices of guessing, from which on the training has lost what it had."""


@rule
class LearningRateTooHigh(TrainingRule):
    """|dw| / |w| > 0.3 in the first tenth of the probes; or a training loss that ends above 1.3 times its lowest at a pace > 0.03.

    Only where little was learned: a net that gets over its first steps is none the worse for them. Steps as long as the weights
    are told wherever the net has not learned well. A net without a hidden layer has one valley and no units to lose: there the
    loss must have risen, or gone, since how far a step moves weights that belong near 0 says nothing. A layer of ReLUs that were on
    at first and are all off in the end has been killed by its steps, where these were > 0.03 in the beginning.
    """

    kind = "learning-rate-too-high"
    severity = "warning"
    title = "rate too high"
    symptom = "large steps"
    because = "A step that large jumps over the valley, and may throw units to where they are off or saturated for every sample."
    refuted_by = "At a tenth of the rate the loss would fall no further."
    remedies = ("lower-rate", "adam")

    def holds(self, training: TrainingEvidence) -> Marks:
        """Trials that have learned little after wild steps, lost what they had, or diverged by their steps."""
        done = training.ended | training.diverged
        is_deep = training.of_weights("weight_norm").shape[-1] > 1
        wild = (training.first_pace > WILD) & is_deep
        absurd = (training.first_pace > ABSURD) & ~training.is_good & is_deep
        lost = wild | self._climbed(training) | self._burst(training) | self._killed(training)
        holds: Marks = done & (absurd | (training.is_poor & lost))
        return holds

    @staticmethod
    def _killed(training: TrainingEvidence) -> Marks:
        """Where a hidden layer went dead on the way, by steps that were large."""
        zeros = training.of_weights("zero_fraction")[..., :-1]
        if not zeros.size:
            return np.zeros(len(training.trials), np.bool_)
        last = last_known(zeros.reshape(len(zeros), -1)).reshape(zeros.shape[1:])
        died = (zeros[0] < ALIVE) & (last > dead_units.MOST)
        killed: Marks = np.logical_or.reduce(died, axis=-1) & (training.first_pace > LARGE)
        return killed

    @staticmethod
    def _climbed(training: TrainingEvidence) -> Marks:
        risen: Marks = (training.last > RISEN * training.lowest + BY) & (highest(training.pace) > LARGE)
        return risen

    @staticmethod
    def _burst(training: TrainingEvidence) -> Marks:
        return training.diverged & (highest(training.pace) > LARGE)

    def since(self, training: TrainingEvidence, place: int) -> int:
        """The first wild step, or the one from which on the loss rose."""
        if not training.has_probes:
            return 0
        limit = WILD if training.first_pace[place] > WILD else LARGE
        fast = np.flatnonzero(training.pace[:, place] > limit)
        if len(fast):
            return int(training.probe_steps[fast[0]])
        return int(training.step_of_lowest[place])

    def evidence(self, training: TrainingEvidence, place: int) -> Mapping[str, float]:
        """The largest step of the layers' median, and what became of the loss."""
        pace = training.pace[:, place]
        found = {"update_ratio": float(np.max(pace[np.isfinite(pace)], initial=0.0))}
        if np.isfinite(training.last[place]):
            found |= {
                "loss_over_guessing": float(training.last[place]),
                "lowest_over_guessing": float(training.lowest[place]),
            }
        return found

    def words(self, training: TrainingEvidence, place: int, found: Mapping[str, float]) -> str:
        """How far steps go, and what became of the loss."""
        pace = 100 * found["update_ratio"]
        moved = f"a step moves the weights by up to {number(pace)} % of their norm"
        if training.diverged[place]:
            return f"{moved}, until the loss is no number at step {training.trials[place].diverged_at:,}"
        return f"{moved}, and the loss ends at {number(found['loss_over_guessing'])} of {training.yardstick}"
