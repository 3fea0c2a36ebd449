"""What every schedule is, and the two ways to ask one: by the step, or by what evaluations have told."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

from dlbench.catalog import Catalog
from dlbench.parts.arguments import Settings, given

SCHEDULES: Catalog[Callable[..., Any]] = Catalog("schedules", title="how the learning rate changes during training")
"""Each is called as `f(step, steps, ...)` with the step that is about to be taken, from 0, and how many there will be.

Trait `by_epoch=True`: it counts in epochs too, and is called as `f(step, steps, steps_per_epoch, ...)`.

Trait `adaptive=True`: no function of the step, but an `AdaptiveSchedule`, built of its arguments."""

Unit: TypeAlias = Literal["steps", "epochs"]
"""What an argument that is a length counts."""


@dataclass(frozen=True)
class Standing:
    """How far a trial has come: the factor on its learning rate, its best evaluation, how many it waits since or still rests."""

    factor: float = 1.0
    best: float = math.nan
    waited: int = 0
    resting: int = 0


class AdaptiveSchedule(Protocol):
    """A schedule whose factor on the learning rate is what a trial's own evaluations make of it."""

    @property
    def metric(self) -> str:
        """The curve that it follows."""

    def after(self, standing: Standing, value: float, lr: float) -> Standing:
        """How a trial stands after one more evaluation has given `value`; `lr` is its learning rate without any factor."""


def factor(settings: Settings, step: int, steps: int, steps_per_epoch: int) -> float:
    """The factor on the learning rate at `step` (from 0) of `steps` that settings such as `{"kind": "cosine"}` name.

    Of an adaptive schedule 1: what evaluations make of the rate is known to whoever has seen them.
    """
    part = SCHEDULES[settings["kind"]]
    if part.traits.get("adaptive"):
        return 1.0
    place = (step, steps, steps_per_epoch) if part.traits.get("by_epoch") else (step, steps)
    found: float = part.make(*place, **given(settings))
    return found


def adaptive(settings: Settings) -> AdaptiveSchedule | None:
    """The schedule that settings such as `{"kind": "reduce_on_plateau", ...}` name, if evaluations decide it."""
    part = SCHEDULES[settings["kind"]]
    if not part.traits.get("adaptive"):
        return None
    schedule: AdaptiveSchedule = part.make(**given(settings))
    return schedule


def in_steps(length: int, unit: Unit, steps_per_epoch: int) -> int:
    """So many steps, or epochs, in steps."""
    return length * steps_per_epoch if unit == "epochs" else length
