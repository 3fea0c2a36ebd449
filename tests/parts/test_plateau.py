"""Schedules that follow evaluations against torch's own class, evaluation by evaluation."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from part_examples import example, shipped
from torch.optim.lr_scheduler import ReduceLROnPlateau

from dlbench.parts.schedules import SCHEDULES, adaptive, factor
from dlbench.parts.schedules.base import Standing

VALUES = st.lists(
    st.one_of(st.sampled_from([0.5, 0.49, 0.4999, 0.25, math.nan]), st.floats(1e-3, 2.0)), min_size=1, max_size=40
)
ARGUMENTS = st.fixed_dictionaries(
    {
        "metric": st.sampled_from(["validation_loss", "train_loss", "validation_accuracy"]),
        "factor": st.sampled_from([0.1, 0.5, 0.9]),
        "patience": st.integers(0, 4),
        "threshold": st.sampled_from([0.0, 1e-4, 0.05]),
        "threshold_mode": st.sampled_from(["rel", "abs"]),
        "cooldown": st.integers(0, 3),
        "min_lr": st.sampled_from([0.0, 1e-9, 0.003, 0.2]),
    }
)
LR = st.sampled_from([1.0, 0.1, 3e-8])


def by_torch(values: list[float], lr: float, arguments: dict[str, Any]) -> list[float]:
    """The learning rate after each of the values."""
    own = dict(arguments)
    mode = "max" if own.pop("metric").endswith("accuracy") else "min"
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=lr)
    scheduler = ReduceLROnPlateau(optimizer, mode, **own)
    rates = []
    for value in values:
        scheduler.step(value)
        rates.append(optimizer.param_groups[0]["lr"])
    return rates


@given(values=VALUES, lr=LR, arguments=ARGUMENTS)
def test_every_evaluation_is_that_of_torch(values: list[float], lr: float, arguments: dict[str, Any]) -> None:
    """Whatever evaluations give, NaN too, the learning rate after each is that of torch's class, to rounding."""
    schedule = adaptive({"kind": "reduce_on_plateau", **arguments})
    assert schedule is not None
    standing, rates = Standing(), []
    for value in values:
        standing = schedule.after(standing, value, lr)
        rates.append(lr * standing.factor)
    assert rates == pytest.approx(by_torch(values, lr, arguments), rel=1e-12)


def test_every_argument_is_compared() -> None:
    """No schedule that follows evaluations, and no argument of one, is left out above."""
    following = [name for name in shipped(SCHEDULES) if adaptive(example("schedules", name))]
    assert following == ["reduce_on_plateau"]
    assert set(SCHEDULES["reduce_on_plateau"].arguments) == {
        "metric", "factor", "patience", "threshold", "threshold_mode", "cooldown", "min_lr"
    }  # fmt: skip


def test_the_step_alone_changes_nothing() -> None:
    """By the step, the factor of a schedule that follows evaluations is 1 throughout."""
    settings = example("schedules", "reduce_on_plateau")
    assert {factor(settings, step, 50, 5) for step in range(50)} == {1.0}
