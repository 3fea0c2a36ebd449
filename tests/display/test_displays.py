"""The displays, each fed with the same run."""

import io
import json
import re
import sys

import numpy as np
import pytest

from dlbench import display
from dlbench.display.bars import ProgressBars
from dlbench.display.base import JsonLines, Silent
from dlbench.display.lines import Lines
from dlbench.plan import Plan, Stack, Trial
from dlbench.run.events import EventReader, EventWriter
from dlbench.run.folder import RunFolder
from dlbench.state.run_state import RunState

PLAN = Plan(
    "recipe",
    [],
    [Trial(f"t{seed}", variant, {}, seed, 0) for variant in ("sigmoid", "relu") for seed in (0, 1)],
    [Stack([0, 1], 1000, 7, 1.0), Stack([2, 3], 1000, 7, 1.0)],
    [],
)
EVENTS = [
    {"kind": "stack", "stack": 0, "step": 0, "layers": []},
    {"kind": "note", "stack": None, "text": "no GPU; training on the CPU"},
    {"kind": "heartbeat", "stack": 0, "step": 400, "rate": 60.0},
    {"kind": "diverged", "stack": 0, "step": 410, "trial": 1, "last_loss": 3.0},
    {"kind": "end", "stack": 0, "step": 1000, "status": "done", "error": None},
    {"kind": "stack", "stack": 1, "step": 0, "layers": []},
    {"kind": "end", "stack": 1, "step": 30, "status": "failed", "error": "boom"},
]


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    encoding = "utf-8"

    def isatty(self):
        """It does."""
        return True


def play(shown):
    """Show the run event by event, as a poll a time would bring it."""
    state = RunState(PLAN)
    with shown:
        for seq, event in enumerate(EVENTS):
            new = [{"v": 1, "seq": seq, "session": 0, "worker": 0, **event}]
            state.apply(new)
            shown.update(state, new)


def test_lines_have_no_escape_codes():
    """What goes into a pipe is plain text, a line a fact."""
    stream = io.StringIO()

    play(Lines(stream, every=0.0))

    assert "\x1b" not in stream.getvalue()
    assert stream.getvalue().splitlines() == [
        "[1/2] sigmoid (2 trials): step 0/1,000, running",
        "note: no GPU; training on the CPU",
        "[1/2] sigmoid (2 trials): step 400/1,000, 60 steps/s, 0:10 left",
        "[1/2] sigmoid (2 trials): step 410/1,000, 60 steps/s, 0:10 left, 1 diverged",
        "[1/2] sigmoid (2 trials): step 1,000/1,000, done, 1 diverged",
        "[2/2] relu (2 trials): step 0/1,000, running",
        "[2/2] relu (2 trials): step 30/1,000, failed",
        "finding: sigmoid: 1 of 4 seeds diverged at step 410",
    ]


def test_lines_keep_their_distance():
    """Between two due moments only notes and ends are told."""
    stream = io.StringIO()

    play(Lines(stream, every=3600.0))

    assert stream.getvalue().splitlines() == [
        "note: no GPU; training on the CPU",
        "[1/2] sigmoid (2 trials): step 1,000/1,000, done, 1 diverged",
        "[2/2] relu (2 trials): step 30/1,000, failed",
        "finding: sigmoid: 1 of 4 seeds diverged at step 410",
    ]


def test_lines_say_nothing_twice():
    """A stack that stands still is not told again."""
    stream, state = io.StringIO(), RunState(PLAN)
    state.apply([{"v": 1, "session": 0, "worker": 0, **EVENTS[0]}])

    shown = Lines(stream, every=0.0)
    for _ in range(3):
        shown.update(state, [])

    assert stream.getvalue().count("\n") == 1


def test_lines_tell_of_a_pause_where_it_stood_already():
    """A stack that is paused at the step that was told last has a line for that, and one when it goes on."""
    stream, state = io.StringIO(), RunState(PLAN)
    shown = Lines(stream, every=0.0)
    beat = {"kind": "heartbeat", "stack": 0, "step": 0, "rate": None}
    for event in (EVENTS[0], beat | {"paused": True}, beat | {"paused": True}, beat | {"paused": False}):
        state.apply([{"v": 1, "session": 0, "worker": 0, **event}])
        shown.update(state, [])

    assert [line.rpartition(", ")[2] for line in stream.getvalue().splitlines()] == ["running", "paused", "running"]


def test_lines_of_a_resumed_run_begin_with_what_is_new():
    """What an older session left stopped or paused is not told of the one that goes on with it."""
    stream, state = io.StringIO(), RunState(PLAN)
    state.expect(1, [0])
    shown = Lines(stream, every=0.0)
    old = [EVENTS[0], {"kind": "control", "id": "1", "action": "pause", "stack": 0, "step": 400, "error": None}]
    new = [{"kind": "run", "stacks": [0]}, {"kind": "stack", "stack": 0, "step": 300, "layers": []}]
    for session, event in ((0, old[0]), (0, old[1]), (1, new[0]), (1, new[1])):
        state.apply([{"v": 1, "session": session, "worker": 0, **event}])
        shown.update(state, [])

    assert stream.getvalue().splitlines() == [
        "starting the workers",
        "[1/2] sigmoid (2 trials): step 300/1,000, running",
    ]


def test_lines_tell_once_that_the_workers_start():
    """Until the first stack begins one line says why nothing moves."""
    stream, state = io.StringIO(), RunState(PLAN)

    shown = Lines(stream, every=0.0)
    for _ in range(3):
        shown.update(state, [])

    assert stream.getvalue() == "starting the workers\n"


def test_bars_show_that_the_workers_start(monkeypatch):
    """Before the first stack begins a bar says why nothing moves; none of it is left when the stacks have theirs."""
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    state, shown = RunState(PLAN), ProgressBars(ascii_only=False)
    with shown:
        shown.update(state, [])
        before = stream.getvalue()
        state.apply([{"v": 1, "session": 0, "worker": 0, **EVENTS[0]}])
        shown.update(state, [])
        later = stream.getvalue()[len(before) :]

    assert "starting the workers" in before
    assert "starting the workers" not in later
    assert "sigmoid" in later


def test_json_lines_are_the_events():
    """Every event comes out as one JSON object a line, unchanged."""
    stream = io.StringIO()

    play(JsonLines(stream))

    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [{key: line[key] for key in event} for line, event in zip(lines, EVENTS, strict=True)] == EVENTS


def test_json_lines_have_large_arrays_too(tmp_path):
    """An array that stands beside the run's own lines comes out in its event's line, as a list."""
    folder = RunFolder(tmp_path)
    folder.events.mkdir()
    losses = np.linspace(0, 1, 100, dtype=np.float32)
    losses[0] = np.nan
    with EventWriter(folder.events_file(0, 0)) as writer:
        writer.write("metrics", stack=0, step=0, train_loss=losses)
    stream = io.StringIO()
    JsonLines(stream).update(RunState(PLAN), EventReader(folder).poll())

    assert json.loads(stream.getvalue())["train_loss"] == [None, *map(pytest.approx, losses[1:].tolist())]


def test_silent_is_silent(capsys):
    """Nothing is shown by the display that shows nothing."""
    play(Silent())

    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_bars_show_every_stack(monkeypatch, columns):
    """Each stack has a line with its variant, and no line is wider than the terminal."""
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("TERM", "xterm")

    play(ProgressBars(ascii_only=False))

    last = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", stream.getvalue()).replace("\r", "\n").splitlines()
    assert any(line.startswith("sigmoid") for line in last)
    assert any(line.startswith("relu") for line in last)
    assert max(map(len, last)) <= columns
    if columns >= 80:
        assert any("1,000/1,000" in line and "done, 1 diverged" in line for line in last)


def test_bars_in_ascii(monkeypatch):
    """With `--ascii` not one character beyond ASCII is drawn."""
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")

    play(ProgressBars(ascii_only=True))

    assert stream.getvalue().isascii()


def test_bars_without_color(monkeypatch):
    """NO_COLOR takes the colours away and leaves the bars."""
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("NO_COLOR", "1")

    play(ProgressBars(ascii_only=False))

    assert re.findall(r"\x1b\[[0-9;]*m", stream.getvalue().replace("\x1b[0m", "")) == []
    assert "sigmoid" in stream.getvalue()


@pytest.mark.parametrize(
    ("kind", "terminal", "term", "expected"),
    [
        ("plain", True, "xterm", ProgressBars),
        ("plain", True, "dumb", Lines),
        ("plain", False, "xterm", Lines),
        ("json", True, "xterm", JsonLines),
        ("none", True, "xterm", Silent),
    ],
)
def test_make_picks_what_the_terminal_can_show(monkeypatch, kind, terminal, term, expected):
    """Bars need a terminal that can move its cursor."""
    monkeypatch.setattr(sys, "stderr", Terminal() if terminal else io.StringIO())
    monkeypatch.setenv("TERM", term)

    assert type(display.make(kind, ascii_only=False)) is expected
