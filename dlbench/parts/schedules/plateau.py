"""A schedule that follows evaluations: what a trial has come to decides its learning rate, not the step."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Annotated, Literal, TypeAlias

from annotated_types import Ge, Gt, Lt

from dlbench.metrics.names import evaluated
from dlbench.parts.arguments import MetricName
from dlbench.parts.schedules.base import SCHEDULES, Standing

Followed: TypeAlias = Annotated[str, MetricName(curves=True, split=("validation", "train"))]
"""A metric that evaluations write; none of the test data, or they would have a say in how a net is trained."""

LEAST_CHANGE = 1e-8
"""A smaller change of the learning rate is left alone, as torch does (its `eps`)."""


@SCHEDULES.add(adaptive=True)
@dataclass(frozen=True, kw_only=True)
class ReduceOnPlateau:
    """Times `factor` once a metric has got no better for more than `patience` evaluations (torch's ReduceLROnPlateau).

    Every trial follows its own evaluations, that before the first step included. Better is lower for losses and errors, higher
    for accuracies and R2.

    metric: what is followed, of validation or training data.
    factor: what the rate is multiplied by each time.
    patience: how many evaluations in a row may be no better before the rate falls.
    threshold: by how much better an evaluation must be than the best before it.
    threshold_mode: whether `threshold` is a share of the best ("rel") or a number like it ("abs").
    cooldown: how many evaluations after each fall are not counted.
    min_lr: the learning rate that it never goes below.
    """

    metric: Followed = "validation_loss"
    factor: Annotated[float, Gt(0), Lt(1)] = 0.1
    patience: Annotated[int, Ge(0)] = 10
    threshold: Annotated[float, Ge(0)] = 1e-4
    threshold_mode: Literal["rel", "abs"] = "rel"
    cooldown: Annotated[int, Ge(0)] = 0
    min_lr: Annotated[float, Ge(0)] = 0.0

    def after(self, standing: Standing, value: float, lr: float) -> Standing:
        """How a trial stands after one more evaluation; NaN is no better than anything."""
        if self._is_better(value, standing.best):
            standing = replace(standing, best=value, waited=0)
        else:
            standing = replace(standing, waited=standing.waited + 1)
        if standing.resting:
            standing = replace(standing, waited=0, resting=standing.resting - 1)
        return self._reduced(standing, lr) if standing.waited > self.patience else standing

    def _is_better(self, value: float, best: float) -> bool:
        if math.isnan(best):
            return not math.isnan(value)
        sign = -1 if evaluated(self.metric).better == "lower" else 1
        if self.threshold_mode == "abs":
            return sign * value > sign * best + self.threshold
        return sign * value > sign * best * (1 + sign * self.threshold)

    def _reduced(self, standing: Standing, lr: float) -> Standing:
        """The next learning rate below the present one, unless it is as low as it goes."""
        now = lr * standing.factor
        following = max(now * self.factor, self.min_lr)
        factor = following / lr if now - following > LEAST_CHANGE else standing.factor
        return replace(standing, factor=factor, waited=0, resting=self.cooldown)
