from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path

import dlbench
from dlbench.run.atomic import write_json_atomic
from dlbench.run.environment import PACKAGES, CommitQuery, complete, deviations, environment

ROOT = Path(dlbench.__file__).parent.parent


def test_the_machine_is_told_as_the_system_tells_it():
    """Cores, memory and processor agree with what the system's own tools say."""
    env = environment()

    assert env["cores"] == len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    assert env["memory"] == os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert env["cpu"]
    assert env["host"] == os.uname().nodename
    assert env["python"] == sys.version.split()[0]


def test_versions_are_told_without_importing_anything():
    """Every installed package's version stands there, and reading it imports neither torch nor numpy."""
    code = "import json, sys; from dlbench.run.environment import environment; env = environment()\n"
    code += "print(json.dumps([env['packages'], sorted({'torch', 'numpy', 'scipy'} & set(sys.modules))]))"
    packages, imported = json.loads(subprocess.check_output([sys.executable, "-c", code], cwd=ROOT))

    assert imported == []
    assert packages["torch"] == version("torch")
    assert set(packages) <= set(PACKAGES)


def test_the_command_and_the_settings_are_kept(monkeypatch):
    """The command line, its folder, and variables of dlbench alone; bytes that are no UTF-8 do not break JSON."""
    monkeypatch.setattr(sys, "argv", ["dlbench", "run", "x\udcff"])
    monkeypatch.setenv("DLBENCH_DATA", "../data")
    monkeypatch.setenv("SECRET_TOKEN", "hunter2")
    env = environment()

    assert env["command"] == ["dlbench", "run", "x\\udcff"]
    assert env["folder"] == str(Path.cwd())
    assert env["variables"]["DLBENCH_DATA"] == "../data"
    assert "hunter2" not in json.dumps(env)


def test_the_commit_is_that_of_dlbench_and_not_of_the_folder_around(tmp_path, monkeypatch):
    """In a checkout the commit is told, dirty or not; a package inside someone else's checkout has none."""
    git = ["git", "-C", str(tmp_path), "-c", "user.name=x", "-c", "user.email=x"]
    (tmp_path / "dlbench").mkdir()
    (tmp_path / "dlbench" / "__init__.py").touch()
    for step in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "x"], ["tag", "v1"]):
        subprocess.run([*git, *step], check=True)
    commit = subprocess.check_output([*git, "rev-parse", "HEAD"], text=True).strip()
    monkeypatch.setattr(dlbench, "__file__", str(tmp_path / "dlbench" / "__init__.py"))
    clean = environment()["commit"]
    (tmp_path / "dlbench" / "__init__.py").write_text("1\n")
    dirty = environment()["commit"]
    monkeypatch.setattr(dlbench, "__file__", str(tmp_path / "site-packages" / "dlbench" / "__init__.py"))

    assert (clean, dirty, environment()["commit"]) == (commit, f"{commit}-dirty", None)


def test_workers_complete_the_environment_without_losing_each_others_facts(folder):
    """Workers that write at the same time all end up in env.json, beside what stood there."""
    write_json_atomic(folder.env_file, {"python": "3.11"})
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda worker: complete(folder, 0, worker, {"device": f"cuda:{worker}"}), range(8)))
    complete(folder, 1, 0, {"device": "cpu"})
    env = json.loads(folder.env_file.read_text())

    assert env["python"] == "3.11"
    assert env["workers"] == {f"s000-w{i}": {"device": f"cuda:{i}"} for i in range(8)} | {"s001-w0": {"device": "cpu"}}


def test_the_commit_of_a_process_is_asked_for_once(tmp_path, monkeypatch):
    """Who does not wait has the commit later, the same one as who does; out of a checkout there is none to wait for."""
    query = CommitQuery()
    assert query.answer() == query.answer() == environment(query)["commit"] == environment()["commit"]
    assert query.is_answered

    monkeypatch.setattr(dlbench, "__file__", str(tmp_path / "dlbench" / "__init__.py"))
    assert CommitQuery().is_answered
    assert CommitQuery().answer() is None


def test_versions_that_are_not_those_of_the_beginning_are_told(folder):
    """A node with another torch or dlbench is named with both; without a record, or with the same versions, there is nothing."""
    write_json_atomic(folder.env_file, environment())
    same = deviations(folder)
    began = environment()
    write_json_atomic(folder.env_file, began | {"dlbench": "0.0.1", "packages": began["packages"] | {"torch": "1.2.3"}})

    assert same == []
    assert deviations(folder) == [
        f"dlbench is {dlbench.__version__} there, and was 0.0.1 where the run began; last digits may differ",
        f"torch is {version('torch')} there, and was 1.2.3 where the run began; last digits may differ",
    ]
    folder.env_file.write_text("[1]")
    assert deviations(folder) == []
