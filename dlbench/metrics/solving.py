"""When a trial counts as having learned its data. Imports nothing heavy."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from dlbench.metrics.chance import chance_of
from dlbench.metrics.quantity import at_least, at_most, finite
from dlbench.metrics.trial_view import TrialView

if TYPE_CHECKING:
    from numpy import float64
    from numpy.typing import NDArray

Limit: TypeAlias = tuple[str, float | None, float | None]
"""A curve, the lowest value that counts, and the highest."""

ACCURACY = 0.99
"""The lowest accuracy on the training data."""

OF_ERRORS = 0.1
"""The largest share of the errors that always saying the largest class makes, or the mean."""

OF_LOSS = 0.5
"""The largest share of the loss that guessing the class shares costs."""


def limits_of(trial: TrialView) -> list[Limit]:
    """What an evaluation must meet to count as solved, by the recipe's rule or by ours; nothing where that is not known."""
    rule = trial.solved_rule
    if rule is not None:
        return [(rule.metric, rule.at_least, rule.at_most)]
    chance = chance_of(trial)
    if chance is None or chance.loss == 0:  # nothing is to be learned of a single class
        return []
    limits: list[Limit] = [("train_loss", None, OF_LOSS * chance.loss)]
    if chance.accuracy is not None:
        limits.append(("train_accuracy", max(ACCURACY, 1 - OF_ERRORS * (1 - chance.accuracy)), None))
    if chance.rmse is not None:
        limits.append(("train_rmse", None, OF_ERRORS * chance.rmse))
    return limits


def solves(trial: TrialView) -> Callable[[int], bool | None]:
    """Whether an evaluation counts as solved; `None` where its numbers are missing, or no rule is known."""
    checks = [partial(_meets, trial.curve(name), low, high) for name, low, high in limits_of(trial)]

    def has_learned(index: int) -> bool | None:
        found = [check(index) for check in checks]
        return None if None in found or not found else all(found)

    return has_learned


def _meets(curve: NDArray[float64], low: float | None, high: float | None, index: int) -> bool | None:
    value = finite(curve[index])
    if value is None:
        return None
    return (low is None or at_least(value, low)) and (high is None or at_most(value, high))
