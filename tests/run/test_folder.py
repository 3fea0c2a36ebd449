from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlbench.errors import DlbenchError, ExitCode, UsageError
from dlbench.plan import Candidate, Plan, Stack, Trial, WorkerPlan
from dlbench.run.folder import RunFolder, create, find_run, find_runs

NOW = datetime(2026, 11, 23, 15, 30, 12, tzinfo=UTC)

PLAN = Plan(
    recipe="xor ✓",
    candidates=[Candidate("relu", {"train.optimizer.lr": 0.1}, {"model": {"layers": [{"kind": "dense"}], "x": None}})],
    trials=[Trial("ab12", "relu", {"train.optimizer.lr": 0.1}, seed, 0) for seed in range(3)],
    stacks=[Stack([0, 1], 10, 5, 1.5e9), Stack([2], 10, 5, 1e300)],
    workers=[WorkerPlan("cuda:0", 2, [0, 1])],
)


def made(base, name):
    """A run of this name with a plan."""
    folder = RunFolder(base / name)
    folder.path.mkdir(parents=True)
    folder.write_plan(PLAN)
    return folder


def test_the_files_of_a_run_have_the_names_of_the_design(tmp_path):
    """Each path is the one that docs/design.md draws."""
    folder = RunFolder(tmp_path / "xor-nine-layers" / "20261123-153012")
    files = [
        folder.recipe_file,
        folder.plan_file,
        folder.env_file,
        folder.events_file(0, 0),
        folder.events_file(12, 3),
        folder.control_file,
        folder.checkpoint_file(0),
        folder.console_file(0),
        folder.summary_file,
    ]

    assert [str(file.relative_to(folder.path)) for file in files] == [
        "recipe.toml",
        "plan.json",
        "env.json",
        "events/s000-w0.jsonl",
        "events/s012-w3.jsonl",
        "control.jsonl",
        "checkpoints/stack-0.pt",
        "console-w0.log",
        "summary.json",
    ]
    assert folder.name == "xor-nine-layers/20261123-153012"


def test_a_second_run_in_the_same_second_gets_a_number(tmp_path):
    """The stamp is the time; where it is taken, -2 and -3 follow."""
    names = [create(tmp_path, "xor", NOW).path for _ in range(3)]

    assert names == [tmp_path / "xor" / f"20261123-153012{end}" for end in ("", "-2", "-3")]
    assert all((path / "events").is_dir() and (path / "checkpoints").is_dir() for path in names)


CREATE = """
import sys
from datetime import datetime
from pathlib import Path
from dlbench.run.folder import create
for _ in range(15):
    print(create(Path(sys.argv[1]), "xor", datetime(2026, 11, 23)).path)
"""


def test_racing_creators_never_share_a_folder(tmp_path):
    """Processes that create in the same second all get folders of their own."""

    def create_in_process(_):
        return subprocess.check_output([sys.executable, "-c", CREATE, str(tmp_path)], text=True).split()

    with ThreadPoolExecutor() as pool:
        paths = [path for found in pool.map(create_in_process, range(3)) for path in found]

    assert len(set(paths)) == len(paths) == 45


@pytest.mark.parametrize("name", ["../../etc", "a/b", "", "..", "네층 xor", "\n", ".hidden", "-"])
def test_no_recipe_name_leaves_the_base(tmp_path, name):
    """Whatever a recipe is called, its run is two levels below the base, in no hidden folder."""
    path = create(tmp_path, name, NOW).path

    assert path.parent.parent == tmp_path
    assert path.is_dir()
    assert not path.parent.name.startswith(".")


def test_a_plan_from_before_there_were_breakpoints_has_none(tmp_path):
    """plan.json without breakpoints is read as one that names none."""
    folder = made(tmp_path, "xor/1")
    data = json.loads(folder.plan_file.read_text())
    assert data.pop("breakpoints") == PLAN.breakpoints
    folder.plan_file.write_text(json.dumps(data))

    assert folder.read_plan() == replace(PLAN, breakpoints=[])


def test_a_plan_reads_as_it_was_written(tmp_path):
    """plan.json gives back the same plan, down to the dataclasses."""
    assert made(tmp_path, "xor/1").read_plan() == PLAN


@given(st.integers().filter(lambda v: v != 1))
def test_another_version_of_the_plan_is_refused(tmp_path_factory, version):
    """A plan of any other version is a clear error, not a guess."""
    folder = RunFolder(tmp_path_factory.mktemp("run"))
    folder.plan_file.write_text(f'{{"v": {version}, "whatever": 1}}')

    with pytest.raises(DlbenchError, match=r"plan\.json has version .* reads version 1; use the dlbench that made"):
        folder.read_plan()


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "{}", '{"v":1}', '{"v":1,"recipe":"x","candidates":[{"a":1}]}'])
def test_a_damaged_plan_is_one_clear_error(tmp_path, text):
    """A cut or foreign plan.json names the file and says that it is damaged."""
    folder = RunFolder(tmp_path)
    folder.plan_file.write_text(text)

    with pytest.raises(DlbenchError, match=r"plan\.json: damaged, not"):
        folder.read_plan()


def test_a_folder_without_a_plan_is_no_run(tmp_path):
    """Reading the plan of any other folder is the user's mistake and says so."""
    with pytest.raises(UsageError, match=r"is not a run: it has no plan\.json") as caught:
        RunFolder(tmp_path).read_plan()

    assert caught.value.exit_code == ExitCode.USAGE


def test_a_recipe_reads_as_it_was_written(tmp_path):
    """recipe.toml keeps every letter; a missing one is a clear error."""
    folder = RunFolder(tmp_path)
    with pytest.raises(DlbenchError, match=r"recipe\.toml: cannot be read"):
        folder.read_recipe()
    folder.write_recipe("title = '시그모이드'\n")

    assert folder.read_recipe() == "title = '시그모이드'\n"


def test_event_files_come_in_the_order_of_their_numbers(folder):
    """Sessions sort as numbers, also past 999, and foreign files are left out."""
    for name in ("s1000-w0.jsonl", "s999-w10.jsonl", "s999-w2.jsonl", ".nfs01", "notes.txt", "s1-w0.jsonl.gz"):
        (folder.events / name).touch()

    assert [path.name for _, _, path in folder.events_files()] == ["s999-w2.jsonl", "s999-w10.jsonl", "s1000-w0.jsonl"]


@pytest.fixture
def base(tmp_path):
    """Four runs of two recipes, and a folder that is none."""
    for name in ("xor/20261122-090000", "xor/20261123-153012", "xor/20261123-153012-2", "mnist/20261121-100000"):
        made(tmp_path, name)
    (tmp_path / "xor" / "20261124-000000").mkdir()
    return tmp_path


def test_runs_come_newest_first(base):
    """All recipes together, by time; a folder without a plan is no run; a renamed run counts by its file time."""
    renamed = made(base, "mnist/the-good-one")
    os.utime(renamed.plan_file, (NOW.timestamp() - 3600,) * 2)

    assert [run.name for run in find_runs(base)] == [
        "xor/20261123-153012-2",
        "xor/20261123-153012",
        "mnist/the-good-one",
        "xor/20261122-090000",
        "mnist/20261121-100000",
    ]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("latest", "xor/20261123-153012-2"),
        ("xor", "xor/20261123-153012-2"),
        ("mnist", "mnist/20261121-100000"),
        ("20261121", "mnist/20261121-100000"),
        ("20261123-153012", "xor/20261123-153012"),
        ("20261123-153012-", "xor/20261123-153012-2"),
        ("xor/20261122", "xor/20261122-090000"),
    ],
)
def test_a_run_is_found_by_what_people_write(base, text, name):
    """`latest`, a recipe, and the beginning of a stamp name one run; a whole stamp wins over a longer one."""
    assert find_run(base, text).path == base / name


def test_a_run_is_found_by_its_path(base, tmp_path, monkeypatch):
    """A path works from anywhere, relative or absolute, under the base or not."""
    monkeypatch.chdir(base / "mnist")

    assert find_run(base / "nowhere", "20261121-100000").read_plan() == PLAN
    assert find_run(base / "nowhere", str(base / "xor" / "20261122-090000")).name == "xor/20261122-090000"
    monkeypatch.chdir(base / "mnist" / "20261121-100000")
    assert find_run(base, ".").name == "mnist/20261121-100000"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("xro", "no run 'xro' under {base}; did you mean 'xor'?"),
        ("lastest", "no run 'lastest' under {base}; did you mean 'latest'?"),
        ("20261121-100001", "no run '20261121-100001' under {base}; did you mean '20261121-100000'?"),
        ("", "no run '' under {base}; the newest is xor/20261123-153012-2; 'dlbench runs' lists them"),
        (
            "20261123",
            "'20261123' could be any of 2 runs: xor/20261123-153012-2, xor/20261123-153012; be more specific",
        ),
    ],
)
def test_a_run_that_is_not_there_is_answered_with_a_hint(base, text, message):
    """A slip of the pen gets the nearest name; too little gets the candidates."""
    with pytest.raises(UsageError) as caught:
        find_run(base, text)

    assert str(caught.value) == message.format(base=base)


def test_a_folder_that_is_no_run_is_told_as_such(base, tmp_path):
    """A folder of runs names the newest of them, any other what it lacks."""
    newest = re.escape(str(base / "xor" / "20261123-153012-2"))
    with pytest.raises(UsageError, match=rf"is a folder, but no run: runs are below it, the newest is {newest}"):
        find_run(base, str(base / "xor"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match=r"is a folder, but no run: a run's own folder has a plan\.json"):
        find_run(base, str(tmp_path / "empty"))


def test_where_there_are_no_runs_the_way_to_one_is_told(tmp_path):
    """An empty or missing base says how to start a run."""
    with pytest.raises(UsageError, match=r"there are no runs under .*nowhere; start one with 'dlbench run RECIPE'"):
        find_run(tmp_path / "nowhere", "latest")
