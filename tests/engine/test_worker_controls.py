"""Controls and breakpoints of workers as real processes."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from asking import Attended, asked
from cases import dense, plan_of, settings
from patience import PATIENCE

from dlbench.launch.sessions import resume, start
from dlbench.launch.status import alive
from dlbench.plan import Plan
from dlbench.run.control import ask
from dlbench.run.events import EventReader
from dlbench.run.folder import RunFolder, create, find_runs

STEPS = 1000


@pytest.fixture(autouse=True)
def nobody_is_left(tmp_path: Path) -> Iterator[None]:
    """Where a test fails, the worker that it paused does not wait for ever."""
    yield
    for folder in find_runs(tmp_path):
        for worker in alive(folder):
            os.kill(worker.token.id, signal.SIGKILL)


def planned(*conditions: str) -> Plan:
    """Three seeds of a small net."""
    return plan_of({"a": settings([dense(4)], steps=STEPS)}, seeds=range(3), breakpoints=conditions, threads=1)


def new_run(base: Path, plan: Plan) -> RunFolder:
    """A folder with a plan, ready to start."""
    folder = create(base, "case", datetime.now().astimezone())
    folder.write_plan(plan)
    return folder


class Viewer:
    """Reads a run's events as they come."""

    def __init__(self, folder: RunFolder) -> None:
        self.reader, self.events = EventReader(folder), list[dict[str, Any]]()

    def wait_for(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first event from now on that is wanted."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            new = self.reader.poll()
            self.events += new
            if found := next(filter(wanted, new), None):
                return found
            time.sleep(0.01)
        console = self.reader.folder.console_file(0).read_text()
        raise AssertionError(f"no such event in {PATIENCE} s; console: {console}")

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The events of a kind so far."""
        return [event for event in self.events if event["kind"] == kind]


def waits_at(step: int) -> Callable[[dict[str, Any]], bool]:
    """Whether an event says that the worker is paused before a step."""
    return lambda event: event["kind"] == "heartbeat" and event["paused"] and event["step"] == step


@pytest.mark.extras
def test_paused_led_changed_and_killed_it_ends_as_if_it_had_only_been_changed(tmp_path: Path) -> None:
    """Paused, led by steps, given a rate, robbed of a trial and killed, a resumed run ends as the interventions alone would."""
    folder = new_run(tmp_path, planned())
    group = start(folder)
    viewer = Viewer(folder)
    ask(folder, "pause")
    viewer.wait_for(waits_at(0))
    ask(folder, "advance", steps=500)
    viewer.wait_for(waits_at(500))
    ask(folder, "set_lr", trials=[1], lr=0.05)
    ask(folder, "end_trial", trials=[2])
    ask(folder, "advance", steps=1)
    told = viewer.wait_for(waits_at(501))
    viewer.wait_for(lambda event: event["kind"] == "checkpoint" and event["step"] == 501)
    assert told["memory"] > 1e6
    assert told["rate"] is None
    assert [event["step"] for event in viewer.of("probe")][-1] == 500
    group.stop(force=True)
    assert group.wait(PATIENCE)
    group = resume(folder)
    assert (group.wait(PATIENCE), group.exit_codes) == (True, [0])

    oracle = Attended(tmp_path / "oracle", planned())
    oracle.train({500: [asked("set_lr", trials=[1], lr=0.05), asked("end_trial", trials=[2])]})
    expected, (*_, last) = (
        oracle.events.of("metrics")[-1],
        (e for e in EventReader(folder).poll() if e["kind"] == "metrics"),
    )
    assert last["step"] == expected["step"] == STEPS
    for name in ("train_loss", "test_loss", "test_accuracy", "batch_loss"):
        assert np.array_equal(np.array(last[name], dtype=np.float32), expected[name], equal_nan=True)
        assert last[name][2] is None


@pytest.mark.extras
def test_a_paused_worker_gives_signs_of_life_and_hears_a_signal(tmp_path: Path) -> None:
    """Paused by a breakpoint of its recipe, an attended worker saves, tells of itself every second, and ends on SIGTERM."""
    folder = new_run(tmp_path, planned("gradient_norm > 0"))
    group = start(folder, attended=True)
    viewer = Viewer(folder)
    first = viewer.wait_for(waits_at(1))
    second = viewer.wait_for(waits_at(1))
    third = viewer.wait_for(waits_at(1))
    assert third["time"] - second["time"] >= 0.9
    assert third["time"] - first["time"] >= 1.9
    assert {(event["step"], event["paused"]) for event in viewer.of("breakpoint")} == {(0, True)}
    assert [event["step"] for event in viewer.of("checkpoint")] == [1]
    group.stop()
    end = viewer.wait_for(lambda event: event["kind"] == "end" and event["stack"] is None)
    assert (end["status"], group.wait(PATIENCE), group.exit_codes) == ("stopped", True, [0])

    # Nobody is there to let it go on, so nothing may hold it.
    group = resume(folder)
    assert (group.wait(PATIENCE), group.exit_codes) == (True, [0])
    assert viewer.wait_for(lambda event: event["kind"] == "end" and event["stack"] is None)["status"] == "done"
