"""The one line that comes next when a run has ended."""

import shlex
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
from light_cli import with_fake_workers
from synthetic_run import finished, make_plan
from typer.testing import CliRunner
from verbs import app

from dlbench.cli.complete import RESULTS
from dlbench.cli.next_step import SEPARATOR, next_step
from dlbench.plan.questions import Questions
from dlbench.run.folder import RunFolder, create

FOLDER = RunFolder(Path("elsewhere/xor/20260102-030405"))
WIDE, USUAL, NARROW = 200, 80, 30


@pytest.fixture
def columns(monkeypatch):
    """Sets how wide the terminal is."""
    return lambda count: monkeypatch.setenv("COLUMNS", str(count))


@pytest.mark.parametrize(
    ("width", "was_watched", "told"),
    [
        (WIDE, False, "next: dlbench watch latest · dlbench export latest --format html -o report.html · dlbench list"),
        (WIDE, True, "next: dlbench export latest --format html -o report.html · dlbench list"),
        (USUAL, False, "next: dlbench watch latest · dlbench export latest --format html -o report.html"),
        (NARROW, False, "next: dlbench watch latest"),
    ],
)
def test_it_is_one_line_with_the_most_useful_first(columns, width, was_watched, told):
    """As many commands as there is room for; who has just watched the run is not sent back."""
    columns(width)

    assert next_step(FOLDER, RESULTS, was_watched=was_watched) == told


def test_runs_elsewhere_stand_in_it_by_their_path(columns):
    """`latest` is the newest below the usual folder; below another one it would be none, or another run."""
    columns(WIDE)
    line = next_step(FOLDER, Path("elsewhere"), was_watched=False, ascii_only=True)

    assert f"dlbench watch {FOLDER.path} . dlbench export {FOLDER.path} --format html" in line
    assert line.isascii()


def test_the_small_version_of_ones_own_recipe_leads_to_the_whole(columns):
    """Who tried `--quick` on a recipe of their own is told to train it in full, before anything else."""
    columns(WIDE)
    line = next_step(FOLDER, RESULTS, was_watched=True, full=Path("my table.toml"))

    assert (
        line == "next: dlbench run 'my table.toml' · dlbench export latest --format html -o report.html · dlbench list"
    )


@pytest.mark.parametrize(("words", "told"), [(["--quick"], True), ([], False)])
def test_only_a_small_version_leads_to_the_whole(tmp_path, monkeypatch, columns, words, told):
    """A run with `--quick` ends with it, any other does not; nor does a recipe that comes along, which may take hours."""
    columns(WIDE)
    monkeypatch.chdir(tmp_path)
    Path("own.toml").write_text(
        '[data]\nkind = "xor"\n[model]\nlayers = []\n[train]\nsteps = 2\n[quick]\ntrain.steps = 1\n'
    )
    monkeypatch.setattr(subprocess, "Popen", with_fake_workers("done"))
    own = CliRunner().invoke(app, ["run", "own.toml", "--display", "plain", *words])

    assert own.exit_code == 0, own.output
    assert ("next: dlbench run own.toml" in own.output) is told


def test_every_command_of_it_works(tmp_path, monkeypatch, columns):
    """Each can be pasted as it stands, after any run, and does what it says."""
    columns(WIDE)
    monkeypatch.chdir(tmp_path)
    plan = replace(make_plan(["sigmoid", "relu"]), questions=Questions())
    folder = create(RESULTS, "xor", datetime.now(UTC))
    folder.write_plan(plan)
    events = finished(plan, lambda trial: {"train_loss": 0.1 + trial.seed, "test_loss": 0.5, "test_accuracy": 1.0})
    lines = [orjson.dumps({"seq": seq, "time": 1e9, **event}) for seq, event in enumerate(events)]
    folder.events_file(0, 0).write_bytes(b"".join(line + b"\n" for line in lines))
    told = next_step(folder, RESULTS, was_watched=False).removeprefix("next: ").split(SEPARATOR)

    for line in told:
        name, *words = shlex.split(line)
        result = CliRunner().invoke(app, words)
        assert (name, result.exit_code) == ("dlbench", 0), f"{line}: {result.output}"
    assert "sigmoid" in Path("report.html").read_text()
