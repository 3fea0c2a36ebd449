"""A net that learns its training samples by heart."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from dlbench.analysis.diagnosis.aptness import by_samples
from dlbench.analysis.diagnosis.columns import last_known
from dlbench.analysis.diagnosis.evidence import Marks
from dlbench.analysis.diagnosis.finding import Severity
from dlbench.analysis.diagnosis.rule import rule
from dlbench.analysis.diagnosis.training import GOOD, TrainingEvidence
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
ERRORS = 2.0
"""Standard errors by which unseen data must be worse than training data, or than they were before, for it to be no chance."""


@rule
class Overfitting(TrainingRule):
    """Loss on unseen data > twice the training loss, by 0.15 of guessing's at least, and risen by a tenth above its lowest.

    Or, whether it has turned or not: a training loss below 0.05 of guessing's, and unseen data 0.25 worse, or 0.15 and told wrong
    by 12 % more often; half of that where training went on long after, down to 0.01 of guessing's.

    It is a note where it costs nothing, since the loss of a net that knows its samples by heart rises by how sure it is alone (Guo
    et al. 2017). It costs where unseen samples are told wrong by 6 % more often, and their loss has turned or lies above 0.2 of
    guessing's; where they are told wrong more often than when it was lowest; or where it is worse than a guess. A difference
    counts that is more than two standard errors: of a count of answers, or of a mean square error, sqrt(2 / n) of itself.
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
        unseen = training.last_unseen
        gap = unseen - training.last
        turned = training.of(self._has_turned) & (gap > GAP) & (training.last < HALF * unseen)
        wrong = training.accuracy - last_known(training.curve(f"{training.judged}_accuracy"))
        by_heart = (training.last < BY_HEART) & ((gap > FAR) | ((wrong > WRONG) & (gap > GAP)))
        by_heart |= (training.last < LONG_KNOWN) & (gap > GAP / 2) & (wrong > WRONG / 2)
        return training.ended & (turned | by_heart)

    @staticmethod
    def _has_turned(training: TrainingEvidence) -> Marks:
        turned: Marks = training.last_unseen > ROSE * training.lowest_unseen + BY
        return turned

    def _costs(self, training: TrainingEvidence) -> Marks:
        """Where unseen data are worse off by more than chance, in what is asked of the net."""
        count, unseen = training.stack.samples.get(training.judged) or math.inf, training.last_unseen
        right = training.curve(f"{training.judged}_accuracy")
        best = right[self._turns(training), np.arange(right.shape[1])]
        wrong, fallen = training.accuracy - last_known(right), best - last_known(right)
        more, fell = (share > ERRORS * np.sqrt(np.maximum(share, 0) / count) for share in (wrong, fallen))
        poor = (wrong > WRONG / 2) & (training.of(self._has_turned) | (unseen > GOOD))
        apart: Marks = training.last < unseen * (1 - ERRORS * math.sqrt(2 / count))
        return np.where(np.isfinite(wrong), more & (poor | fell | (unseen > 1)), apart)

    @staticmethod
    def _turns(training: TrainingEvidence) -> NDArray[np.intp]:
        """The evaluation with the lowest loss on unseen data, of each trial."""
        lowest: NDArray[np.intp] = np.argmin(np.where(np.isnan(training.unseen), np.inf, training.unseen), axis=0)
        return lowest

    def since(self, training: TrainingEvidence, place: int) -> int:
        """The step of the lowest loss on unseen data."""
        return int(training.steps[training.of(self._turns)[place]])

    def how_bad(self, training: TrainingEvidence, place: int) -> Severity:
        """A net that has learned by heart has learned: a warning, and a note where that costs nothing."""
        return "warning" if training.of(self._costs)[place] else "note"

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
        costs = training.of(self._costs)[place]
        return (
            f"the {training.judged} loss is {unseen} of {training.yardstick}, that of the training data {seen}; "
            f"it was lowest at step {step}, with {lowest_}{'' if costs else '; that has cost nothing yet'}"
        )
