from __future__ import annotations

import json
import signal
import subprocess
import sys

import pytest
from launching import ROOT, fake, finish
from patience import PATIENCE

from dlbench.errors import SetupError, UsageError
from dlbench.launch import sessions
from dlbench.launch.launcher import Assignment
from dlbench.launch.local import Local, worker_command
from dlbench.launch.sessions import start
from dlbench.launch.status import status


def test_the_worker_of_the_engine_is_called_as_the_design_says(run):
    """The command line is `python -m dlbench.engine RUN --session N --worker W --stacks 0,2 [--attended] [--look]`."""
    line = worker_command(Assignment(run, 3, 1, [0, 2], threads=1))
    words = [
        worker_command(Assignment(run, 3, 1, [0, 2], threads=1, attended=attended, looking=looking))[len(line) :]
        for attended, looking in ((True, False), (False, True))
    ]

    numbers = ["--session", "3", "--worker", "1", "--stacks", "0,2"]
    assert line == [sys.executable, "-P", "-m", "dlbench.engine", str(run.path), *numbers]
    assert words == [["--attended"], ["--look"]]


@pytest.mark.parametrize("verb", ["start", "resume"])
@pytest.mark.parametrize("attended", [True, False])
def test_workers_know_whether_they_are_attended(attended, verb, run):
    """`--attended` stands at the end of the command line of every worker where a viewer started it, and nowhere else."""
    tell = "import sys; print(sys.argv[-1])"
    launcher = Local(lambda assignment: [sys.executable, "-c", tell, *worker_command(assignment)])
    finish(getattr(sessions, verb)(run, attended=attended, launcher=launcher))
    said = [run.console_file(worker).read_text().strip() for worker in (0, 1)]

    assert said == (["--attended"] * 2 if attended else ["0,2", "1"])


def test_no_file_of_the_current_folder_shadows_a_library(tmp_path, run, monkeypatch):
    """A worker started where a `numpy.py` or `dlbench.py` lies imports the true ones."""
    for name in ("numpy.py", "dlbench.py"):
        (tmp_path / name).write_text("raise SystemExit('shadowed')")
    monkeypatch.chdir(tmp_path)

    def command(assignment):
        interpreter = worker_command(assignment)[:2]
        return [*interpreter, "-c", "import numpy, dlbench; print(dlbench.__file__)"]

    assert finish(start(run, launcher=Local(command))) == [0, 0]
    assert run.console_file(0).read_text().strip() == str(ROOT / "dlbench" / "__init__.py")


def test_each_worker_gets_its_stacks_and_threads(run):
    """One process a worker of the plan, with its stacks, its threads in the environment, its console in a file."""
    started = start(run, launcher=fake("done"))

    assert finish(started) == [0, 0]
    assert [(worker.worker, worker.stacks) for worker in started.workers] == [(0, [0, 2]), (1, [1])]
    assert [run.console_file(worker).read_text() for worker in (0, 1)] == ["threads 1 1\n", "threads 2 2\n"]
    assert status(run).state == "done"


def test_only_the_chosen_stacks_are_trained(run):
    """`stacks` leaves the others, and workers without any, for a later session."""
    started = start(run, stacks=[2], launcher=fake("done"))
    finish(started)

    assert [worker.stacks for worker in started.workers] == [[2]]
    assert status(run).unfinished == [0, 1]


def test_no_stacks_are_no_run(run):
    """Choosing nothing is refused instead of starting nothing in silence."""
    with pytest.raises(UsageError, match="none of its stacks was chosen"):
        start(run, stacks=[], launcher=fake("done"))


def test_a_run_starts_once(run):
    """A second start is refused and says how to go on."""
    finish(start(run, launcher=fake("done")))

    with pytest.raises(UsageError, match=r"was already started; continue it with 'dlbench run --resume .*153012'"):
        start(run, launcher=fake("done"))


def test_a_program_that_is_not_there_is_one_clear_error(run):
    """If a process cannot be made, those made before are ended and the error names why."""
    started = []

    def command(assignment):
        return worker_command(assignment) if assignment.worker == 0 else ["/nowhere/python"]

    real = subprocess.Popen
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subprocess, "Popen", lambda *a, **k: started.append(real(*a, **k)) or started[-1])
        with pytest.raises(SetupError, match="cannot start a worker: No such file or directory"):
            start(run, launcher=Local(command))

    assert [process.wait(PATIENCE) for process in started] == [-signal.SIGTERM]


def test_nothing_here_imports_torch():
    """Every module of dlbench.launch and dlbench.run loads without torch, numpy or textual."""
    code = "import dlbench.launch, dlbench.run, importlib, json, pkgutil, sys\n"
    code += "rooms = (dlbench.launch, dlbench.run)\n"
    code += "found = [one for room in rooms for one in pkgutil.iter_modules(room.__path__, room.__name__ + '.')]\n"
    code += "names = [name for _, name, _ in found]\n"
    code += "for name in names: importlib.import_module(name)\n"
    code += "print(json.dumps([names, sorted({'torch', 'numpy', 'scipy', 'textual', 'pydantic'} & set(sys.modules))]))"
    names, heavy = json.loads(subprocess.check_output([sys.executable, "-c", code], cwd=ROOT))

    assert heavy == []
    assert {"dlbench.run.folder", "dlbench.run.events", "dlbench.launch.sessions", "dlbench.launch.status"} <= set(
        names
    )
