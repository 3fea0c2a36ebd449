"""A training that stops while it still learns."""

from __future__ import annotations

import math
from collections.abc import Mapping

from dlbench.analysis.diagnosis.aptness import by_count
from dlbench.analysis.diagnosis.evidence import Marks
from dlbench.analysis.diagnosis.rule import rule
from dlbench.analysis.diagnosis.training import ACCURATE, GOOD, TrainingEvidence
from dlbench.analysis.diagnosis.training_rule import TrainingRule
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

    Or above 0.2 and by 20 %, where it falls as fast as ever.
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
        even = (training.late_fall > FALL / 3) & (training.late_share > EVENLY)
        slow = ((training.late_fall > FALL) | even) & training.is_poor & (training.last > FAR)
        steep = (training.late_fall > STEEP) & (training.last > NEAR) & ~(training.accuracy >= ACCURATE)
        at_speed = (training.late_fall > STEEP) & (training.late_share > EVENLY) & (training.last > GOOD)
        falls = (
            (slow | steep | (at_speed & ~(training.accuracy >= ACCURATE)))
            & (training.late_share > SHARE)
            & (training.evaluations > 1)
        )
        at_best = training.last <= training.lowest * (1 + SETTLED)
        return training.ended & ~training.stopped_early & falls & at_best

    def evidence(self, training: TrainingEvidence, place: int) -> Mapping[str, float]:
        """How much the loss still fell, where it ended, after how many steps of which size, and of how many samples."""
        samples = training.stack.samples.get("train") or math.nan
        return {
            "late_fall": float(training.late_fall[place]),
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
