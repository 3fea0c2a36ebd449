"""Pipes, devices, folders and garbage where files of a run or a recipe should be; paths that are none; closed streams."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from patience import PATIENCE
from small_recipe import RECIPE
from typer.testing import CliRunner
from verbs import app

from dlbench.cli.output import believe_no_nonsense
from dlbench.errors import DlbenchError
from dlbench.files import append_to, open_file, read_file
from dlbench.plan.make import make_plan
from dlbench.recipe import load
from dlbench.run.folder import RunFolder, create
from dlbench.run.workers import read

LONG = "x" * 5000
DEEP = "/x" * 2500


def fifo(path):
    """A pipe that nobody writes into."""
    os.mkfifo(path)


def unix_socket(path):
    """A socket that nobody listens at; its name is bound from its folder, since a socket's path is short."""
    here = os.open(".", os.O_RDONLY)
    try:
        os.chdir(path.parent)
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(path.name)
    finally:
        os.fchdir(here)
        os.close(here)


def zeros(path):
    """A link to a device without end."""
    path.symlink_to("/dev/zero")


def huge(path):
    """A file of 5 GB that takes no room."""
    with path.open("wb") as file:
        file.truncate(5 * 2**30)


ODD = {"pipe": fifo, "socket": unix_socket, "device": zeros, "folder": Path.mkdir}


@pytest.fixture(scope="module")
def planned(tmp_path_factory):
    """A run that was planned and never started."""
    base = tmp_path_factory.mktemp("planned")
    (base / "r.toml").write_text(RECIPE)
    recipe = load(base / "r.toml")
    from datetime import UTC, datetime

    folder = create(base / "results", "r", datetime(2026, 1, 1, tzinfo=UTC))
    folder.write_recipe(recipe.to_toml())
    folder.write_plan(make_plan(recipe, device="cpu", workers=1))
    folder.events_file(0, 0).touch()
    return folder


@pytest.fixture
def run(planned, tmp_path, monkeypatch):
    """A copy of it, below the current folder."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(planned.path, "results/r/20260101-000000")
    return RunFolder(Path("results/r/20260101-000000"))


def told(*arguments):
    """What a verb prints, or the error that it ends with: one that a user can act on."""
    result = CliRunner().invoke(app, list(map(str, arguments)))
    assert result.exception is None or isinstance(result.exception, DlbenchError | SystemExit), repr(result.exception)
    return str(result.exception or result.output)


@pytest.mark.parametrize("kind", [*ODD, "huge"])
@pytest.mark.parametrize("name", ["plan.json", "recipe.toml", "workers.jsonl", "control.jsonl", "events/s000-w0.jsonl"])
def test_odd_files_in_a_run(run, name, kind):
    """No verb waits for a pipe, reads a device or a file of 5 GB to its end, or falls over a folder."""
    file = run.path / name
    if kind == "huge" and name.startswith("events"):
        pytest.skip("a log may be large")
    if file.exists():
        file.unlink()
    (ODD | {"huge": huge})[kind](file)

    for arguments in (["table", "r"], ["runs"], ["watch", "r"], ["export", "r"], ["stop", "r"]):
        assert told(*arguments).count("\n") < 20


@pytest.mark.parametrize("kind", [*ODD, "huge"])
def test_odd_recipes(tmp_path, kind):
    """What is not a regular file, or too large for a recipe, is told as that."""
    file = tmp_path / "r.toml"
    (ODD | {"huge": huge})[kind](file)

    assert ("is not a regular file" in told("check", file)) == (kind != "huge")


@pytest.mark.parametrize("text", [LONG, DEEP, "~nobody-here", "~nobody-here/x.toml", "a\x00b", "\udcff.toml", ""])
@pytest.mark.parametrize(
    "words",
    [
        ["check", None],
        ["show", None],
        ["run", "--dry-run", None],
        ["table", None],
        ["watch", None],
        ["stop", None],
        ["run", "--resume", None],
        ["runs", "--out", None],
        ["table", "r", "--out", None],
        ["stop", "r", "--out", None],
        ["diagnose", None],
        ["try", None],
        ["repeat", "--name", "mine", "--seeds", "1", "--dry-run", "--out", None, "--", "true"],
        ["import", "csv", "r.toml", "--name", "mine", "--out", None],
        ["data", "fetch", None],
        ["check", "r.toml", "--set", None],
        ["check", "r.toml", "--seeds", None],
    ],
    ids=lambda words: " ".join(map(str, words)),
)
def test_paths_that_are_none(tmp_path, monkeypatch, words, text):
    """Paths of 5,000 characters, unknown users, NUL and bytes that are no text: one error each."""
    monkeypatch.chdir(tmp_path)
    Path("r.toml").write_text(RECIPE)

    assert told(*(text if word is None else word for word in words)).count("\n") < 3


@pytest.mark.parametrize("path", [LONG, DEEP, "~nobody-here/x.csv", "a\\u0000b"])
@pytest.mark.parametrize("kind", ["csv", "npz", "image_folder", "mnist"])
def test_data_at_paths_that_are_none(tmp_path, monkeypatch, kind, path):
    """The same in a recipe's data, or in DLBENCH_DATA."""
    monkeypatch.chdir(tmp_path)
    key = "folder" if kind == "mnist" else "path"
    net = '[model]\nlayers = ["flatten", { kind = "dense", units = 2 }]\n[train]\nsteps = 1\n'
    Path("r.toml").write_text(f'[data]\nkind = "{kind}"\n{key} = "{path}"\n{net}')

    assert told("check", "r.toml").count("\n") < 5
    if "u0000" not in path:
        monkeypatch.setenv("DLBENCH_DATA", path)
        told("check", "r.toml")
        told("data")


def test_a_name_of_300_letters(tmp_path, monkeypatch):
    """A recipe with a long name has a folder with a shorter one, in every script."""
    from datetime import UTC, datetime

    for name in ("n" * 300, "가" * 300, "../../x" * 50, "\udcff"):
        assert create(tmp_path, name, datetime.now(UTC)).path.is_dir()


@pytest.mark.parametrize(
    "line",
    ["", "null", "[]", '{"session": 0}', "[" * 5000, "\x00\xff", '{"session":"a","worker":0,"pid":1,"started":1.0,"host":"h","stacks":[],"console":0}',
     '{"session":0,"worker":0,"pid":1000000000000000000,"started":1.0,"host":"h","stacks":[0],"console":0}',
     '{"session":0,"worker":0,"pid":1,"started":null,"host":3,"stacks":{},"console":"x"}'],
)  # fmt: skip
def test_broken_lines_of_workers(run, line):
    """A line of workers.jsonl that is no worker is passed over, the others count."""
    good = '{"session":2,"worker":0,"pid":1,"started":1.0,"host":"h","stacks":[0],"console":0}'
    run.workers_file.write_text(f"{line}\n{good}\n")

    assert [one.session for one in read(run)] == [2]
    told("runs")


@pytest.mark.parametrize("kind", ODD)
def test_only_regular_files_are_opened(tmp_path, kind):
    """Files are opened, read and appended to without waiting, and nothing else is."""
    (tmp_path / "file").write_bytes(b"12345")
    assert read_file(tmp_path / "file", 5) == b"12345"
    with pytest.raises(OSError, match="longer than 4 bytes"):
        read_file(tmp_path / "file", 4)
    with append_to(tmp_path / "file") as file:
        file.write(b"6")
    assert (tmp_path / "file").read_bytes() == b"123456"

    ODD[kind](tmp_path / "odd")
    for opened in (open_file, append_to):
        with pytest.raises(OSError, match=r"odd|No such device"):
            opened(tmp_path / "odd")


@pytest.mark.parametrize("told_size", ["99999999", "-3", "0", "abc", "9" * 5000, "", "²"])
def test_sizes_that_are_none(monkeypatch, told_size):
    """COLUMNS and LINES that no terminal has are not believed, others are."""
    monkeypatch.setenv("COLUMNS", told_size)
    monkeypatch.setenv("LINES", "40")

    believe_no_nonsense()

    assert (os.environ.get("COLUMNS"), os.environ["LINES"]) == (None, "40")
    monkeypatch.setenv("COLUMNS", told_size)
    assert CliRunner().invoke(app, ["list"]).exit_code == 0


def test_a_closed_stdout():
    """Where stdout is closed what should stand there is an error of the machine in one line."""
    command = ["sh", "-c", 'exec "$@" >&-', "sh", sys.executable, "-m", "dlbench", "list"]

    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False, timeout=PATIENCE)

    told = "error: stdout cannot be written: it is closed; redirect it to a file or to /dev/null\n"
    assert (done.returncode, done.stderr) == (3, told)
