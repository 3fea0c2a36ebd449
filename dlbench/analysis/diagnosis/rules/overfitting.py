"""A net that learns its training samples by heart."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dlbench.analysis.diagnosis.aptness import by_samples
from dlbench.analysis.diagnosis.columns import last_known
from dlbench.analysis.diagnosis.evidence import Marks, Values
from dlbench.analysis.diagnosis.finding import Severity
from dlbench.analysis.diagnosis.rule import rule
from dlbench.analysis.diagnosis.training import TrainingEvidence
from dlbench.analysis.diagnosis.training_rule import TrainingRule
from dlbench.words.number_format import number

GAP = 0.15
"""By how much the loss on unseen data must lie above that on the training data, in prices of guessing."""
ROSE, BY = 1.1, 0.02
"""The last loss on unseen data over its lowest, and beyond it in prices of guessing: it has turned."""
HALF = 0.5
"""A training loss below this part of that on unseen data is learned by heart."""
FAR = 0.25
"""A gap that is an illness whether the loss has turned or not, where the training samples are known by heart."""
BY_HEART = 0.05
LONG_KNOWN = 0.01
"""The training loss, over guessing's, of samples that have been known by heart for long: half of either gap is enough then."""
WRONG = 0.12
"""By how much more often answers on unseen data are wrong, where less of a gap is an illness, too."""


@rule
class Overfitting(TrainingRule):
    """Loss on unseen data > twice the training loss, by 0.15 of guessing's at least, and risen by a tenth above its lowest.

    Or, whether it has turned or not: a training loss below 0.05 of guessing's, and unseen data 0.25 worse, or 0.15 and told wrong
    by 12 % more often; half of that where training went on long after, down to 0.01 of guessing's, and by more wrong answers
    than chance would have.
    """

    kind = "overfitting"
    severity = "warning"
    title = "overfitting"
    because = "The net has room enough to learn its samples one by one, with what is accidental in them, which others do not share."
    refuted_by = "The loss on data that is not trained on would fall as long as that on the training data does."
    remedies = ("more-data", "early-stopping", "l2")
    is_apt = staticmethod(by_samples)

    def holds(self, training: TrainingEvidence) -> Marks:
        """Trials whose training loss is far below that of unseen data."""
        unseen, low = training.last_unseen, training.lowest_unseen
        gap = unseen - training.last
        turned = (unseen > ROSE * low + BY) & (gap > GAP) & (training.last < HALF * unseen)
        wrong = training.accuracy - last_known(training.curve(f"{training.judged}_accuracy"))
        by_heart = (training.last < BY_HEART) & ((gap > FAR) | ((wrong > WRONG) & (gap > GAP)))
        by_heart |= (training.last < LONG_KNOWN) & (gap > GAP / 2) & (wrong > WRONG / 2) & self._counts(training, wrong)
        return training.ended & (turned | by_heart)

    @staticmethod
    def _counts(training: TrainingEvidence, wrong: Values) -> Marks:
        """Where so many more wrong answers are no chance: two standard errors of a share of the unseen samples."""
        counts: Marks = wrong > 2 * np.sqrt(
            np.maximum(wrong, 0) / (training.stack.samples.get(training.judged) or np.inf)
        )
        return counts

    @staticmethod
    def _turn(training: TrainingEvidence, place: int) -> int:
        own: Values = training.unseen[:, place]
        return int(np.argmin(np.where(np.isnan(own), np.inf, own)))

    def since(self, training: TrainingEvidence, place: int) -> int:
        """The step of the lowest loss on unseen data."""
        return int(training.steps[self._turn(training, place)])

    def how_bad(self, training: TrainingEvidence, place: int) -> Severity:
        """A net that has learned by heart has learned: a warning."""
        return "warning"

    def evidence(self, training: TrainingEvidence, place: int) -> Mapping[str, float]:
        """Losses over guessing's: on the training data, on unseen data, and there at its lowest."""
        facts = training.facts
        samples = {} if facts is None else {"train_samples": facts.samples["train"], "left_out": facts.left_out}
        return {name: float(count) for name, count in samples.items() if count} | {
            "loss_over_guessing": float(training.last[place]),
            "unseen_over_guessing": float(training.last_unseen[place]),
            "lowest_unseen_over_guessing": float(training.lowest_unseen[place]),
        }

    def words(self, training: TrainingEvidence, place: int, found: Mapping[str, float]) -> str:
        """Both losses, and since when they part."""
        seen, unseen = number(found["loss_over_guessing"]), number(found["unseen_over_guessing"])
        lowest_ = number(found["lowest_unseen_over_guessing"])
        step = f"{self.since(training, place):,}"
        return (
            f"the {training.judged} loss is {unseen} of {training.yardstick}, that of the training data {seen}; "
            f"it was lowest at step {step}, with {lowest_}"
        )
