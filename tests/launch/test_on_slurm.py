"""Runs by submitit: its local executor has the jobs, and the script that it would submit is read."""

from __future__ import annotations

import signal

import psutil
import pytest
from launching import finish, wait_for

from benchmarks.chaos.bench import Bench, numbers
from dlbench.cli.run_files import make_folder
from dlbench.launch.launcher import Assignment
from dlbench.launch.on_slurm.launcher import OnSlurm, executor_of, job_of
from dlbench.launch.on_slurm.options import SlurmOptions
from dlbench.launch.sessions import start
from dlbench.launch.status import LAUNCHERS, status
from dlbench.plan.make import make_plan
from dlbench.recipe import load
from dlbench.run.control import ask
from dlbench.run.workers import read

pytestmark = [pytest.mark.extras, pytest.mark.filterwarnings("ignore")]


@pytest.fixture
def planned(tmp_path):
    """The run of the chaos, planned for two workers and not begun."""
    bench = Bench(tmp_path)
    recipe = load(str(bench.folder / "chaos.toml"))
    return make_folder(bench.results, recipe, make_plan(recipe, device="cpu", workers=2))


def test_the_script_asks_slurm_for_what_was_said(planned, monkeypatch):
    """An array over a shared folder, with a warning before the end, requeued when a node dies, and the options as given."""
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    options = SlurmOptions("long", "lab", time=240, cpus=3, gpus=1, memory=4.0, at_once=2, setup=["module load cuda"])
    assignments = [Assignment(planned, 0, worker, [worker], 1) for worker in range(4)]
    executor = executor_of(options, assignments)
    script = executor._executor._make_submission_file_text("python job.py", "an-id").splitlines()
    wanted = {
        *("--account=lab", "--cpus-per-task=3", "--gpus-per-node=1", "--job-name=dlbench", "--mem=4GB", "--nodes=1"),
        *("--open-mode=append", "--partition=long", "--requeue", "--signal=USR2@90", "--time=240"),
    }

    assert {f"#SBATCH {one}" for one in wanted} <= set(script)
    assert "module load cuda" in script
    assert any(line.startswith(f"#SBATCH --output={planned.path}/slurm/") for line in script)
    assert job_of(assignments[2]).stacks == (2,)


def tasks_of(launcher):
    """The processes that submitit runs jobs in, once there is one a job; Slurm's warnings go to these."""
    controllers = [psutil.Process(int(job.job_id)) for job in launcher._jobs.values()]
    family = [child for one in controllers for child in one.children(recursive=True)]
    found = [one for one in family if "submitit.core._submit" in one.cmdline()]
    return found if len(found) == len(controllers) else []


def test_a_job_that_runs_out_of_time_goes_on_from_its_checkpoint(planned, tmp_path, monkeypatch):
    """Warned as Slurm warns, every process of it, it ends in order, is begun again by submitit, paused as it was; the same table."""
    launcher = OnSlurm(SlurmOptions(cluster="local"))
    monkeypatch.setitem(LAUNCHERS, "slurm", launcher)
    group = start(planned, launcher=launcher)
    ask(planned, "pause")
    tasks = wait_for(lambda: tasks_of(launcher), 60)
    wait_for(lambda: status(planned).paused, 120)
    family = [process for task in tasks for process in (task, *task.children(recursive=True))]
    assert sum("dlbench.engine" in process.cmdline() for process in family) == len(tasks)
    for process in reversed(family):
        process.send_signal(signal.SIGUSR2)
    wait_for(lambda: len([one for one in status(planned).workers if one.paused and one.session]) == 2, 180)
    assert [one.state for one in status(planned).workers if one.session == 0] == ["stopped"] * 2
    ask(planned, "resume")
    assert group.wait(240)

    there = Bench(tmp_path / "here")
    assert there.run().wait() == 0
    assert finish(group) == [0, 0]
    assert status(planned).state == "done"
    assert status(planned).crashed == []
    assert numbers(planned) == numbers(there.newest())
    for job in launcher._jobs.values():
        job._process.wait(30)
    assert max(one.session for one in read(planned)) > 0
