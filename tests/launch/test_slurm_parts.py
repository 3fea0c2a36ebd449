"""Slurm without Slurm: what is asked of it, what its answers mean, and what a job that is begun again goes on with."""

from __future__ import annotations

import sys
import time

import pytest

from dlbench.errors import MissingLibraryError, UsageError
from dlbench.launch.choosing import chosen
from dlbench.launch.on_slurm import launcher as slurm
from dlbench.launch.on_slurm.job import SlurmJob, done_stacks
from dlbench.launch.on_slurm.launcher import OnSlurm, parameters_of
from dlbench.launch.on_slurm.options import SlurmOptions
from dlbench.launch.on_slurm.states import JobStates, squeue
from dlbench.launch.status import LAUNCHERS, explain_crash, status
from dlbench.run import workers
from dlbench.run.control import ControlReader, ask
from dlbench.run.events import EventWriter
from dlbench.run.workers import Launched, Token


def states(answer, code=0, complaint=""):
    """Jobs as a Slurm knows them that answers this, and how often it was asked."""
    asked = []

    def command(array):
        asked.append(array)
        said = f"import sys; print({answer!r}); sys.stderr.write({complaint!r}); sys.exit({code})"
        return [sys.executable, "-S", "-c", said]

    return JobStates(command), asked


def test_jobs_that_wait_or_work_are_there_and_others_are_not():
    """One question an array, however many jobs are asked for."""
    known, asked = states("7_0\n7_2")

    assert [known.is_there(job) for job in ("7_0", "7_1", "7_2")] == [True, False, True]
    assert asked == ["7"]
    assert squeue("7")[-1] == "--jobs=7"


def test_jobs_that_ended_long_ago_are_gone():
    """Slurm has forgotten their number."""
    assert states("", 1, "slurm_load_jobs error: Invalid job id specified")[0].is_there("7_0") is False


@pytest.mark.parametrize("command", [["no-such-squeue"], [sys.executable, "-S", "-c", "raise SystemExit(1)"]])
def test_where_slurm_cannot_be_asked_only_silence_tells(command):
    """As on a laptop that has the folder mounted, or while the controller does not answer."""
    launcher = OnSlurm(states=JobStates(lambda _: command))
    token = Token("slurm", "7_0", "login", time.time())

    assert launcher.is_alive(token, time.time())
    assert not launcher.is_alive(token, time.time() - 3600)


def test_a_worker_on_another_host_is_not_dead_because_its_pid_is_not_here(run):
    """Silent for an hour in the queue it is still there; once Slurm has it no more, it is not."""
    token = Token("slurm", "7_1", "login", time.time() - 3600)
    waiting, gone = OnSlurm(states=states("7_1")[0]), OnSlurm(states=states("7_0")[0])

    assert waiting.is_alive(token, token.started)
    assert not gone.is_alive(token, time.time())
    assert waiting.describe(token) == "Slurm job 7_1"


def test_options_in_submitits_words():
    """What is left out is left to the cluster; time limits never end a run for good."""
    options = SlurmOptions(partition="long", account="lab", gpus=1, memory=4.0, time=240, extra={"nice": 10})
    words = parameters_of(options, threads=3)

    assert words["slurm_partition"] == "long"
    assert words["slurm_additional_parameters"] == {"requeue": True, "nice": 10}
    assert (words["cpus_per_task"], words["timeout_min"], words["gpus_per_node"]) == (3, 240, 1)
    assert "slurm_qos" not in words


def test_a_run_is_planned_for_as_many_jobs_as_may_run_at_once():
    """Nobody says before which nodes they will get."""
    nodes = OnSlurm(SlurmOptions(at_once=5, cpus=2, gpus=1)).nodes()

    assert [(node.cores, node.gpus) for node in nodes] == [(2, 1)] * 5


def test_the_profiles_table_and_the_words(tmp_path, monkeypatch):
    """The same as for Ray, with Slurm's own keys; `slurm:local` needs none of it."""
    monkeypatch.setattr(slurm, "find_spec", lambda name: object())
    profile = tmp_path / "ours.toml"
    profile.write_text("[slurm]\npartition = 'long'\nsetup = ['module load cuda']\n[slurm.extra]\nnice = 10\n")
    launcher = chosen("slurm", ["time=30"], profile).launcher

    assert launcher._options == SlurmOptions("long", time=30, setup=["module load cuda"], extra={"nice": 10})
    assert chosen("slurm:local").launcher._options.cluster == "local"
    with pytest.raises(UsageError, match="did you mean 'partition'"):
        chosen("slurm", ["partitoin=x"])
    with pytest.raises(UsageError, match="time=4: a job needs at least 5 minutes"):
        chosen("slurm", ["time=4"])
    with pytest.raises(UsageError, match="write slurm, or slurm:local"):
        chosen("slurm:far")


def test_without_submitit_the_command_to_install_it_is_told(monkeypatch):
    """Before anything is made."""
    monkeypatch.setattr(slurm, "find_spec", lambda name: None)
    with pytest.raises(MissingLibraryError, match=r"pip install 'dlbench\[slurm\]'"):
        chosen("slurm")


@pytest.fixture
def taken(run):
    """A run of two jobs, the first of which has lost its node after its first stack."""
    for worker, stacks in ((0, [0, 2]), (1, [1])):
        workers.record(run, Launched(0, worker, Token("slurm", f"7_{worker}", "login", 5.0), stacks, 0))
    with EventWriter(run.events_file(0, 0)) as events:
        events.write("end", stack=0, status="done", error=None)
    return run


def test_a_job_that_is_begun_again_goes_on_with_what_is_left(taken):
    """In a session of its own, under the same number, told to whoever looks at the run."""
    job = SlurmJob(str(taken.path), 0, 0, (0, 2), 1)
    following = job._following(taken, "7_0")
    third = job._following(taken, "7_0")

    assert (following.session, following.stacks, third.session) == (1, [2], 2)
    assert [(one.session, one.stacks, one.token.id) for one in workers.read(taken)[2:]] == [
        (1, [2], "7_0.1"),
        (2, [2], "7_0.2"),
    ]
    assert done_stacks(taken) == {0}


def test_a_paused_job_that_is_begun_again_is_paused(taken):
    """As everybody who watches has left it, with the stacks that were stopped."""
    for action, fields in (("pause", {}), ("resume", {}), ("pause", {}), ("stop", {"stack": 2})):
        ask(taken, action, **fields)
    following = SlurmJob(str(taken.path), 0, 0, (0, 2), 1)._following(taken, "7_0")
    told = ControlReader(taken.control_file, following.session).poll()

    assert [(one["action"], one.get("stack")) for one in told] == [("pause", None), ("stop", 2)]


def test_a_job_that_waits_for_its_next_turn_is_stopped_by_a_stop(taken):
    """Asked after it had lost its node, nobody was there to hear it; begun again, it finds that nothing is left for it."""
    ask(taken, "stop")

    assert SlurmJob(str(taken.path), 0, 0, (0, 2), 1)._following(taken, "7_0").stacks == []
    assert len(workers.read(taken)) == 2


def test_only_the_last_beginning_of_a_job_counts(taken, monkeypatch):
    """Slurm says that the job is there, which is true of the worker that followed, not of the one that was lost."""
    monkeypatch.setitem(LAUNCHERS, "slurm", OnSlurm(states=states("7_0\n7_1")[0]))
    SlurmJob(str(taken.path), 0, 0, (0, 2), 1)._following(taken, "7_0")

    assert [one.state for one in status(taken).workers] == ["crashed", "running", "running"]
    assert status(taken).crashed == []


def test_while_a_job_waits_for_its_next_turn_the_run_is_running(taken, monkeypatch):
    """What it goes on with is recorded as its time is over; where somebody goes on with that meanwhile, nothing is left for it."""
    monkeypatch.setitem(LAUNCHERS, "slurm", OnSlurm(states=states("7_0")[0]))
    monkeypatch.setattr("dlbench.launch.on_slurm.job.job_id", lambda: "7_0")
    waiting = SlurmJob(str(taken.path), 0, 0, (0, 2), 1).next_turn()
    before = status(taken)
    kept = waiting._still_wanted(taken).stacks
    workers.record(taken, Launched(2, 0, Token("local", 4711, "login", 9.0), [2], 0))

    assert (waiting.session, before.state, kept) == (1, "running", [2])
    assert waiting._still_wanted(taken).stacks == []


def test_a_job_that_failed_before_its_worker_began_says_why(taken, monkeypatch):
    """The worker's console is empty; the job's own log has the reason."""
    monkeypatch.setitem(LAUNCHERS, "slurm", OnSlurm(states=states("")[0]))
    (taken.path / "slurm").mkdir()
    (taken.path / "slurm" / "7_1_0_log.err").write_text("srun: fatal: no configuration\n")
    worker = next(one for one in status(taken).workers if one.worker == 1)

    assert explain_crash(taken, worker).endswith("7_1_0_log.err ends with:\n  srun: fatal: no configuration")


def test_a_job_that_is_begun_again_leaves_alone_what_others_have(taken):
    """Someone has gone on with the run elsewhere meanwhile: then nothing is left for it."""
    workers.record(taken, Launched(1, 0, Token("local", 4711, "login", 9.0), [1, 2], 0))
    following = SlurmJob(str(taken.path), 0, 0, (0, 2), 1)._following(taken, "7_0")

    assert following.stacks == []
    assert len(workers.read(taken)) == 3
