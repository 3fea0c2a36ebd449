"""Breakpoints: a condition is told at the step where the events first meet it, once a trial, and pauses there and then."""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from asking import Attended, asked
from cases import Events, dense, plan_of, settings, trained, trainer_of
from hypothesis import given
from hypothesis import strategies as st

from dlbench.engine import schedule
from dlbench.engine.breakpoints import meets
from dlbench.metrics.names import CURVES, REGRESSION, evaluated
from dlbench.plan import Plan
from dlbench.plan.breakpoints import AT_EVALUATIONS, COMPARISONS, MEASURES, Breakpoint, parse

DEEP = settings([dense(5, "sigmoid", repeat=3), dense(4, "relu")], steps=60, every=3, points=60)
SATURATED = dense(16, "tanh", init={"kind": "normal", "mean": 0.0, "std": 3.0})
WIDE = settings([SATURATED, dense(8, "relu")], steps=60, every=3, points=60)
NOISY = settings([dense(8, "tanh")], steps=60, every=3, batch_size=2)
VARIANTS = {"deep": DEEP, "wide": WIDE, "noisy": NOISY}


@pytest.fixture(autouse=True)
def every_probe_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """No probe is left out for its cost, so that a slow machine sees the same."""
    monkeypatch.setattr(schedule, "SHARE", 1e9)


def planned(*conditions: str, variant: str = "wide", seeds: int = 3) -> Plan:
    """A plan of one variant that watches for conditions."""
    return plan_of({variant: VARIANTS[variant]}, seeds=range(seeds), breakpoints=conditions)


def hits(events: Events) -> dict[int, tuple[int, str | None, float]]:
    """Step, layer and value of each trial's hit; each trial has one at most."""
    found = [(event["trial"], (event["step"], event["layer"], event["value"])) for event in events.of("breakpoint")]
    assert len({trial for trial, _ in found}) == len(found)
    return dict(found)


def is_met(value: float, condition: Breakpoint) -> bool:
    """The comparison by Python's own operators."""
    if math.isnan(value):
        return False
    return {
        "<": value < condition.value, "<=": value <= condition.value,
        ">": value > condition.value, ">=": value >= condition.value,
    }[condition.comparison]  # fmt: skip


def ratio(norms: list[float]) -> float:
    """The gradient ratio of one trial, all of whose probed layers have weights."""
    return norms[0] / norms[-1] if norms[-1] else math.nan


def first_met(events: Events, condition: Breakpoint) -> dict[int, int]:
    """The step at which each trial first meets a condition, read off its metrics and probes one by one."""
    found: dict[int, int] = {}
    for event in events.of("probe" if condition.is_probed else "metrics"):
        for trial in range(3):
            if condition.measure == "first_last_gradient_ratio":
                values = [ratio(event["gradient_norm"][trial].astype(float).tolist())]
            elif condition.is_probed:
                values = event[condition.measure][trial].astype(float).tolist()
            else:
                values = [float(event[condition.measure][trial])]
            if any(is_met(value, condition) for value in values):
                found.setdefault(trial, event["step"])
    return found


@cache
def middle(measure: str, variant: str) -> float:
    """The middle between the least and the greatest that a measure of a variant ever is."""
    events = trained(planned(variant=variant))[1]
    if measure == "first_last_gradient_ratio":
        values = [ratio(norms) for event in events.of("probe") for norms in event["gradient_norm"].astype(float)]
    else:
        values = [event[measure] for kind in ("metrics", "probe") for event in events.of(kind) if measure in event]
    found = np.concatenate([np.ravel(value) for value in values]).astype(float)
    return float(np.nanmin(found) + np.nanmax(found)) / 2


OF_NUMBERS = {name for name in CURVES if evaluated(name).task == REGRESSION}
SEEN = [
    name
    for name in (*AT_EVALUATIONS, *MEASURES, "first_last_gradient_ratio")
    if not name.startswith("validation") and name not in OF_NUMBERS
]


@pytest.mark.parametrize("comparison", COMPARISONS)
@pytest.mark.parametrize("measure", SEEN)
def test_hits_are_where_the_events_first_meet_the_condition(measure: str, comparison: str) -> None:
    """For every name and comparison, each trial's hit is at the first step whose own record meets it, and nowhere else."""
    condition = Breakpoint(measure, comparison, middle(measure, "wide"))
    events = watched(planned(str(condition)))
    expected = first_met(events, condition)

    assert {trial: step for trial, (step, _, _) in hits(events).items()} == expected
    assert expected


def watched(plan: Plan) -> Events:
    """The events of a training that is watched and never paused."""
    trainer, events = trainer_of(plan)
    trainer.pausing.conditions = {parse(text): False for text in plan.breakpoints}
    trainer.train(lambda _: False)
    return events


def test_a_hit_names_the_layer_that_meets_it_most() -> None:
    """Of several layers that meet a condition the hit has the name and value of the farthest, and none for the ratio."""
    events = watched(planned("gradient_norm < 1e3", "first_last_gradient_ratio < 1e3", variant="deep"))
    norms = events.of("probe")[0]["gradient_norm"]
    names = [f"dense{i}" for i in range(1, 5)] + ["output"]
    by_layer = {event["trial"]: event for event in events.of("breakpoint") if event["layer"]}
    by_ratio = {event["trial"]: event for event in events.of("breakpoint") if not event["layer"]}

    for trial in range(3):
        assert by_layer[trial]["layer"] == names[int(norms[trial].argmin())]
        assert by_layer[trial]["value"] == pytest.approx(float(norms[trial].min()), rel=1e-5)
        assert by_ratio[trial]["value"] == pytest.approx(float(norms[trial][0] / norms[trial][-1]), rel=1e-5)


@pytest.mark.parametrize(
    ("text", "sign"), [("train_loss falls 3", -1), ("batch_loss rises 2", 1), ("test_loss rises 1", 1)]
)
def test_trends_are_evaluations_running(text: str, sign: int) -> None:
    """A trend is told at the last of so many evaluations each strictly beyond the one before."""
    condition, events = parse(text), watched(planned(text, variant="noisy"))
    curve = np.array([event[condition.measure] for event in events.of("metrics")], dtype=float)
    steps = [event["step"] for event in events.of("metrics")]
    length, expected = int(condition.value), {}
    for trial in range(3):
        for end in range(length, len(steps)):
            if all(sign * (curve[i + 1, trial] - curve[i, trial]) > 0 for i in range(end - length, end)):
                expected.setdefault(trial, steps[end])

    assert {trial: step for trial, (step, _, _) in hits(events).items()} == expected
    assert expected


def test_a_missing_number_breaks_a_trend() -> None:
    """A trial that diverges meets no trend and no comparison of metrics afterwards."""
    wild = settings([dense(5, "relu")], steps=60, every=1, optimizer={"kind": "sgd", "lr": 1e30})
    events = watched(plan_of({"a": wild}, breakpoints=["test_loss falls 3", "test_accuracy >= 0"]))

    assert events.of("diverged")
    assert [event["step"] for event in events.of("breakpoint")] == [0]


@pytest.mark.parametrize(("text", "after"), [("gradient_norm > {}", 1), ("batch_loss < {}", 0)])
def test_it_waits_at_the_very_step(text: str, after: int, tmp_path: Path) -> None:
    """A hit that pauses has the training wait before the next step, whatever else was to come in that chunk."""
    measure = text.split(maxsplit=1)[0]
    plan = planned(text.format(middle(measure, "wide")))
    viewer = Attended(tmp_path, plan)
    trainer, finished = viewer.train()
    steps = sorted({event["step"] for event in viewer.events.of("breakpoint")})

    assert viewer.waited == [step + after for step in steps]
    assert all(event["paused"] for event in viewer.events.of("breakpoint"))
    assert steps
    assert finished
    assert torch.equal(trainer.tensors.weights, trained(planned())[0].tensors.weights)


def test_unattended_it_only_tells(tmp_path: Path) -> None:
    """Where nobody would let it go on, a recipe's breakpoint is told and the training goes on."""
    viewer = Attended(tmp_path, planned("gradient_norm > 0"), attended=False)
    viewer.train()

    assert viewer.waited == []
    assert [event["paused"] for event in viewer.events.of("breakpoint")] == [False] * 3


def test_one_that_was_asked_for_always_pauses(tmp_path: Path) -> None:
    """Asked for while it runs, a condition pauses an unattended training too, at its next probe; taken away it does not."""
    viewer = Attended(tmp_path, planned(), attended=False)
    viewer.train(
        {
            10: [asked("breakpoint", when="gradient_norm>0", on=True)],
            20: [
                asked("breakpoint", when="test_loss>0", on=True),
                asked("breakpoint", when="test_loss > 0.0", on=False),
            ],
        }
    )
    answers = [
        (event["when"], event["on"], event["error"])
        for event in viewer.events.of("control")
        if event["action"] == "breakpoint"
    ]
    (step,) = {event["step"] for event in viewer.events.of("breakpoint")}

    assert answers == [("gradient_norm > 0", True, None), ("test_loss > 0", True, None), ("test_loss > 0", False, None)]
    assert step == next(event["step"] for event in viewer.events.of("probe") if event["step"] >= 10)
    assert viewer.waited == [step + 1]


def test_asked_for_again_it_fires_again(tmp_path: Path) -> None:
    """One fires once a trial, until somebody asks for it anew."""
    viewer = Attended(tmp_path, planned("test_loss > 0"))
    viewer.train({31: [asked("breakpoint", when="test_loss > 0", on=True)]})

    assert [event["step"] for event in viewer.events.of("breakpoint")] == [0, 0, 0, 33, 33, 33]


def test_only_one_variant_is_watched() -> None:
    """A condition on one variant says nothing of the trials of another in the same stack."""
    other = {**WIDE, "train": {**WIDE["train"], "optimizer": {"kind": "sgd", "lr": 2.0}}}
    plan = plan_of({"wide": WIDE, "other": other}, seeds=[0, 1], breakpoints=["test_loss > 0 in other"])
    events = watched(plan)

    assert len(plan.stacks) == 1
    assert [plan.trials[plan.stacks[0].trials[trial]].variant for trial in hits(events)] == ["other", "other"]


def test_dropped_trials_are_watched_no_more(tmp_path: Path) -> None:
    """What becomes of a trial that was dropped comes true for nobody."""
    viewer = Attended(tmp_path, planned(), attended=False)
    viewer.train(
        {
            5: [
                asked("end_trial", trials=[0, 2]),
                *(asked("breakpoint", when=text, on=True) for text in ("test_loss > 0", "gradient_norm > 0")),
            ]
        }
    )

    assert {event["trial"] for event in viewer.events.of("breakpoint")} == {1}


def test_at_the_end_there_is_nothing_to_pause(tmp_path: Path) -> None:
    """A condition that comes true with the last step is told, and the training is done."""
    viewer = Attended(tmp_path, planned("train_loss >= 0"))
    viewer.train(
        {
            59: [
                asked("breakpoint", when="test_loss > 0", on=True),
                asked("breakpoint", when="gradient_norm > 0", on=True),
            ]
        }
    )
    last = [event for event in viewer.events.of("breakpoint") if event["step"] >= 59]

    assert [(event["step"], event["paused"]) for event in last] == [(59, False)] * 3 + [(60, False)] * 3
    assert viewer.waited == [0]


def test_a_resumed_training_fires_neither_twice_nor_too_late(tmp_path: Path) -> None:
    """Broken off at every seventh step, a training tells of the same conditions at the same steps."""
    texts = ("test_loss > 0", "batch_loss rises 2", "train_loss falls 3")
    plan = planned(*texts, variant="noisy")
    whole = [(e["trial"], e["when"], e["step"]) for e in watched(plan).of("breakpoint")]
    viewer = Attended(tmp_path, plan, attended=False)
    for stop in range(7, 70, 7):
        trainer, finished = viewer.train({stop: [asked("stop", stack=0)]} if stop < 60 else {})
        viewer._save(trainer)
        viewer.controls._unwanted.clear()

    assert finished
    assert [(e["trial"], e["when"], e["step"]) for e in viewer.events.of("breakpoint")] == whole
    assert len(whole) >= 6


NUMBERS = st.floats(width=32)


@given(st.lists(NUMBERS, min_size=1), st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(COMPARISONS))
def test_comparisons_are_pythons_but_for_rounding(values: list[float], limit: float, comparison: str) -> None:
    """Any numbers compare as Python compares them, where they differ by more than single precision rounds."""
    condition = Breakpoint("test_loss", comparison, limit)
    found = meets(np.array(values), condition)
    for value, met in zip(values, found.tolist(), strict=True):
        if not (abs(value - limit) <= 2.0**-20 * max(abs(value), abs(limit))) or value == limit:
            assert met == is_met(value, condition)


def test_a_tenth_is_a_tenth() -> None:
    """0.1 in single precision, which is more than 0.1, is not above 0.1; it is at least and at most that."""
    tenth = np.array([np.float32(0.1)], dtype=float)

    assert [bool(meets(tenth, Breakpoint("update_ratio", by, 0.1))[0]) for by in (">", "<", ">=", "<=")] == [
        False,
        False,
        True,
        True,
    ]
