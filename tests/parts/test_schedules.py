"""Schedules against torch's own schedulers, step by step."""

import math

import pytest
import torch
from part_examples import example, shipped
from torch.optim import lr_scheduler

from dlbench.parts.schedules import SCHEDULES, adaptive
from dlbench.parts.schedules import factor as factor_of

STEPS, EPOCH = 60, 5


def factor(settings, step, steps):
    """The factor where an epoch has five steps."""
    return factor_of(settings, step, steps, EPOCH)


def in_steps(length, unit="steps"):
    """A length in steps."""
    return {"steps": length, "epochs": length * EPOCH}[unit]


def step(optimizer, *, every, gamma=0.1, unit="steps"):
    """torch counts whatever its scheduler is stepped by."""
    return lr_scheduler.StepLR(optimizer, step_size=in_steps(every, unit), gamma=gamma)


def warmup(optimizer, *, over, then="constant", unit="steps"):
    """A line up, then a second scheduler that takes over."""
    over = in_steps(over, unit)
    up = lr_scheduler.LinearLR(optimizer, start_factor=1 / over, total_iters=over - 1)
    after = (
        lr_scheduler.ConstantLR(optimizer, factor=1.0)
        if then == "constant"
        else lr_scheduler.CosineAnnealingLR(optimizer, T_max=STEPS - over)
    )
    return lr_scheduler.SequentialLR(optimizer, [up, after], milestones=[over])


def one_cycle(optimizer, *, rise=0.3, start=0.04, end=4e-6, anneal="cosine"):
    """torch gives the low rates as divisors."""
    return lr_scheduler.OneCycleLR(
        optimizer,
        max_lr=1.0,
        total_steps=STEPS,
        pct_start=rise,
        anneal_strategy={"cosine": "cos", "linear": "linear"}[anneal],
        cycle_momentum=False,
        div_factor=1 / start,
        final_div_factor=start / end,
        three_phase=False,
    )


ORACLES = {
    "constant": lambda optimizer: lr_scheduler.LambdaLR(optimizer, lambda _: 1.0),
    "step": step,
    "cosine": lambda optimizer, floor=0.0: lr_scheduler.CosineAnnealingLR(optimizer, T_max=STEPS, eta_min=floor),
    "warmup": warmup,
    "one_cycle": one_cycle,
}

CASES = [
    {"kind": "constant"},
    {"kind": "step", "every": 7},
    {"kind": "step", "every": 20, "gamma": 0.5},
    {"kind": "step", "every": 2, "unit": "epochs"},
    {"kind": "cosine"},
    {"kind": "cosine", "floor": 0.1},
    {"kind": "warmup", "over": 10},
    {"kind": "warmup", "over": 5, "then": "cosine"},
    {"kind": "warmup", "over": 3, "unit": "epochs", "then": "cosine"},
    {"kind": "one_cycle"},
    {"kind": "one_cycle", "rise": 0.5, "start": 0.1, "end": 0.001, "anneal": "linear"},
]


TO_ITSELF = r"ignore:The epoch parameter in `scheduler.step\(\)` was not necessary:UserWarning"
"""What torch 2.6 says of how its own SequentialLR calls its schedulers."""


def label(settings):
    """A short name for a case."""
    return "-".join(map(str, settings.values()))


def test_every_schedule_has_an_oracle():
    """No schedule of dlbench's own, and no argument of one, is in the catalogue without being compared with torch.

    Those that follow evaluations are compared in test_plateau.py.
    """
    assert set(ORACLES) == {name for name in shipped(SCHEDULES) if not adaptive(example("schedules", name))}
    for part in map(SCHEDULES.__getitem__, ORACLES):
        tried = {key for case in CASES if case["kind"] == part.name for key in case if key != "kind"}
        assert tried == set(part.arguments)


@pytest.mark.filterwarnings(TO_ITSELF)
@pytest.mark.parametrize("settings", CASES, ids=label)
def test_every_step_is_that_of_torch(settings):
    """The factor at each of sixty steps is torch's learning rate from a base rate of 1, to 1e-9."""
    arguments = {key: value for key, value in settings.items() if key != "kind"}
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = ORACLES[settings["kind"]](optimizer, **arguments)
    for step in range(STEPS):
        assert factor(settings, step, STEPS) == pytest.approx(scheduler.get_last_lr()[0], abs=1e-9), step
        optimizer.step()
        if step < STEPS - 1:
            scheduler.step()


@pytest.mark.parametrize("settings", [*CASES, *(example("schedules", name) for name in SCHEDULES.names)], ids=label)
@pytest.mark.parametrize("steps", [1, 2, 3, 10])
def test_short_trainings_have_rates_too(settings, steps):
    """However few steps there are, every factor is a number from 0 to 1."""
    factors = [factor(settings, step, steps) for step in range(steps)]
    assert all(math.isfinite(value) and 0 <= value <= 1 for value in factors)


def test_one_cycle_reaches_its_three_rates():
    """One cycle begins at start, passes the full rate, and ends at end."""
    settings = {"kind": "one_cycle", "rise": 0.25, "start": 0.1, "end": 0.01}
    factors = [factor(settings, step, 40) for step in range(40)]
    assert factors[0] == pytest.approx(0.1)
    assert factors[9] == max(factors) == pytest.approx(1.0)
    assert factors[-1] == pytest.approx(0.01)
