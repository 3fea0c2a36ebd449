from __future__ import annotations

import json
import signal
import subprocess
import sys

import pytest
from launching import ROOT, fake, finish

from dlbench import launch
from dlbench.errors import SetupError, UsageError
from dlbench.run.status import status


def test_the_worker_of_the_engine_is_called_as_the_design_says(run):
    """The command line is `python -m dlbench.engine RUN --session N --worker W --stacks 0,2`."""
    line = launch.worker_command(run, 3, 1, [0, 2])

    numbers = ["--session", "3", "--worker", "1", "--stacks", "0,2"]
    assert line == [sys.executable, "-P", "-m", "dlbench.engine", str(run.path), *numbers]


@pytest.mark.parametrize("verb", ["start", "resume"])
@pytest.mark.parametrize("attended", [True, False])
def test_workers_know_whether_they_are_attended(attended, verb, run):
    """`--attended` stands at the end of the command line of every worker where a viewer started it, and nowhere else."""
    start, tell = getattr(launch, verb), "import sys; print(sys.argv[1:])"
    workers = start(run, attended=attended, command=lambda *_: [sys.executable, "-c", tell, "RUN"])
    finish(workers)
    said = [run.console_file(worker).read_text().strip() for worker in (0, 1)]

    assert said == [str(["RUN", "--attended"] if attended else ["RUN"])] * 2


def test_no_file_of_the_current_folder_shadows_a_library(tmp_path, run, monkeypatch):
    """A worker started where a `numpy.py` or `dlbench.py` lies imports the true ones."""
    for name in ("numpy.py", "dlbench.py"):
        (tmp_path / name).write_text("raise SystemExit('shadowed')")
    monkeypatch.chdir(tmp_path)

    def command(folder, session, worker, stacks):
        interpreter = launch.worker_command(folder, session, worker, stacks)[:2]
        return [*interpreter, "-c", "import numpy, dlbench; print(dlbench.__file__)"]

    assert finish(launch.start(run, command=command)) == [0, 0]
    assert run.console_file(0).read_text().strip() == str(ROOT / "dlbench" / "__init__.py")


def test_each_worker_gets_its_stacks_and_threads(run):
    """One process a worker of the plan, with its stacks, its threads in the environment, its console in a file."""
    started = launch.start(run, command=fake("done"))

    assert finish(started) == [0, 0]
    assert [(worker.launched.worker, worker.launched.stacks) for worker in started] == [(0, [0, 2]), (1, [1])]
    assert [run.console_file(worker).read_text() for worker in (0, 1)] == ["threads 1 1\n", "threads 2 2\n"]
    assert status(run).state == "done"


def test_only_the_chosen_stacks_are_trained(run):
    """`stacks` leaves the others, and workers without any, for a later session."""
    started = launch.start(run, stacks=[2], command=fake("done"))
    finish(started)

    assert [worker.launched.stacks for worker in started] == [[2]]
    assert status(run).unfinished == [0, 1]


def test_no_stacks_are_no_run(run):
    """Choosing nothing is refused instead of starting nothing in silence."""
    with pytest.raises(UsageError, match="none of its stacks was chosen"):
        launch.start(run, stacks=[], command=fake("done"))


def test_a_run_starts_once(run):
    """A second start is refused and says how to go on."""
    finish(launch.start(run, command=fake("done")))

    with pytest.raises(UsageError, match=r"was started before; go on with it by 'dlbench run --resume .*153012'"):
        launch.start(run, command=fake("done"))


def test_a_program_that_is_not_there_is_one_clear_error(run):
    """If a process cannot be made, those made before are ended and the error names why."""
    started = []

    def command(folder, session, worker, stacks):
        return fake("obey")(folder, session, worker, stacks) if worker == 0 else ["/nowhere/python"]

    real = subprocess.Popen
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subprocess, "Popen", lambda *a, **k: started.append(real(*a, **k)) or started[-1])
        with pytest.raises(SetupError, match="cannot start a worker: No such file or directory"):
            launch.start(run, command=command)

    assert [process.wait(20) for process in started] == [-signal.SIGTERM]


def test_nothing_here_imports_torch():
    """dlbench.launch and every module of dlbench.run load without torch, numpy or textual."""
    code = "import dlbench.launch, dlbench.run, importlib, json, pkgutil, sys\n"
    code += "names = [name for _, name, _ in pkgutil.iter_modules(dlbench.run.__path__, 'dlbench.run.')]\n"
    code += "for name in names: importlib.import_module(name)\n"
    code += "print(json.dumps([names, sorted({'torch', 'numpy', 'scipy', 'textual', 'pydantic'} & set(sys.modules))]))"
    names, heavy = json.loads(subprocess.check_output([sys.executable, "-c", code], cwd=ROOT))

    assert heavy == []
    assert {"dlbench.run.folder", "dlbench.run.events", "dlbench.run.control", "dlbench.run.status"} <= set(names)
