"""The parts of the callbacks that need none of the libraries."""

import importlib
import sys
from pathlib import Path

import pytest
import torch
from recorded_loops import events_of, perceptron

import dlbench
from dlbench.callbacks.names import LoggedNames
from dlbench.callbacks.recorder import LibraryRecorder
from dlbench.errors import ExitCode, SetupError
from dlbench.launch.status import status
from dlbench.recording import program_end

LIBRARIES = ("keras", "lightning", "skorch", "transformers")


@pytest.mark.parametrize("library", LIBRARIES)
def test_what_is_missing_is_told_in_one_line(library, monkeypatch):
    """Without its library a callback says what installs it, as an ImportError that the command line knows too."""
    monkeypatch.setitem(sys.modules, library, None)
    for name in [name for name in sys.modules if name.startswith(f"{library}.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, f"dlbench.callbacks.{library}", raising=False)
    with pytest.raises(ImportError) as error:
        importlib.import_module(f"dlbench.callbacks.{library}")

    assert f'pip install "dlbench[{library}]"' in str(error.value)
    assert "\n" not in str(error.value)
    assert isinstance(error.value, SetupError)
    assert error.value.exit_code == ExitCode.ENVIRONMENT


def test_no_library_is_imported_by_another_module():
    """Only the module of its name imports a library, so that none is loaded for the sake of another."""
    folder = Path(dlbench.__file__).parent / "callbacks"
    for path in folder.glob("*.py"):
        lines = path.read_text(encoding="utf-8").splitlines()
        found = {
            name
            for name in LIBRARIES
            for line in lines
            if line.split()[:1] in (["import"], ["from"]) and line.split()[1].partition(".")[0] == name
        }
        assert found <= {path.stem}


def test_names_become_ours_and_no_two_the_same():
    """Common names become ours, always in the same way; a second one for the same number, and all others, keep theirs."""
    names = LoggedNames()
    values = {"loss": 1.0, "val_loss": torch.tensor(2.0), "validation/loss": 3.0, "time": 4.0, "bleu": 5}
    ours = {
        "train_loss": 1.0,
        "validation_loss": torch.tensor(2.0),
        "validation/loss": 3.0,
        "logged_time": 4.0,
        "bleu": 5,
    }

    assert names.renamed(values) == names.renamed(values) == ours
    assert names.renamed({"validation/loss": 3.0}) == {"validation/loss": 3.0}
    assert names.renamed({"told": "words", "many": torch.zeros(2), "yes": True, "none": None}) == {}


class Loop(LibraryRecorder):
    """A library that tells of its beginning and its end."""

    def begin(self):
        model = perceptron()
        self._begin(model, torch.optim.SGD(model.parameters(), 0.1))
        return self.recording

    def end(self):
        self._end()


@pytest.fixture
def loop(tmp_path):
    """Its recorder."""
    return Loop(name="loop", seed=0, out=tmp_path)


@pytest.fixture
def shown(monkeypatch):
    """The errors that Python would print, after the recordings have heard of them."""
    seen = []
    program_end._install.cache_clear()
    monkeypatch.setattr(sys, "excepthook", lambda *told: seen.append(told[1]))
    monkeypatch.setattr("atexit.register", seen.append)
    yield seen
    program_end._install.cache_clear()


@pytest.mark.parametrize(
    ("error", "state", "text"),
    [(ValueError("it broke"), "failed", "ValueError: it broke"), (KeyboardInterrupt(), "stopped", "KeyboardInterrupt")],
    ids=["error", "ctrl-c"],
)
def test_an_error_that_ends_the_program_is_told(loop, shown, error, state, text):
    """A library that tells its callbacks of no error leaves a recording open, which the end of the program closes."""
    run = loop.begin()
    sys.excepthook(type(error), error, None)

    assert shown[-1] is error
    assert status(run.folder).state == state
    assert events_of(run, "end")[0]["error"] == text


def test_a_program_that_ends_itself_stops_its_recordings(loop, shown):
    """`sys.exit` in the middle of a training, of which no hook hears, closes what is open."""
    run = loop.begin()
    (at_exit,) = shown
    at_exit()

    assert status(run.folder).state == "stopped"
    assert events_of(run, "end")[0]["error"] == "SystemExit"


def test_the_next_training_ends_one_that_was_cut_off(loop):
    """Where an error was caught outside, the training that comes next tells that the one before has failed."""
    first, second = loop.begin(), loop.begin()
    loop.end()
    loop.end()

    assert [status(run.folder).state for run in (first, second)] == ["failed", "done"]
    assert "before its end" in events_of(first, "end")[0]["error"]


def test_a_block_holds_several_trainings(loop):
    """In one block each training that has come to its end is done, and an error after it fails the last one."""
    with pytest.raises(ValueError, match="too late"), loop:  # noqa: PT012  # trainings and error are in one block
        runs = [loop.begin(), loop.end(), loop.begin(), loop.end()]
        raise ValueError("too late")

    assert [status(run.folder).state for run in runs[::2]] == ["done", "failed"]
