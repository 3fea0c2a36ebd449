"""Schedules: the factor on the learning rate at each step, in plain Python."""

from __future__ import annotations

from collections.abc import Callable
from math import cos, pi
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Interval, Le

from dlbench.catalog import Catalog
from dlbench.parts.arguments import Settings, given

SCHEDULES: Catalog[Callable[..., float]] = Catalog("schedules", title="how the learning rate changes during training")
"""Each is called as `f(step, steps, ...)` with the step that is about to be taken, from 0, and how many there will be."""


def factor(settings: Settings, step: int, steps: int) -> float:
    """The factor on the learning rate at `step` (from 0) of `steps` that settings such as `{"kind": "cosine"}` name."""
    return SCHEDULES[settings["kind"]].make(step, steps, **given(settings))


@SCHEDULES.add()
def constant(step: int, steps: int) -> float:
    """The learning rate stays as it is."""
    del step, steps
    return 1.0


@SCHEDULES.add(name="step")
def staircase(
    step: int,
    steps: int,
    *,
    every: Annotated[int, Ge(1)],
    gamma: Annotated[float, Gt(0)] = 0.1,
) -> float:
    """Times gamma after every so many steps (torch's StepLR); `every` counts steps, not epochs.

    every: after how many steps the rate falls.
    gamma: what the rate is multiplied by each time.
    """
    del steps
    return float(gamma ** (step // every))


@SCHEDULES.add()
def cosine(step: int, steps: int, *, floor: Annotated[float, Interval(ge=0, le=1)] = 0.0) -> float:
    """Down half a cosine from 1 at the first step towards floor, which the step after the last would reach.

    floor + (1 - floor) (1 + cos(pi step / steps)) / 2 (Loshchilov & Hutter 2017; torch's CosineAnnealingLR).

    floor: the factor at the end.
    """
    return floor + (1 - floor) * (1 + cos(pi * step / steps)) / 2


@SCHEDULES.add()
def warmup(
    step: int,
    steps: int,
    *,
    over: Annotated[int, Ge(1)],
    then: Literal["constant", "cosine"] = "constant",
) -> float:
    """Up a line over the first steps, then constant, or down half a cosine to 0 (Goyal et al. 2017).

    The first step has 1 / over, the step `over` the full rate.

    over: how many steps the rise takes.
    then: what follows the rise.
    """
    if step < over:
        return (step + 1) / over
    return 1.0 if then == "constant" else cosine(step - over, steps - over)


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
