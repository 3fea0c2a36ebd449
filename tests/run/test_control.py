from __future__ import annotations

import json
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlbench.errors import UsageError
from dlbench.run.control import ControlReader, ask
from dlbench.run.folder import RunFolder

ASKER = """
import sys
from pathlib import Path
from dlbench.run.control import ask
from dlbench.run.folder import RunFolder
for number in range(200):
    ask(RunFolder(Path(sys.argv[1])), "lr", factor=number, padding="x" * number, who=sys.argv[2])
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
        assert [control["factor"] for control in controls if control["who"] == who] == list(range(200))


def test_a_resumed_run_does_not_obey_the_stop_that_ended_it(running):
    """Controls are meant for the session that was newest when they were asked."""
    ask(running, "stop")
    running.events_file(1, 0).touch()
    identity = ask(running, "stop")

    assert [control["id"] for control in ControlReader(running.control_file, 1).poll()] == [identity]


def test_nobody_can_be_asked_before_the_first_session(folder):
    """Asking a run that was never started is the user's mistake and writes nothing."""
    with pytest.raises(UsageError, match=r"xor/20261123-153012 was never started; there is nobody to ask for 'stop'"):
        ask(folder, "stop")

    assert not folder.control_file.exists()


@settings(deadline=None)
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
    [{"v": 2}, {"v": None}, {"id": 3}, {"action": None}, {"session": None}, {"session": 1}],
)
def test_a_control_that_is_not_for_this_reader_is_passed_over(running, change):
    """Another version, another session, or no proper id or action: nothing is done."""
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
