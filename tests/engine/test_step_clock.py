"""Where the time of a training is said to go."""

from __future__ import annotations

import re
import time
from dataclasses import replace

import pytest
import torch
from cases import dense, plan_of, settings, trained

from dlbench.engine import step_clock
from dlbench.engine.step_clock import STOPPED, StepClock


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time that clocks see."""
    told = [0.0]
    monkeypatch.setattr(step_clock.time, "perf_counter", lambda: told[0])
    return told


def test_time_is_the_innermost_parts_and_the_shares_add_up(now: list[float]) -> None:
    """Forward within backward is not backward's; what lies between parts is the rest; together they are all of it."""
    clock = StepClock(torch.device("cpu"), runs=True)
    with clock.on("backward"):
        now[0] += 1
        with clock.on("forward"):
            now[0] += 5
        now[0] += 2
    now[0] += 4
    clock.around("events", lambda: now.__setitem__(0, now[0] + 8))()

    shares = "forward 25.0%, backward 15.0%, events 40.0%, all else 20.0%"
    assert clock.told(10, 2) == [f"where the time went: {shares} of 20.00 s in 10 steps, 1e+06 us a step of each trial"]


def test_a_resumed_training_counts_its_own_steps(now: list[float]) -> None:
    """The steps of sessions before are not in the time of a step."""
    clock = StepClock(torch.device("cpu"), runs=True)
    clock.first = 90
    with clock.on("forward"):
        now[0] += 1

    assert "in 10 steps, 1e+05 us" in clock.told(100, 1)[0]


def test_a_clock_that_does_not_run_tells_nothing() -> None:
    """It has no sentence, and hands a function back as it is."""
    with STOPPED.on("forward"):
        time.sleep(0)

    assert STOPPED.told(10, 1) == []
    assert STOPPED.around("events", print) is print


@pytest.mark.parametrize("way", ["torch", "native"])
def test_a_profiled_training_has_the_same_bits(way: str) -> None:
    """Both ways say where their time went, and the weights are those of a training without a clock."""
    weights = []
    for profile in (False, True):
        own = settings([dense(4)], data="xor", steps=20, points=4)
        own["probes"]["profile"] = profile
        plan = plan_of({"a": own}, seeds=range(2))
        plan.stacks[0] = replace(plan.stacks[0], way=way)
        trainer, _ = trained(plan)
        weights.append(trainer.tensors.weights)
        told = trainer.clock.told(trainer.step, 2)

    assert torch.equal(*weights)
    parts = re.findall(r"[a-z ]+(?= [\d.]+%)", told[0])
    stepping = (
        [" native loop"] if trainer.ways.taken == "native" else [" batches", " forward", " backward", " optimizer"]
    )
    assert parts == [*stepping, " probes", " evaluation", " events", " all else"]
