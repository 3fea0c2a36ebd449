from __future__ import annotations

import json
import subprocess
import sys

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlbench.errors import UsageError
from dlbench.run.control import ACTIONS, ControlReader, ask, mistake
from dlbench.run.folder import RunFolder

ASKER = """
import sys
from pathlib import Path
from dlbench.run.control import ask
from dlbench.run.folder import RunFolder
for number in range(200):
    ask(RunFolder(Path(sys.argv[1])), "stop", stack=number, padding="x" * number, who=sys.argv[2])
"""


@pytest.fixture
def running(folder):
    """A run in its first session."""
    folder.events_file(0, 0).touch()
    return folder


def test_what_is_asked_is_read_once(running):
    """A control comes with its id, action and fields, and only once."""
    reader = ControlReader(running.control_file, 0)
    before = reader.poll()
    identity = ask(running, "stop", stack=3)
    (control,) = reader.poll()

    assert before == []
    assert (control["id"], control["action"], control["stack"], control["v"]) == (identity, "stop", 3, 1)
    assert reader.poll() == []


def test_processes_that_ask_at_once_lose_nothing(running):
    """Two processes appending together leave every line whole."""
    askers = [subprocess.Popen([sys.executable, "-c", ASKER, str(running.path), who]) for who in "ab"]
    reader, controls = ControlReader(running.control_file, 0), []
    while any(asker.poll() is None for asker in askers):
        controls += reader.poll()
    controls += reader.poll()

    assert len({control["id"] for control in controls}) == len(controls) == 400
    for who in "ab":
        assert [control["stack"] for control in controls if control["who"] == who] == list(range(200))


def test_a_resumed_run_does_not_obey_the_stop_that_ended_it(running):
    """Controls are meant for the session that was newest when they were asked."""
    ask(running, "stop")
    running.events_file(1, 0).touch()
    identity = ask(running, "stop")

    assert [control["id"] for control in ControlReader(running.control_file, 1).poll()] == [identity]


def test_nobody_can_be_asked_before_the_first_session(folder):
    """Asking a run that was never started is the user's mistake and writes nothing."""
    with pytest.raises(UsageError, match=r"xor/20261123-153012 was never started, so no worker can take 'stop'"):
        ask(folder, "stop")

    assert not folder.control_file.exists()


@given(st.lists(st.one_of(st.none(), st.binary(max_size=50)), max_size=10))
def test_hostile_lines_swallow_no_control(tmp_path_factory, parts):
    """Whatever bytes stand in the file, torn or whole, each control asked is read once and in order."""
    folder = RunFolder(tmp_path_factory.mktemp("run"))
    folder.events.mkdir()
    folder.events_file(0, 0).touch()
    reader, asked, read = ControlReader(folder.control_file, 0), [], []
    for part in parts:
        if part is None:
            asked.append(ask(folder, "stop"))
        else:
            with folder.control_file.open("ab") as file:
                file.write(part)
        read += reader.poll()

    assert [control["id"] for control in read] == asked


@pytest.mark.parametrize(
    "change",
    [{"v": 2}, {"v": None}, {"id": 3}, {"action": None}, {"session": None}, {"session": -1}],
)
def test_a_control_that_is_not_for_this_reader_is_passed_over(running, change):
    """Another version, an older session, or no proper id or action: nothing is done."""
    ask(running, "stop")
    control = json.loads(running.control_file.read_text())
    running.control_file.write_text(json.dumps(control | change) + "\n")

    assert ControlReader(running.control_file, 0).poll() == []


def test_an_idle_poll_reads_nothing_and_a_rewritten_file_repeats_nothing(running, monkeypatch):
    """While nothing is asked a poll opens no file; after a copy took its place no control comes again."""
    reader = ControlReader(running.control_file, 0)
    ask(running, "stop")
    reader.poll()
    content = running.control_file.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr("pathlib.Path.open", lambda *_: pytest.fail("opened a file"))
        assert reader.poll() == []
    (running.path / "copy").write_bytes(content)
    (running.path / "copy").replace(running.control_file)

    assert reader.poll() == []


RIGHT = [
    ("stop", {}),
    ("stop", {"stack": 2}),
    ("pause", {}),
    ("resume", {}),
    ("advance", {"steps": 1}),
    ("advance", {"steps": "epoch"}),
    ("end_trial", {"trials": [0, 4]}),
    ("set_lr", {"trials": [1], "lr": 0.003}),
    ("set_lr", {"trials": [1], "lr": 1}),
    ("breakpoint", {"when": "first_last_gradient_ratio < 1e-6", "on": True}),
    ("breakpoint", {"when": "test_loss rises 3", "on": False}),
]
WRONG = [
    ("halt", {}, "nothing is called 'halt'; workers can stop, pause, resume, advance, end_trial, set_lr, breakpoint"),
    ("stop", {"stack": -1}, "stop: 'stack' takes a stack's number, or nothing, not -1"),
    ("stop", {"stack": True}, "not True"),
    ("advance", {}, "advance: 'steps' takes a whole number of at least 1, or \"epoch\", not None"),
    ("advance", {"steps": 0}, "not 0"),
    ("advance", {"steps": 1.5}, "not 1.5"),
    ("end_trial", {"trials": []}, "end_trial: 'trials' takes a list of at least one trial"),
    ("end_trial", {"trials": 3}, "not 3"),
    ("end_trial", {"trials": [0, "1"]}, "not [0, '1']"),
    ("set_lr", {"trials": [0]}, "set_lr: 'lr' takes a learning rate above 0, not None"),
    ("set_lr", {"trials": [0], "lr": -0.1}, "not -0.1"),
    ("set_lr", {"trials": [0], "lr": float("nan")}, "not nan"),
    ("set_lr", {"trials": [0], "lr": float("inf")}, "not inf"),
    ("set_lr", {"trials": [0], "lr": "0.1"}, "not '0.1'"),
    ("breakpoint", {"when": "first_last_gradient_ratio < 1e-6"}, "breakpoint: 'on' takes true or false, not None"),
    ("breakpoint", {"when": 3, "on": True}, "breakpoint: 'when' takes a condition as text, not 3"),
    ("breakpoint", {"when": "gradint_norm < 1", "on": True}, "did you mean 'gradient_norm'?"),
]


@pytest.mark.parametrize(("action", "fields"), RIGHT)
def test_every_action_can_be_asked(running, action, fields):
    """What workers understand is written as it was asked."""
    ask(running, action, **fields)
    (control,) = ControlReader(running.control_file, 0).poll()

    assert {name: control[name] for name in ("action", *fields)} == {"action": action, **fields}
    assert {action for action, _ in RIGHT} == set(ACTIONS)


@pytest.mark.parametrize(("action", "fields", "what"), WRONG)
def test_what_nobody_could_do_is_refused_before_it_is_written(running, action, fields, what):
    """A wrong action or field is one clear text for whoever asked, and reaches no worker."""
    with pytest.raises(UsageError) as error:
        ask(running, action, **fields)

    assert what in str(error.value)
    assert not running.control_file.exists()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
NAMES = sorted({name for fields in ACTIONS.values() for name in fields})


@given(action=st.sampled_from([*ACTIONS, "x"]) | JSON, fields=st.dictionaries(st.sampled_from(NAMES), JSON))
def test_any_control_is_either_right_or_told_wrong(action, fields):
    """Whatever JSON stands in a control, it is judged in words and never raises."""
    assert mistake({"action": action, **fields}) is None or mistake({"action": action, **fields})


@pytest.mark.parametrize(
    ("old", "new", "fields"),
    [("drop", "end_trial", {"trials": [0]}), ("rate", "set_lr", {"trials": [0], "lr": 0.1})],
)
def test_the_names_of_0_1_0_mean_the_same(running, old, new, fields):
    """An action by its older name, asked for here or written by an older dashboard, is read by its name of today."""
    ask(running, old, **fields)
    line = {"v": 1, "id": "older", "time": 0.0, "session": 0, "action": old, **fields}
    with running.control_file.open("ab") as file:
        file.write(orjson.dumps(line) + b"\n")

    assert [control["action"] for control in ControlReader(running.control_file, 0).poll()] == [new, new]


def test_what_is_asked_of_a_later_session_is_meant_for_all_who_are_there(running):
    """On a cluster one of a new session follows a lost worker, beside those of the session before."""
    older, newer = ControlReader(running.control_file, 0), ControlReader(running.control_file, 1)
    first = ask(running, "pause")
    running.events_file(1, 0).touch()
    second = ask(running, "stop", stack=None)

    assert [control["id"] for control in older.poll()] == [first, second]
    assert [control["id"] for control in newer.poll()] == [second]
