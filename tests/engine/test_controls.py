"""What viewers ask of a training is done exactly, and leaves alone what it is not about."""

from __future__ import annotations

import math
import os
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from asking import Asked, Attended, asked
from cases import Events, dense, plan_of, settings, trained
from torch import nn

from dlbench.parts.optimizers import OPTIMIZERS
from dlbench.plan import Plan
from dlbench.run import control as controls
from dlbench.run import workers
from dlbench.run.processes import token_of

pytestmark = pytest.mark.usefixtures("either_way")

LAYERS = [{"kind": "flatten"}, dense(9, "relu"), {"kind": "batch_norm"}, {"kind": "dropout", "keep": 0.8, "rate": None}]
OWN = settings(LAYERS, data="digits", batch_size=500, steps=40, optimizer={"kind": "adam", "lr": 0.01}, every=7)
PLAN = plan_of({"a": OWN}, seeds=[0, 1, 2])
EPOCH = 3
"""Steps of one: the digits' training set in batches of 500."""


def curves(events: Events) -> dict[int, list[list[float]]]:
    """Every metric of every evaluation, by step."""
    return {
        event["step"]: [
            np.asarray(event[name]).tolist()
            for name in sorted(event)
            if name.endswith(("loss", "accuracy")) and event[name] is not None
        ]
        for event in events.of("metrics")
    }


@pytest.fixture(scope="module")
def undisturbed(either_way: str) -> tuple[torch.Tensor, dict[int, list[list[float]]]]:
    """The final weights and metrics of PLAN."""
    trainer, events = trained(PLAN)
    return trainer.tensors.weights, curves(events)


# --- pausing ----------------------------------------------------------------------------------------------------------

STEPWISE = [
    asked("advance", steps=1),
    asked("advance", steps=1),
    asked("advance", steps=6),
    asked("advance", steps="epoch"),
    asked("advance", steps="epoch"),
    asked("pause"),
    asked("advance", steps=1),
]


def test_paused_and_advanced_it_ends_with_the_same_bits(tmp_path: Path, undisturbed: Any) -> None:
    """Paused, led on by steps and epochs and let go, a training ends with the same weights and metrics, bit for bit."""
    viewer = Attended(tmp_path, PLAN)
    trainer, finished = viewer.train({11: [asked("pause")]}, STEPWISE)

    assert finished
    assert torch.equal(trainer.tensors.weights, undisturbed[0])
    assert str(curves(viewer.events)) == str(undisturbed[1])


def test_an_advance_is_exact(tmp_path: Path) -> None:
    """It waits where it was paused, after so many steps, at the end of the epoch, and nowhere else."""
    viewer = Attended(tmp_path, PLAN)
    viewer.train({11: [asked("pause")]}, STEPWISE)
    answers = [(event["action"], event["step"]) for event in viewer.events.of("control")]

    assert viewer.waited == [11, 12, 13, 19, 21, 24, 24, 25]
    assert viewer.errors == [None] * len(answers)
    assert answers[:5] == [("pause", 11), ("advance", 11), ("advance", 12), ("advance", 13), ("advance", 19)]
    assert answers[-1] == ("resume", 25)
    assert [event["steps"] for event in viewer.events.of("control") if event["action"] == "advance"] == [
        1,
        1,
        6,
        "epoch",
        "epoch",
        1,
    ]


def test_single_steps_are_probed_and_not_booked(tmp_path: Path) -> None:
    """Each step that was asked for alone has its probe, and what is booked as the probes' time are the planned ones."""
    few = plan_of({"a": {**OWN, "probes": {"points": 2, "histograms": True}}})
    viewer = Attended(tmp_path, few)
    trainer, _ = viewer.train({5: [asked("pause")]}, [asked("advance", steps=1)] * 3 + [asked("advance", steps=2)])
    plain, events = trained(few)

    assert [event["step"] for event in viewer.events.of("probe")] == [0, 5, 6, 7, 39]
    assert [event["step"] for event in events.of("probe")] == [0, 39]
    taken = [one._budget._taken_even + one._budget._taken_early for one in (trainer, plain)]
    assert taken == [2, 2]
    assert trainer._aside > trainer._budget.spent


def test_time_paused_is_not_training_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The seconds of a training stand still while it waits."""
    viewer, before = Attended(tmp_path, PLAN), []
    clock = time.perf_counter
    monkeypatch.setattr("time.perf_counter", lambda: clock() + 1e6 * len(before))

    def wait(trainer: Any) -> None:
        before.append(trainer.seconds)

    viewer.on_wait = wait
    viewer.train({11: [asked("pause")]}, [asked("advance", steps=2)])

    assert before[1] - before[0] < 1e5


def test_advances_asked_at_once_follow_each_other(tmp_path: Path) -> None:
    """Three single steps asked for in one moment are three steps, each probed; a pause or resume gives up those left."""
    viewer = Attended(tmp_path, plan_of({"a": {**OWN, "probes": {"points": 2, "histograms": True}}}))
    one = asked("advance", steps=1)
    viewer.train({11: [asked("pause"), one, one, one], 13: [asked("resume")]})
    answers = [(event["action"], event["step"], event["error"]) for event in viewer.events.of("control")]

    assert [event["step"] for event in viewer.events.of("probe")] == [0, 11, 12, 39]
    assert answers == [
        ("pause", 11, None),
        ("advance", 11, None),
        ("advance", 12, None),
        ("advance", 13, "another command came before it could start"),
        ("resume", 13, None),
    ]


def test_an_advance_needs_a_pause(tmp_path: Path) -> None:
    """Whoever asks a running training for one step hears that it is not paused."""
    viewer = Attended(tmp_path, PLAN)
    viewer.train({3: [asked("advance", steps=1)]})

    assert viewer.errors == ["it is not paused; pause it before advancing by steps"]
    assert viewer.waited == []


def test_a_pause_outlasts_its_stack(tmp_path: Path) -> None:
    """Led to the end of a stack by steps, the worker waits before the first step of the next."""
    other = settings([dense(4)], steps=10)
    plan = plan_of({"a": OWN, "b": other})
    first, second = sorted((0, 1), key=lambda stack: -plan.stacks[stack].steps)
    viewer = Attended(tmp_path, plan, stacks=[first, second])
    viewer.train({35: [asked("pause")]}, [asked("advance", steps=1000)], stack=first)
    viewer.train(stack=second)

    assert viewer.waited == [35, 0]


# --- learning rates ---------------------------------------------------------------------------------------------------


def plans(optimizer: str, regularizers: list[dict[str, Any]], rates: tuple[float, float]) -> Plan:
    """Two variants that differ in name and rate only, two seeds each; of what is measured on the way little."""
    base = OPTIMIZERS[optimizer]
    defaults = {name: one.default for name, one in base.arguments.items()}
    return plan_of(
        {
            name: settings(
                [dense(6, "relu"), dense(5, "tanh")],
                optimizer={"kind": optimizer, **defaults, "lr": lr},
                regularizers=[*regularizers, *([{"kind": "l2", "strength": 1e-3 * (name == "b")}])],
                every=25,
                points=4,
            )
            for name, lr in zip("ab", rates, strict=True)
        },
        seeds=[0, 1],
    )


def rows(plan: Plan, trainer: Any) -> dict[tuple[str, int], list[float]]:
    """The weights of each trial by its name."""
    return {
        (plan.trials[index].variant, plan.trials[index].seed): trainer.tensors.weights[row].tolist()
        for row, index in enumerate(plan.stacks[0].trials)
    }


def trials(plan: Plan, variant: str) -> list[int]:
    """Places of a variant's trials in the plan."""
    return [index for index, trial in enumerate(plan.trials) if trial.variant == variant]


NORMS = [{"kind": "clip_norm", "norm": 0.1}, {"kind": "max_norm", "norm": 1.0}]


@pytest.mark.parametrize("regularizers", [[], NORMS], ids=["plain", "norms"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS.names)
def test_a_rate_from_the_first_step_on_is_the_recipes(
    optimizer: str, regularizers: list[dict[str, Any]], tmp_path: Path
) -> None:
    """Asked for before step 0, another rate gives the weights of a training planned with it, bit for bit, with any optimizer."""
    planned, asked_for = plans(optimizer, regularizers, (0.01, 0.03)), plans(optimizer, regularizers, (0.01, 0.01))
    viewer = Attended(tmp_path, asked_for)
    trainer, _ = viewer.train({0: [asked("set_lr", trials=trials(asked_for, "b"), lr=0.03)]})

    assert viewer.errors == [None]
    assert rows(asked_for, trainer) == rows(planned, trained(planned)[0])


def test_a_rate_for_one_trial_in_the_midst_of_equals_changes_it_alone(tmp_path: Path) -> None:
    """Of five trials that train with equal numbers, one gets another rate: its weights change, the others' not by a bit."""
    plan = plan_of({"a": settings([dense(6)], optimizer={"kind": "adam", "lr": 0.01})}, seeds=range(5))
    plain = trained(plan)[0].tensors.weights
    viewer = Attended(tmp_path, plan)
    trainer, _ = viewer.train({20: [asked("set_lr", trials=[2], lr=0.5)]})
    same = [torch.equal(trainer.tensors.weights[row], plain[row]) for row in range(5)]
    (event,) = viewer.events.of("control")

    assert same == [True, True, False, True, True]
    assert {name: event[name] for name in ("action", "stack", "step", "trials", "lr", "error")} == {
        "action": "set_lr", "stack": 0, "step": 20, "trials": [2], "lr": 0.5, "error": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "oracle"),
    [("sgd", torch.optim.SGD), ("momentum", partial(torch.optim.SGD, momentum=0.9)), ("adam", torch.optim.Adam)],
    ids=["sgd", "momentum", "adam"],
)
def test_a_rate_changed_midway_as_torch(kind: str, oracle: Any, tmp_path: Path) -> None:
    """After a change at step 20 the weights are those of torch's own optimizer whose `lr` was set there, to 1e-5."""
    defaults = {name: one.default for name, one in OPTIMIZERS[kind].arguments.items()}
    plan = plan_of(
        {"a": settings([dense(6, "sigmoid")], optimizer={**defaults, "kind": kind, "lr": 0.02})}, seeds=[0, 1]
    )
    start, _ = Attended(tmp_path / "start", plan).train({0: [asked("stop")]})
    nets = []
    for trial in range(2):
        weights = start._nets[0]._weights.values()
        net = nn.Sequential(nn.Linear(2, 6), nn.Sigmoid(), nn.Linear(6, 1))
        with torch.no_grad():
            for module, own in zip((net[0], net[2]), weights, strict=True):
                module.weight.copy_(own["weight"][trial].T)
                module.bias.copy_(own["bias"][trial, 0])
        optimizer = oracle(net.parameters(), lr=0.02)
        for step in range(start.steps):
            if step == 20 and trial == 1:
                optimizer.param_groups[0]["lr"] = 0.1
            x, labels = start._batches.take(step)
            optimizer.zero_grad()
            nn.functional.binary_cross_entropy_with_logits(net(x[trial])[:, 0], labels[trial].float()).backward()
            optimizer.step()
        nets.append(torch.cat([(p.T if p.dim() == 2 else p).reshape(-1) for p in net.parameters()]).detach())
    trainer, _ = Attended(tmp_path / "changed", plan).train({20: [asked("set_lr", trials=[1], lr=0.1)]})

    torch.testing.assert_close(trainer.tensors.weights[:, : len(nets[0])], torch.stack(nets), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "request_", [asked("set_lr", trials=[1], lr=0.2), asked("end_trial", trials=[1])], ids=["set_lr", "end_trial"]
)
def test_interventions_survive_a_resume_exactly(request_: Asked, tmp_path: Path) -> None:
    """Broken off after the change and resumed from the file, a training ends with the bits and metrics of one that was not."""
    whole, parts = Attended(tmp_path / "whole", PLAN), Attended(tmp_path / "parts", PLAN)
    expected, _ = whole.train({12: [request_]})
    for before in ({12: [request_], 30: [asked("stop", stack=0)]}, {}):
        trainer, finished = parts.train(before)
        parts._save(trainer)
        parts.controls._unwanted.clear()

    assert finished
    assert torch.equal(trainer.tensors.weights, expected.tensors.weights)
    assert str(curves(parts.events)) == str(curves(whole.events))


def test_a_change_is_kept_before_anything_else_happens(tmp_path: Path) -> None:
    """A rate and a drop stand in a checkpoint as soon as they are told of."""
    viewer = Attended(tmp_path, PLAN)
    viewer.train({12: [asked("set_lr", trials=[1], lr=0.2), asked("end_trial", trials=[0])], 13: [asked("stop")]})
    saved = torch.load(viewer.folder.checkpoint_file(0), weights_only=True)

    assert (saved["step"], saved["rates"], saved["dropped"]) == (12, [0.01, 0.2, 0.01], [True, False, False])


def test_a_checkpoint_from_before_there_were_interventions_is_gone_on_from(tmp_path: Path, undisturbed: Any) -> None:
    """A file without rates, dropped trials and breakpoints is taken up as if nobody had asked for any."""
    viewer = Attended(tmp_path, PLAN)
    first, _ = viewer.train({12: [asked("stop", stack=0)]})
    fields = vars(first.checkpoint())
    torch.save(
        {name: fields[name] for name in fields if name not in {"rates", "dropped", "watch"}},
        viewer.folder.checkpoint_file(0),
    )
    viewer.controls._unwanted.clear()
    trainer, _ = viewer.train()

    assert torch.equal(trainer.tensors.weights, undisturbed[0])


# --- dropping ---------------------------------------------------------------------------------------------------------


def test_a_dropped_trial_has_no_numbers_and_disturbs_nobody(tmp_path: Path, undisturbed: Any) -> None:
    """From the drop on its metrics and measures are missing, and the others' weights and metrics are the same, bit for bit."""
    viewer = Attended(tmp_path, PLAN)
    trainer, finished = viewer.train({12: [asked("end_trial", trials=[1])]})
    after = [event for event in viewer.events.of("metrics") if event["step"] > 12]
    probes = [event for event in viewer.events.of("probe") if event["step"] >= 12]
    others = [0, 2]

    assert finished
    assert torch.equal(trainer.tensors.weights[others], undisturbed[0][others])
    for step, metrics in curves(viewer.events).items():
        assert [[own[i] for i in others] for own in metrics] == [
            [own[i] for i in others] for own in undisturbed[1][step]
        ] or step == 0
    assert after
    assert probes
    for event in after:
        assert all(math.isnan(event[name][1]) for name in ("train_loss", "test_accuracy", "batch_loss"))
    for event in probes:
        assert np.isnan(event["gradient_norm"][1]).all()
        assert event["gradient_histogram"][1].sum() == event["gradient_zeros"][1].sum() == 0
        assert np.isfinite(event["gradient_norm"][others][:, 1]).all()


def test_a_dropped_trial_does_not_diverge(tmp_path: Path) -> None:
    """What becomes of the loss of a trial after it was dropped is told nobody."""
    wild = settings([dense(5, "relu")], steps=100, optimizer={"kind": "sgd", "lr": 1e30})
    viewer = Attended(tmp_path, plan_of({"a": wild}, seeds=[0, 1]))
    viewer.train({0: [asked("end_trial", trials=[0])]})

    assert [event["trial"] for event in viewer.events.of("diverged")] == [1]


def test_without_trials_a_stack_is_done(tmp_path: Path) -> None:
    """When the last trial is dropped, running or paused, the stack ends as done at that step."""
    for name, before, waiting in (
        ("running", {9: [asked("end_trial", trials=[0, 1, 2])]}, []),
        ("paused", {9: [asked("pause")]}, [asked("end_trial", trials=[2, 0]), asked("end_trial", trials=[1])]),
    ):
        trainer, finished = Attended(tmp_path / name, PLAN).train(before, waiting)
        assert (finished, trainer.step) == (True, 9)


# --- who is meant -----------------------------------------------------------------------------------------------------

BROKEN: list[tuple[Any, str]] = [
    ({"action": "fly"}, "nothing is called 'fly'"),
    ({"action": "set_lr", "trials": [0], "lr": -1}, "'lr' takes a learning rate above 0, not -1"),
    ({"action": "set_lr", "trials": [0], "lr": None}, "not None"),
    ({"action": "set_lr", "trials": [3], "lr": 0.1}, "there is no trial 3; the plan has 0 to 2"),
    ({"action": "set_lr", "trials": "all", "lr": 0.1}, "'trials' takes a list of at least one trial"),
    ({"action": "end_trial", "trials": [10**15]}, "there is no trial 1000000000000000"),
    ({"action": "stop", "stack": 1}, "there is no stack 1; the plan has 0 to 0"),
    ({"action": "advance", "steps": 0}, "'steps' takes a whole number of at least 1"),
    ({"action": "breakpoint", "when": "loss > 1", "on": True}, "there is no metric or measure called 'loss'"),
    ({"action": "breakpoint", "when": "test_loss > 1 in b", "on": True}, "no variant is called 'b'"),
    ({"action": "breakpoint", "when": "test_loss > 1", "on": False}, "'test_loss > 1' is not watched for"),
]


@pytest.mark.parametrize(("fields", "what"), BROKEN)
def test_what_cannot_be_done_is_answered_and_harms_nothing(
    fields: dict[str, Any], what: str, tmp_path: Path, undisturbed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A control that no worker can do has an answer with the reason, and the training is the same, bit for bit."""
    monkeypatch.setattr(controls, "mistake", lambda _: None)  # whoever wrote the line did not go by `ask`
    viewer = Attended(tmp_path, PLAN)
    trainer, finished = viewer.train(
        {12: [(fields["action"], {name: fields[name] for name in fields if name != "action"})]}
    )
    (error,) = viewer.errors

    assert error is not None
    assert what in error
    assert finished
    assert torch.equal(trainer.tensors.weights, undisturbed[0])


def test_a_dropped_trial_has_no_rate(tmp_path: Path) -> None:
    """Asked to train a dropped trial with another rate, the worker says that it learns no more."""
    viewer = Attended(tmp_path, PLAN)
    viewer.train({5: [asked("end_trial", trials=[1])], 6: [asked("set_lr", trials=[0, 1], lr=0.5)]})

    assert viewer.errors == [None, "trial 1 was dropped; it is no longer training"]


TWO = plan_of({"a": settings([dense(5)], steps=30), "b": settings([dense(4)], steps=20)}, seeds=[0, 1])
"""Two stacks: trials 0 and 1, trials 2 and 3."""

TOO_LATE = "stack 1 has ended and takes no more commands"


def test_each_stack_does_its_part_when_it_is_trained(tmp_path: Path) -> None:
    """A control over two stacks is done at once in the present one and kept for the next, each answering with its own rows."""
    viewer = Attended(tmp_path, TWO, stacks=[0, 1])
    first, _ = viewer.train({10: [asked("set_lr", trials=[1, 2, 3], lr=0.25)]}, stack=0)
    second, _ = viewer.train(stack=1)
    answers = [(event["stack"], event["step"], event["trials"]) for event in viewer.events.of("control")]

    assert answers == [(0, 10, [1]), (1, 0, [0, 1])]
    assert (first._update.rates, second._update.rates) == ([0.5, 0.25], [0.25, 0.25])


def test_a_resumed_stack_says_what_its_checkpoint_holds(tmp_path: Path) -> None:
    """Rates and drops that are in force are told where a stack goes on, whatever became of the answers to those who asked."""
    viewer = Attended(tmp_path, PLAN)
    viewer.train({11: [asked("set_lr", trials=[1], lr=0.5), asked("end_trial", trials=[2]), asked("stop")]})
    viewer.train()
    told = [(event["step"], event["rates"], event["dropped"]) for event in viewer.events.of("stack")]

    assert told == [(0, [0.01, 0.01, 0.01], []), (11, [0.01, 0.5, 0.01], [2])]


def test_a_stop_of_a_later_stack_waits_for_it(tmp_path: Path) -> None:
    """The present stack goes on to its end, the one that was meant stops before its first step."""
    viewer = Attended(tmp_path, TWO, stacks=[0, 1])
    ends = [viewer.train({10: [asked("stop", stack=1)]}, stack=0), viewer.train(stack=1)]

    assert [(trainer.step, finished) for trainer, finished in ends] == [(30, True), (0, False)]
    assert [(event["stack"], event["step"]) for event in viewer.events.of("control")] == [(1, 0)]


def test_what_comes_too_late_is_answered(tmp_path: Path) -> None:
    """A control for a stack that has ended is answered with an error, wherever the worker is by then."""
    viewer = Attended(tmp_path, TWO, stacks=[0, 1])
    viewer.train(stack=0)
    viewer.train({5: [asked("end_trial", trials=[0, 2])]}, stack=1)
    answers = [(event["stack"], event["error"]) for event in viewer.events.of("control")]

    assert answers == [(1, TOO_LATE.replace("1", "0")), (1, None)]


def test_another_workers_stack_is_its_own_matter(tmp_path: Path) -> None:
    """Of two workers only that which has the stack answers, while it is there; else whoever is left says that it has ended."""
    here = token_of(os.getpid())
    other = workers.Launched(0, 1, here, [1], 0)
    for name, others, errors in (
        ("at work", [other], []),
        ("gone", [replace(other, token=replace(here, started=here.started - 100))], [TOO_LATE]),
        ("never there", [], [TOO_LATE]),
    ):
        viewer = Attended(tmp_path / name, TWO, stacks=[0])
        for one in others:
            workers.record(viewer.folder, one)
        viewer.train({5: [asked("end_trial", trials=[2])]}, stack=0)
        assert viewer.errors == errors, name


def test_what_was_kept_too_long_is_answered(tmp_path: Path) -> None:
    """Where a session ends before a stack begins, or with steps left to go on by, whoever asked is told that nothing came of it."""
    viewer = Attended(tmp_path, TWO, stacks=[0, 1])
    viewer.train(
        {5: [asked("end_trial", trials=[2]), asked("pause"), asked("advance", steps=99), asked("advance", steps=1)]}
    )
    viewer.boundary.close()
    answers = [
        (event["action"], event["stack"], event["step"], event["error"]) for event in viewer.events.of("control")
    ]

    assert answers == [
        ("pause", 0, 5, None),
        ("advance", 0, 5, None),
        ("end_trial", 1, None, "the session ended before stack 1 started; ask again after resuming it"),
        ("advance", 0, 30, "another command came before it could start"),
    ]
