"""A training that stops while it still learns."""

from __future__ import annotations

import math
from collections.abc import Mapping

from dlbench.analysis.diagnosis.aptness import HANDFUL, by_count
from dlbench.analysis.diagnosis.evidence import Marks
from dlbench.analysis.diagnosis.finding import Severity
from dlbench.analysis.diagnosis.rule import rule
from dlbench.analysis.diagnosis.training import ACCURATE, GOOD, TrainingEvidence
from dlbench.analysis.diagnosis.training_rule import TrainingRule, late_fall, late_share
from dlbench.words.number_format import number

FALL, SHARE = 0.03, 0.08
"""Of the loss, and of its whole fall so far, what the last fifth of the evaluations must still bring: an even fall brings 0.2."""
EVENLY = 0.15
"""The share of the whole fall in the last fifth of a loss that has not begun to settle: a third of the fall tells it then."""
FAR = 0.6
"""The loss over guessing's from which on a net has not got far."""
STEEP, NEAR = 0.2, 0.4
"""A fall in the last fifth that is steep, and the loss over guessing's above which it matters."""
SETTLED = 0.01
"""How far the last loss may lie above the lowest."""


@rule
class TooFewSteps(TrainingRule):
    """The loss ends above 0.6 of guessing's and still fell by 3 % in the last fifth; or above 0.4 and by 20 %.

    Or above 0.2 and by 20 %, where it falls as fast as ever; of fewer than 100 steps a fall by 1 % is enough. Of a net that ends
    below half of guessing's loss it is a note: it has learned most, and would have gained by more.
    """

    kind = "too-few-steps"
    severity = "warning"
    title = "too few steps"
    symptom = "a loss that still falls"
    because = "The training ends while the loss is still falling: what it would come to, nobody has seen."
    refuted_by = "With five times as many steps the loss would end where it is now."
    remedies = ("longer", "smaller-batch", "higher-rate")
    is_apt = staticmethod(by_count)

    def holds(self, training: TrainingEvidence) -> Marks:
        """Ended trials that were still getting better, and had not got far."""
        fall, share = training.of(late_fall), training.of(late_share)
        on_its_way = (share > EVENLY) | (max(training.steps, default=0) < HANDFUL)
        slow = ((fall > FALL) | ((fall > FALL / 3) & on_its_way)) & training.is_poor & (training.last > FAR)
        steep = (fall > STEEP) & (training.last > NEAR)
        at_speed = (fall > STEEP) & (share > EVENLY) & (training.last > GOOD)
        falls = (slow | ((steep | at_speed) & ~(training.accuracy >= ACCURATE))) & (share > SHARE)
        at_best = training.last <= training.lowest * (1 + SETTLED)
        return training.ended & ~training.stopped_early & falls & at_best & (training.evaluations > 1)

    def how_bad(self, training: TrainingEvidence, place: int) -> Severity:
        """A note of a net that has learned most already."""
        return super().how_bad(training, place) if training.is_poor[place] else "note"

    def evidence(self, training: TrainingEvidence, place: int) -> Mapping[str, float]:
        """How much the loss still fell, where it ended, after how many steps of which size, and of how many samples."""
        samples = training.stack.samples.get("train") or math.nan
        return {
            "late_fall": float(training.of(late_fall)[place]),
            "loss_over_guessing": float(training.last[place]),
            "steps": float(training.trials[place].step),
            "update_ratio": float(training.usual_pace[place]),
            "train_samples": float(samples),
        }

    def words(self, training: TrainingEvidence, place: int, found: Mapping[str, float]) -> str:
        """After how many steps it was still falling."""
        fall, loss = number(100 * found["late_fall"]), number(found["loss_over_guessing"])
        steps = f"{found['steps']:,.0f}"
        return f"after {steps} the loss is {loss} of {training.yardstick}, and fell by {fall} % in the last fifth"
