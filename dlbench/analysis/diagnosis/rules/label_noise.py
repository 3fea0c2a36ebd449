"""Labels that are wrong."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from dlbench.analysis.diagnosis.aptness import by_samples
from dlbench.analysis.diagnosis.columns import highest, last_known
from dlbench.analysis.diagnosis.evidence import Marks, Values
from dlbench.analysis.diagnosis.finding import Severity
from dlbench.analysis.diagnosis.rule import rule
from dlbench.analysis.diagnosis.training import GOOD, TrainingEvidence
from dlbench.analysis.diagnosis.training_rule import TrainingRule
from dlbench.metrics.chance import chance_of
from dlbench.words.number_format import number, percent

TOLD = 0.1
"""The share of labels that a recipe replaces from which on it matters."""
CLEANER = 0.1
"""How much more often unseen samples are told right than training samples: these have labels that nobody could tell."""
DEVIATIONS = 4.0
"""Standard deviations of a share of so many samples that are no chance."""
CONFIDENT = 1.25
"""A loss on unseen data so many times guessing's is that of answers that are sure and wrong."""
KNOWN = 0.5
"""The training loss, over guessing's, below which such wrong labels have been learned by heart."""
ENOUGH = 300
"""Training samples from which on it is not their number that makes unseen data hard."""
NOTHING, GAP = 0.1, 0.25
"""The same part, and how much more often training samples are told right, where labels have nothing to do with the samples."""
HARD = 0.35
"""The part of the way from guessing to all right that accuracy on unseen data has never come, where labels are wrong there too."""


@rule
class LabelNoise(TrainingRule):
    """The recipe replaces 10 % of labels; or unseen accuracy > training's + 0.1; or, learned by heart, worse than guessing.

    Of wrong labels in all splits it is told by what learning 300 samples or more by heart does: the training loss falls below half
    of guessing's, the loss on unseen data above 1.25 times, and accuracy there came a third of the way from guessing at most
    (Arpit et al. 2017, Zhang et al. 2017).
    """

    kind = "label-noise"
    severity = "warning"
    title = "label noise"
    symptom = "labels learned by heart"
    because = "What is right is learned first; then the net has to learn wrong labels by heart, one by one, and is sure of them."
    refuted_by = "Samples that the net gets wrong early, looked at by a person, would have the right label."
    remedies = ("clean-labels", "l2", "early-stopping", "dropout")
    is_apt = staticmethod(by_samples)

    def holds(self, training: TrainingEvidence) -> Marks:
        """Ended trials of classes whose labels the recipe, or the curves, tell to be wrong."""
        if not training.is_classification:
            return np.zeros(len(training.trials), np.bool_)
        told = training.of(self._told) >= TOLD
        return training.ended & (told | training.of(self._is_cleaner) | self._is_confident(training))

    @staticmethod
    def _told(training: TrainingEvidence) -> Values:
        return np.array([float(str(share or 0)) for share in training.setting("data", "label_noise")])

    @staticmethod
    def _unseen_accuracy(training: TrainingEvidence) -> Values:
        return training.curve(f"{training.judged}_accuracy")

    def _last_accuracy(self, training: TrainingEvidence) -> Values:
        return last_known(self._unseen_accuracy(training))

    def _is_cleaner(self, training: TrainingEvidence) -> Marks:
        unseen, samples = training.of(self._last_accuracy), training.stack.samples.get(training.judged, 0)
        chance = DEVIATIONS * math.sqrt(0.25 / max(samples, 1))
        return ~training.is_lost & (unseen > training.accuracy + max(CLEANER, chance))

    def _is_confident(self, training: TrainingEvidence) -> Marks:
        samples = training.stack.samples.get("train", 0)
        sure = (training.last_unseen > CONFIDENT) & (training.last < KNOWN)
        chance = chance_of(training.trials[0])
        base = 0.0 if chance is None or chance.accuracy is None else chance.accuracy
        best = highest(self._unseen_accuracy(training))
        known = training.accuracy > training.of(self._last_accuracy) + GAP
        nothing = (best < base + NOTHING * (1 - base)) & (training.last_unseen > 1) & known
        holds: Marks = (sure & (best < base + HARD * (1 - base))) | nothing
        return holds & (samples >= ENOUGH)

    def how_bad(self, training: TrainingEvidence, place: int) -> Severity:
        """A warning; a note where unseen samples are told right all the same, so that clean labels would bring little."""
        return "note" if training.last_unseen[place] < GOOD else "warning"

    def evidence(self, training: TrainingEvidence, place: int) -> Mapping[str, float]:
        """What the recipe says, and how often which samples are told right."""
        found = {
            "train_accuracy": float(training.accuracy[place]),
            f"{training.judged}_accuracy": float(training.of(self._last_accuracy)[place]),
            "unseen_over_guessing": float(training.last_unseen[place]),
        }
        if training.facts is not None:
            found["train_samples"] = float(training.facts.samples["train"])
        told = float(training.of(self._told)[place])
        return found | ({"label_noise": told} if told else {})

    def words(self, training: TrainingEvidence, place: int, found: Mapping[str, float]) -> str:
        """What tells it."""
        if told := found.get("label_noise"):
            return f"the recipe replaces {percent(told)} of the training labels by others"
        if training.of(self._is_cleaner)[place]:
            seen, unseen = percent(found["train_accuracy"]), percent(found[f"{training.judged}_accuracy"])
            return f"{unseen} of the {training.judged} samples are told right and {seen} of those that were trained on"
        unseen = number(found["unseen_over_guessing"])
        return f"labels are learned by heart that say nothing of others: the {training.judged} loss is {unseen} times guessing's"
