"""What the engine writes, what the report reads and what the design promises are the same events."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from cases import Events, dense, plan_of, settings, trained

from dlbench.report.state import HANDLERS, LAYER_SERIES, TRIAL_SERIES
from dlbench.run.measures import HISTOGRAM

DESIGN = (Path(__file__).parents[2] / "docs" / "design.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", DESIGN, re.MULTILINE))
PROMISED = {kind: set(re.findall(r"\w+", " ".join(re.findall(r"`([^`]*)`", row)))) for kind, row in ROWS.items()}
"""The words in code type of each row of the design's table of events."""

PLACE = {"kind", "stack", "step"}


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
    """Metrics and probes have exactly the series that the fold keeps."""
    assert fields_of(events, "metrics") - {"epoch", "seconds"} == set(TRIAL_SERIES)
    assert fields_of(events, "probe") - {"cost"} == {*LAYER_SERIES, HISTOGRAM}


@pytest.mark.parametrize("kind", ["stack", "metrics", "probe", "diverged"])
def test_the_design_tells_of_every_field(events: Events, kind: str) -> None:
    """Each field of each kind of event stands in the design's table of events."""
    assert fields_of(events, kind) - PROMISED[kind] == set()


def test_the_report_handles_every_promised_kind() -> None:
    """Every kind in the design's table is folded, but for the answer to a control, which is for whoever asked."""
    assert set(HANDLERS) == set(PROMISED) - {"control"}
