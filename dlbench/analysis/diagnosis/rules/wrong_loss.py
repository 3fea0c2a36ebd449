"""A loss that is not made for what is learned."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dlbench.analysis.diagnosis.evidence import Marks
from dlbench.analysis.diagnosis.finding import Severity
from dlbench.analysis.diagnosis.rule import rule
from dlbench.analysis.diagnosis.training import TrainingEvidence
from dlbench.analysis.diagnosis.training_rule import TrainingRule, has_gradient
from dlbench.words.number_format import number

MOVES = 3e-5
"""|dw| / |w| below which it is the rate that holds a net back, unless the loss gives hardly any gradient."""
WILD = 0.3
"""Above which it is the rate that throws it away."""


@rule
class WrongLoss(TrainingRule):
    """Classes learned by a squared error, or more than two of them by a logistic unit each; where the net has not learned well.

    Behind a sigmoid or softmax the squared error is flat where the net is sure and wrong, so that the gradient vanishes just
    there (Golik, Doetsch & Ney 2013); that of cross-entropy is p - t, whatever p is.
    """

    kind = "wrong-loss"
    severity = "warning"
    title = "wrong loss"
    symptom = "hardly any fall of the loss"
    because = "The loss is flat, or asks for something else, where the net should learn most: at answers that are sure and wrong."
    refuted_by = "By cross-entropy the net would learn no faster."
    remedies = ("cross-entropy",)

    def holds(self, training: TrainingEvidence) -> Marks:
        """Trials with such a loss that move and do not learn."""
        wrong = training.of(has_wrong_loss)
        steps = (training.usual_pace > MOVES) | ~training.of(has_gradient)
        steps &= ~(training.first_pace > WILD)
        return wrong & training.ended & steps & (~training.is_good | np.isnan(training.last))

    def how_bad(self, training: TrainingEvidence, place: int) -> Severity:
        """A warning: the other loss may not mend it alone."""
        return "warning"

    def evidence(self, training: TrainingEvidence, place: int) -> Mapping[str, float]:
        """The loss over guessing's, and the accuracy."""
        return {
            "loss_over_guessing": float(training.last[place]),
            "train_accuracy": float(training.accuracy[place]),
        }

    def words(self, training: TrainingEvidence, place: int, found: Mapping[str, float]) -> str:
        """Which loss, and what has become of it."""
        loss = number(found["loss_over_guessing"])
        return f"classes are learned by {_kind(training, place)}, which ends at {loss} of guessing's"


def has_wrong_loss(training: TrainingEvidence) -> Marks:
    """Trials that learn classes by such a loss."""
    return np.array([bool(_kind(training, place)) for place in range(len(training.trials))], np.bool_)


def _kind(training: TrainingEvidence, place: int) -> str:
    """The loss, if it is a wrong one."""
    if not training.is_classification:
        return ""
    loss = training.recipes[place].section("train").get("loss")
    kind = str(loss.get("kind")) if isinstance(loss, Mapping) else ""
    is_wrong = kind in {"mse", "l1", "huber"} or (kind == "bce" and (training.stack.classes or 0) > 2)
    return kind if is_wrong else ""
