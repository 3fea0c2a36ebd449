"""What the engine writes, what the report reads and what the design promises are the same events."""

from __future__ import annotations

import re
import signal
from datetime import datetime
from pathlib import Path

import pytest
from asking import Attended, asked
from cases import Events, dense, plan_of, settings, trained

from dlbench.engine.worker import Worker
from dlbench.measures.catalog import MEASURES
from dlbench.measures.names import HISTOGRAM, ZEROS
from dlbench.metrics.names import BATCH_LOSS, CLIPPED_FRACTION, CURVES, LEARNING_RATE, SPLITS
from dlbench.parts.tasks import TASKS
from dlbench.run.control import ACTIONS
from dlbench.run.events import EventReader
from dlbench.run.folder import create
from dlbench.state.run_state import HANDLERS

DESIGN = (Path(__file__).parents[2] / "docs" / "design.md").read_text(encoding="utf-8")


def words(text: str) -> set[str]:
    """The words in code type."""
    return set(re.findall(r"\w+", " ".join(re.findall(r"`([^`]*)`", text))))


def table(head: str) -> dict[str, set[str]]:
    """The words in code type of each row of a table of the design, by the names in its first column."""
    lines = DESIGN.partition(f"\n{head}")[2].partition("\n\n")[0].splitlines()[2:]
    cells = [line.strip("| ").split(" | ") for line in lines]
    return {name: words(fields) for names, fields, *_ in cells for name in words(names)}


PROMISED = table("| kind | fields |")
ASKED = table("| action | fields |")

PLACE = {"kind", "stack", "step"}
ENVELOPE = {"v", "seq", "time", "session", "worker"}
OWN = {"set_lr": {"trials", "lr"}, "end_trial": {"trials"}, "advance": {"steps"}, "breakpoint": {"when", "on"}}
"""What the answer to an action holds beside what every answer has."""


@pytest.fixture(scope="module")
def events() -> Events:
    """The events of a stack in which one trial diverges."""
    wild = settings([dense(5, "relu")], optimizer={"kind": "sgd", "lr": 1e30})
    return trained(plan_of({"calm": settings([dense(5, "relu")]), "wild": wild}))[1]


def fields_of(events: Events, kind: str) -> set[str]:
    """The fields of an event beside its place; all events of a kind have the same."""
    found: list[set[str]] = [set(event) - PLACE for event in events.of(kind)]
    assert all(fields == found[0] for fields in found)
    return found[0]


def test_the_report_reads_every_measure_that_the_engine_writes(events: Events) -> None:
    """Metrics are those that the task declares for each split, probes have exactly the series that the fold keeps."""
    declared = {f"{split}_{name}" for split in SPLITS for name in TASKS["classification"].make.metrics}
    assert fields_of(events, "metrics") - {"epoch", "seconds"} == {
        *declared,
        BATCH_LOSS,
        LEARNING_RATE,
        CLIPPED_FRACTION,
    }
    assert declared < set(CURVES)
    assert fields_of(events, "probe") - {"cost"} == {*MEASURES, ZEROS, HISTOGRAM}


@pytest.mark.parametrize("kind", ["stack", "metrics", "probe", "diverged"])
def test_the_design_tells_of_every_field(events: Events, kind: str) -> None:
    """Each field of each kind of event stands in the design's table of events."""
    assert fields_of(events, kind) - PROMISED[kind] == set()


@pytest.fixture(scope="module")
def viewed(tmp_path_factory: pytest.TempPathFactory) -> Attended:
    """A training of which everything was asked that can be."""
    viewer = Attended(tmp_path_factory.mktemp("runs"), plan_of({"a": settings([dense(4)])}, seeds=[0, 1]))
    before = {
        5: [asked("breakpoint", when="test_loss > 0", on=True), asked("end_trial", trials=[0]), asked("pause")],
        20: [asked("set_lr", trials=[1], lr=0.1), asked("set_lr", trials=[7], lr=0.1), asked("stop")],
    }
    viewer.train(before, [asked("advance", steps=2)])
    return viewer


def test_what_can_be_asked_is_what_the_design_says() -> None:
    """Workers know the actions of the design's table, with its fields."""
    assert set(ACTIONS) == set(ASKED)
    assert all(set(fields) <= ASKED[action] for action, fields in ACTIONS.items())


def test_every_control_is_answered_as_the_design_says(viewed: Attended) -> None:
    """An answer has its id, what was asked, where it took effect or why not, and the action's own fields."""
    answers = viewed.events.of("control")
    every = PROMISED["control"] - {"trials"}

    assert {answer["action"] for answer in answers} == set(ACTIONS)
    for answer in answers:
        own = OWN.get(answer["action"], set()) if answer["error"] is None else set()
        assert set(answer) - {"kind"} == every | own


def test_breakpoints_are_told_as_the_design_says(viewed: Attended) -> None:
    """A hit has the fields of the design's table."""
    assert fields_of(viewed.events, "breakpoint") | PLACE - {"kind"} == PROMISED["breakpoint"]


def test_a_worker_tells_what_the_design_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the kinds that only a worker writes, each has the fields of the design's table."""
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    folder = create(tmp_path, "case", datetime.now().astimezone())
    folder.write_plan(plan_of({"a": settings([dense(4)])}))
    Worker(folder, 0, 0, [0]).run()
    told = {event["kind"]: set(event) - ENVELOPE - {"kind"} for event in EventReader(folder).poll()}

    for kind in ("run", "heartbeat", "checkpoint", "end"):
        assert told[kind] == PROMISED[kind] - ENVELOPE - ({"done", "stopped", "failed"} if kind == "end" else set())


def test_the_report_handles_every_promised_kind() -> None:
    """Every kind in the design's table is folded."""
    assert set(HANDLERS) == set(PROMISED)
