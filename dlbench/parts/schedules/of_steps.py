"""Schedules that are functions of the step, in plain Python."""

from __future__ import annotations

from math import cos, pi
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Interval, Le

from dlbench.parts.schedules.base import SCHEDULES, Unit, in_steps


@SCHEDULES.add()
def constant(step: int, steps: int) -> float:
    """The learning rate stays as it is."""
    del step, steps
    return 1.0


@SCHEDULES.add(name="step", by_epoch=True)
def staircase(
    step: int,
    steps: int,
    steps_per_epoch: int,
    *,
    every: Annotated[int, Ge(1)],
    unit: Unit = "steps",
    gamma: Annotated[float, Gt(0)] = 0.1,
) -> float:
    """Times gamma after every so many steps, or epochs (torch's StepLR).

    every: after how many steps, or epochs, the rate falls.
    unit: what `every` counts.
    gamma: what the rate is multiplied by each time.
    """
    del steps
    return float(gamma ** (step // in_steps(every, unit, steps_per_epoch)))


@SCHEDULES.add()
def cosine(step: int, steps: int, *, floor: Annotated[float, Interval(ge=0, le=1)] = 0.0) -> float:
    """Down half a cosine from 1 at the first step towards floor, which the step after the last would reach.

    floor + (1 - floor) (1 + cos(pi step / steps)) / 2 (Loshchilov & Hutter 2017; torch's CosineAnnealingLR).

    floor: the factor at the end.
    """
    return floor + (1 - floor) * (1 + cos(pi * step / steps)) / 2


@SCHEDULES.add(by_epoch=True)
def warmup(
    step: int,
    steps: int,
    steps_per_epoch: int,
    *,
    over: Annotated[int, Ge(1)],
    unit: Unit = "steps",
    then: Literal["constant", "cosine"] = "constant",
) -> float:
    """Up a line over the first steps, then constant, or down half a cosine to 0 (Goyal et al. 2017).

    The first step has 1 / over, the step `over` the full rate.

    over: how many steps, or epochs, the rise takes.
    unit: what `over` counts.
    then: what follows the rise.
    """
    rise = in_steps(over, unit, steps_per_epoch)
    if step < rise:
        return (step + 1) / rise
    return 1.0 if then == "constant" else cosine(step - rise, steps - rise)


@SCHEDULES.add()
def one_cycle(
    step: int,
    steps: int,
    *,
    rise: Annotated[float, Interval(ge=0, le=1)] = 0.3,
    start: Annotated[float, Gt(0), Le(1)] = 0.04,
    end: Annotated[float, Ge(0), Le(1)] = 4e-6,
    anneal: Literal["cosine", "linear"] = "cosine",
) -> float:
    """Up from start to the full rate during a share `rise` of the steps, then down to end (Smith & Topin 2018).

    torch's OneCycleLR in two phases without the momentum's cycle; its div_factor is 1 / start, and its
    final_div_factor start / end. The optimizer's lr is the highest rate.

    rise: the share of the steps in which the rate rises.
    start: the factor at the first step.
    end: the factor at the last step.
    anneal: along which curve the factor moves.
    """
    top = rise * steps - 1
    if step <= top:
        return _between(start, 1.0, step / top if top else 1.0, anneal)
    return _between(1.0, end, (step - top) / (steps - 1 - top), anneal)


def _between(first: float, last: float, share: float, anneal: str) -> float:
    if anneal == "linear":
        return first + (last - first) * share
    return last + (first - last) * (1 + cos(pi * share)) / 2
