"""What the tests of the command line share: a recipe that takes a moment, and dlbench as a process of its own."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from endings import end_all_that_name
from light_cli import words_of
from made_once import made_once
from patience import PATIENCE, wait_for
from small_recipe import RECIPE

from dlbench.cli import main


def environment(**changes):
    """The environment of a plain pipe, whatever the tests themselves run in."""
    kept = {key: value for key, value in os.environ.items() if key not in {"NO_COLOR", "COLUMNS", "FORCE_COLOR"}}
    return kept | {"OMP_NUM_THREADS": "1", "LC_ALL": "C.UTF-8", "TERM": "xterm"} | changes


class Bench:
    """dlbench in a folder of its own, which holds the recipe `small.toml`."""

    def __init__(self, folder: Path):
        self.folder = folder
        (folder / "small.toml").write_text(RECIPE)
        self.started = []

    def start(self, *arguments, env=None, workers=None, **streams):
        """Start a process; its streams are pipes unless they are given.

        `workers` is how fake ones behave, for what is promised of the command line and not of training.
        """
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True} | streams
        command = [sys.executable, *words_of(*arguments, workers=workers)]
        process = subprocess.Popen(command, cwd=self.folder, env=environment(**(env or {})), **pipes)
        self.started.append(process)
        return process

    def __call__(self, *arguments, env=None):
        """Run to the end; returns exit code, stdout and stderr."""
        process = self.start(*arguments, env=env)
        out, err = process.communicate(timeout=PATIENCE)
        return process.returncode, out, err

    @staticmethod
    def read_until(process, text):
        """Read stderr up to the line with a text."""
        lines = []
        for line in process.stderr:
            lines.append(line)
            if text in line:
                return
        raise AssertionError(f"{text!r} never came: {lines}")

    def wait_for(self, kind):
        """Wait until the only run has written an event of a kind; returns the run's folder."""

        def written():
            events = self.folder.glob("results/*/*/events/*.jsonl")
            return next((path for path in events if f'"kind":"{kind}"' in path.read_text()), None)

        return wait_for(written, f"a {kind} event").parent.parent


@pytest.fixture
def bench(tmp_path):
    """A fresh bench; whatever still trains in its folder when the test ends is killed."""
    bench = Bench(tmp_path)
    yield bench
    end_all(bench)


@pytest.fixture
def verb(bench, monkeypatch, capsys):
    """dlbench on that bench in the test's own process, which costs less than another one: exit code, stdout and stderr."""
    monkeypatch.chdir(bench.folder)

    def call(*arguments):
        monkeypatch.setattr("sys.argv", ["dlbench", *arguments])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = end.code or 0
        return code, *capsys.readouterr()

    return call


@pytest.fixture(scope="module")
def module_bench(tmp_path_factory):
    """A fresh bench for all tests of a file."""
    bench = Bench(tmp_path_factory.mktemp("bench"))
    yield bench
    end_all(bench)


@pytest.fixture(scope="module")
def trained(module_bench, tmp_path_factory):
    """A bench on which `run small.toml` has run to its end, and (code, stdout, stderr) of that."""
    ended = made_once(tmp_path_factory, "trained", run_small)
    shutil.copytree(ended, module_bench.folder, dirs_exist_ok=True)
    module_bench.result = tuple(json.loads((module_bench.folder / "result.json").read_text()))
    return module_bench


def run_small(folder):
    """Run the recipe to its end; `result.json` tells (code, stdout, stderr)."""
    bench = Bench(folder)
    result = bench("run", "small.toml", "--device", "cpu")
    (folder / "result.json").write_text(json.dumps(result))


def end_all(bench):
    """Kill what the bench started, workers and what is under way in its temporary files included."""
    for process in bench.started:
        process.kill()
        process.communicate()
    end_all_that_name(bench.folder)
