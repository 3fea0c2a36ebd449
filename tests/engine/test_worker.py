"""Workers as real processes: killed, stopped, failing, and going on."""

from __future__ import annotations

import hashlib
import signal
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import torch
from cases import dense, plan_of, settings
from patience import PATIENCE

from dlbench.engine.worker import Worker
from dlbench.launch.sessions import WorkerGroup, resume, start
from dlbench.metrics.catalog import METRICS
from dlbench.parts import lazy
from dlbench.parts.datasets import load_data
from dlbench.plan import Plan
from dlbench.run.control import ask
from dlbench.run.events import EventReader
from dlbench.run.folder import RunFolder, create
from dlbench.state.run_state import RunState

LAYERS = [{"kind": "flatten"}, dense(12, "relu"), {"kind": "dropout", "keep": 0.8, "rate": None}]
SLOW = settings(LAYERS, data="digits", batch_size=20, steps=2000, every=200, points=30)
XOR = settings([dense(4, "relu")], steps=1500)
PLAN = plan_of({"digits": SLOW, "xor": XOR}, seeds=[0, 1])


def new_run(base: Path, plan: Plan) -> RunFolder:
    """A folder with a plan, ready to start."""
    folder = create(base, "case", datetime.now().astimezone())
    folder.write_plan(plan)
    return folder


def wait_for(reader: EventReader, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Poll until an event comes that is wanted."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        for event in reader.poll():
            if wanted(event):
                return event
        time.sleep(0.02)
    raise AssertionError(f"no such event in {PATIENCE} s; console: {console(reader.folder)}")


def console(folder: RunFolder) -> str:
    """What the first worker printed."""
    return folder.console_file(0).read_text()


def run_to_the_end(folder: RunFolder, group: WorkerGroup) -> list[int | None]:
    """Exit codes."""
    assert group.wait(PATIENCE)
    return group.exit_codes


def results(folder: RunFolder) -> list[dict[str, float | None]]:
    """Every metric of every trial, but for times."""
    state = RunState(folder.read_plan())
    state.apply(EventReader(folder).poll())
    return [
        {name: metric.value(trial) for name, metric in METRICS.items() if name != "seconds"} for trial in state.trials
    ]


def train_here(folder: RunFolder, stacks: list[int], session: int = 0) -> int:
    """Be the first worker, without a process of its own, and give the exit code."""
    with pytest.MonkeyPatch.context() as patches:
        patches.setattr(signal, "signal", lambda *_: None)
        return Worker(folder, session, 0, stacks).run()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, float | None]]:
    """The results of a run that nobody disturbed."""
    folder = new_run(tmp_path_factory.mktemp("runs"), PLAN)
    assert train_here(folder, PLAN.workers[0].stacks) == 0
    return results(folder)


@pytest.mark.extras
def test_killed_at_two_moments_and_resumed_ends_with_the_same_table(
    tmp_path: Path, undisturbed: list[dict[str, float | None]]
) -> None:
    """Killed with SIGKILL in the first and in the second session, the run ends with every metric the same."""
    folder = new_run(tmp_path, PLAN)
    first = start(folder)
    wait_for(EventReader(folder), lambda e: e["kind"] == "metrics" and e["step"] >= 400)
    first.stop(force=True)
    assert run_to_the_end(folder, first) == [-signal.SIGKILL]
    second = resume(folder)
    wait_for(
        EventReader(folder),
        lambda e: (
            (e["session"] == 1 and e["kind"] == "checkpoint" and e["step"] < 2000)
            or (e["session"] == 1 and e["kind"] == "end")
        ),
    )
    second.stop(force=True)
    assert second.wait(PATIENCE)
    assert run_to_the_end(folder, resume(folder)) == [0]

    assert results(folder) == undisturbed


def test_asked_to_stop_it_saves_and_goes_on_later(tmp_path: Path, undisturbed: list[dict[str, float | None]]) -> None:
    """A stop by control line, and after it one by SIGTERM, ends with a checkpoint; resumed, the run ends the same."""
    folder = new_run(tmp_path, PLAN)
    reader = EventReader(folder)
    ways: list[tuple[Callable[[RunFolder], WorkerGroup], Callable[[WorkerGroup], object]]] = [
        (start, lambda group: ask(folder, "stop")),
        (resume, lambda group: group.stop()),
    ]
    for session, (begin, stop) in enumerate(ways):
        group = begin(folder)
        wait_for(reader, lambda e: e["kind"] == "heartbeat")
        stop(group)
        end = wait_for(reader, lambda e: e["kind"] == "end" and e["stack"] is None)
        assert (end["session"], end["status"]) == (session, "stopped")
        assert run_to_the_end(folder, group) == [0]
    assert train_here(folder, PLAN.workers[0].stacks, len(ways)) == 0

    assert results(folder) == undisturbed


def test_an_error_in_one_stack_is_its_end_and_the_others_train(tmp_path: Path) -> None:
    """A stack that cannot be built ends as failed with the error's text, the next one is trained, and the exit code is 1."""
    broken = settings([dense(4)], data={"kind": "csv", "path": str(tmp_path / "gone.csv")})
    plan = plan_of({"xor": XOR})
    plan.candidates.append(type(plan.candidates[0])("broken", {}, broken))
    plan.trials.append(type(plan.trials[0])("0" * 10, "broken", {}, 0, 1))
    plan.stacks.insert(0, type(plan.stacks[0])([1], 50, 10, 1.0))
    plan.workers[0].stacks[:] = [0, 1]
    folder = new_run(tmp_path, plan)

    assert train_here(folder, [0, 1]) == 1
    ends = {e["stack"]: e for e in EventReader(folder).poll() if e["kind"] == "end"}
    assert ends[0]["status"] == "failed"
    assert "gone.csv" in ends[0]["error"]
    assert ends[1]["status"] == "done"
    assert ends[None]["status"] == "failed"


def test_a_device_that_is_not_there_is_one_clear_line(tmp_path: Path) -> None:
    """An explicit device that torch cannot use ends the worker with the reason, a way on, and exit code 3."""
    folder = new_run(tmp_path, plan_of({"xor": XOR}, device="cuda:7"))

    assert train_here(folder, [0]) == 3
    (end,) = EventReader(folder).poll()
    assert "device 'cuda:7' cannot be used" in end["error"]
    assert "try --device cpu" in end["error"]


def test_out_of_memory_halves_the_slices_until_it_fits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When only two trials at a time fit in memory, a stack of seven is trained in slices, and says so."""
    folder = new_run(tmp_path, plan_of({"a": settings([dense(4)], steps=20)}, seeds=range(7)))
    true_forward = torch.baddbmm

    def forward_with_room_for_two(bias: torch.Tensor, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        if len(x) > 2:
            raise torch.OutOfMemoryError("no room")
        return true_forward(bias, x, weight)

    monkeypatch.setattr(lazy.torch, "baddbmm", forward_with_room_for_two)
    assert train_here(folder, [0]) == 0
    events = EventReader(folder).poll()

    notes = [e["text"] for e in events if e["kind"] == "note"]
    assert ["2 slices" in notes[0], "4 slices" in notes[1], len(notes)] == [True, True, 2]
    assert [e["status"] for e in events if e["kind"] == "end"] == ["done", "done"]


def test_data_is_told_once_by_whoever_trains_its_first_stack(tmp_path: Path) -> None:
    """Each data of a run has one event, whatever stack loads it first; a worker without the first stack is silent."""
    small = {"kind": "digits", "limit": 50}
    data = {"a": small, "b": {"kind": "xor"}, "c": small}
    plan = plan_of({name: settings([{"kind": "flatten"}, dense(3, repeat=i + 1)], data=own, steps=1)
                    for i, (name, own) in enumerate(data.items())})  # fmt: skip
    folder = new_run(tmp_path, plan)
    assert train_here(folder, [2, 1, 0]) == 0
    told = [event for event in EventReader(folder).poll() if event["kind"] == "data"]

    stacks = {plan.trials[stack.trials[0]].variant: index for index, stack in enumerate(plan.stacks)}
    assert sorted(event["stacks"] for event in told) == sorted([sorted([stacks["a"], stacks["c"]]), [stacks["b"]]])
    assert {event["dataset"]: event["samples"]["train"] for event in told} == {"digits": 50, "xor": 4}
    assert all(len(event["sha256"]["train"]) == 64 for event in told)

    assert train_here(folder, [max(stacks["a"], stacks["c"])], session=1) == 0
    assert len([event for event in EventReader(folder).poll() if event["kind"] == "data"]) == len(told)


def test_a_seed_s_own_split_is_what_its_stack_learns_from(tmp_path: Path) -> None:
    """With `split_per_seed` each seed trains on other samples, and seed 2 on those of `split_seed = 2`."""
    data = {
        "kind": "digits",
        "validation": 100,
        "validation_split": "stratified",
        "split_seed": 0,
        "split_per_seed": True,
    }
    own = settings([{"kind": "flatten"}], data=data, steps=1)
    folder = new_run(tmp_path, plan_of({"a": own}, seeds=[1, 2]))
    assert train_here(folder, [0, 1]) == 0
    hashes = [event["sha256"] for event in EventReader(folder).poll() if event["kind"] == "data"]

    arrays = load_data({**data, "split_seed": 2, "split_per_seed": False})
    expected = hashlib.sha256(arrays.x_train.tobytes() + arrays.y_train.tobytes()).hexdigest()
    assert [one["train"] for one in hashes].count(expected) == 1
    assert len({one["train"] for one in hashes}) == len({one["validation"] for one in hashes}) == 2
    assert len({one["test"] for one in hashes}) == 1


def test_a_worker_trains_convolutions_trial_by_trial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a CPU the worker takes a stack with a convolution apart, without a note, and all its trials are trained."""
    conv = {"kind": "conv", "channels": 2, "kernel": 3, "activation": {"kind": "relu"}}
    own = settings([conv, {"kind": "flatten"}], data="digits", steps=3, batch_size=20)
    folder = new_run(tmp_path, plan_of({"a": own}, seeds=range(3)))
    together = set()
    true_forward = torch.baddbmm

    def watched(bias: torch.Tensor, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        together.add(len(x))
        return true_forward(bias, x, weight)

    monkeypatch.setattr(lazy.torch, "baddbmm", watched)
    assert train_here(folder, [0]) == 0
    events = EventReader(folder).poll()

    assert together == {1}
    assert [e for e in events if e["kind"] == "note"] == []
    assert [len(e["test_loss"]) for e in events if e["kind"] == "metrics"][-1] == 3
