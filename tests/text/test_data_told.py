"""The data of a run: what its events tell of it, in the fold, in words, under the table and in exports."""

from __future__ import annotations

import json
from dataclasses import asdict

import numpy as np
import pytest
from synthetic_run import make_plan, stack_event

from dlbench.analysis.summary import report
from dlbench.data_facts import DataFacts
from dlbench.export import EXPORTERS
from dlbench.export.json_data import as_data
from dlbench.parts.datasets import describe
from dlbench.plan.facts import described, measured
from dlbench.plan.questions import Compare, Questions
from dlbench.state.run_state import RunState
from dlbench.text.data import data_line
from dlbench.text.notes import notes_of

XOR = {"kind": "xor"}
SORTED = "the training rows are sorted by class"
PLAN = make_plan(["sigmoid", "relu"], seeds=2)


def facts_of(settings: dict, *notes: str) -> DataFacts:
    """What a worker finds out, with some more notes."""
    source = describe(settings)
    facts = measured(settings, source, source.load())
    return DataFacts(**vars(facts) | {"notes": notes})


def data_event(facts: DataFacts, *stacks: int, **changes: object) -> dict:
    """The event that tells it, once written and read."""
    return json.loads(json.dumps({"v": 1, "kind": "data", "stacks": stacks, "settings": {}, **asdict(facts)} | changes))


def state_of(*events: dict) -> RunState:
    """The state after some events."""
    state = RunState(PLAN)
    state.apply([stack_event(0), stack_event(1), *events])
    return state


def test_the_fold_keeps_what_the_event_tells() -> None:
    """Facts come through JSON as they were, numbers exactly; told again by a later session they are known once."""
    facts = facts_of(XOR, SORTED)
    state = state_of(data_event(facts, 0, 1), data_event(facts, 0, 1))

    assert state.data == {(0, 1): facts}
    assert state.notes == [(None, f"data: {SORTED}")]


def test_ranges_of_older_runs_are_read() -> None:
    """What 0.1.0 called the deviation of the training samples is their std."""
    facts = facts_of(XOR)
    ranges = asdict(facts)["ranges"]
    older = {"deviation" if name == "std" else name: values for name, values in ranges.items()}

    assert state_of(data_event(facts, 0, ranges=older)).data == {(0,): facts}


@pytest.mark.parametrize(
    "changes",
    [
        {"samples": None},
        {"ranges": {"of": "pixel"}},
        {"stacks": [7]},
        {"stacks": "all"},
        {"class_counts": {"train": ["a"]}},
    ],
)
def test_what_is_no_fact_is_passed_over(changes: dict) -> None:
    """An event that is not of the promised form changes nothing."""
    assert state_of(data_event(facts_of(XOR, SORTED), 0, **changes)).data == {}


def test_notes_stand_under_the_table_once_and_name_whom_they_concern() -> None:
    """What all data have in common is said once; of one variant's alone it is said whose it is."""
    state = state_of(data_event(facts_of(XOR, SORTED), 0), data_event(facts_of(XOR, SORTED, "odd"), 1))
    notes = notes_of(report(state, Questions()))

    assert [note for note in notes if note.startswith("data")] == [f"data: {SORTED}", "data of relu: odd"]


def test_exports_carry_the_facts() -> None:
    """Hashes, ranges and counts are in the JSON export as the event has them; a run without such an event has none."""
    facts = facts_of(XOR)
    exported = json.loads(
        EXPORTERS["json"].make(report(state_of(data_event(facts, 0, 1)), Questions(compare=Compare(), claims=[])))
    )

    assert exported["data"] == [{"stacks": [0, 1], **json.loads(json.dumps(asdict(facts)))}]
    assert as_data(report(state_of(), Questions(compare=Compare(), claims=[])))["data"] == []


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        (
            XOR,
            "xor, 4 samples of 2 features; 2 classes (0: 2, 1: 2), the largest 50 %; 4 to train, 4 to test, of the same samples",
        ),
        (
            {"kind": "digits", "validation": 200, "validation_split": "stratified", "limit": 1000},
            (
                "digits, 1,559 samples of 1 x 8 x 8; 10 classes (0: 156, 1: 156, 2: 155, ..., 9: 156), the largest 10.07 %; "
                "1,000 to train, 238 left out by the limit, 200 for validation, 359 to test"
            ),
        ),
        (
            {"kind": "digits", "validation": 200, "validation_split": "end", "limit": 10},
            (
                "digits, 569 samples of 1 x 8 x 8; 10 classes (0, 1, 2, ..., 9); 10 to train, 1,228 left out by the limit, "
                "200 for validation, 359 to test"
            ),
        ),
    ],
)
def test_the_data_in_one_line(settings: dict, line: str) -> None:
    """Samples, shape, classes with counts as far as they are known, the largest class's share, and the splits."""
    assert data_line(described(settings, describe(settings))) == line


def test_names_of_classes_do_not_fill_the_line(tmp_path) -> None:
    """A long name is cut, and what a terminal would obey is shown."""
    facts = facts_of(XOR)
    long = DataFacts(**vars(facts) | {"class_names": ("a" * 40, "\x1b[2J")})

    assert f"({'a' * 21}...: 2, \\x1b[2J: 2)" in data_line(long)


def test_the_largest_share_is_that_of_all_samples(tmp_path) -> None:
    """Numpy counts the same: 45 of 60."""
    x, y = np.arange(60.0)[:, None], np.repeat([0, 1], [45, 15])
    np.savez(tmp_path / "a.npz", x_train=x[::2], y_train=y[::2], x_test=x[1::2], y_test=y[1::2])
    settings = {"kind": "npz", "path": str(tmp_path / "a.npz")}

    assert "(0: 45, 1: 15), the largest 75 %" in data_line(described(settings, describe(settings)))


def test_targets_that_are_numbers_are_told_with_their_range(tmp_path):
    """By name before they are loaded, afterwards with what the training samples lie between, in their own units."""
    x, y = np.arange(40.0).reshape(20, 2), np.linspace(10, 48, 20)
    np.savez(tmp_path / "a.npz", x_train=x, y_train=y, x_test=x[:5], y_test=y[:5])
    settings = {"kind": "npz", "path": str(tmp_path / "a.npz"), "normalize_target": "standard"}
    source = describe(settings)

    assert data_line(described(settings, source)) == "npz, 25 samples of 2 features; target y; 20 to train, 5 to test"
    told = data_line(measured(settings, source, source.load()))
    assert "; target y from 10 to 48 (mean 29, std 11.53);" in told
