from __future__ import annotations

import os
import subprocess
import sys

import pytest
from launching import ROOT, fake, finish, speaking, starter
from patience import PATIENCE

from dlbench.errors import UsageError
from dlbench.launch.sessions import reassign, resume, start
from dlbench.launch.status import status
from dlbench.launch.stopping import stop


def test_a_resume_trains_what_is_left_in_a_new_session(run):
    """Only unfinished stacks are trained again, in files of their own, and old stops are not obeyed."""
    finish(start(run, stacks=[0], launcher=fake("done")))
    second = resume(run, launcher=fake("obey"))
    speaking(run, 2)
    stop(run)
    finish(second)
    third = resume(run, launcher=fake("done"))
    finish(third)

    assert [(worker.session, worker.stacks) for worker in second.workers] == [(1, [2]), (1, [1])]
    assert [(worker.session, worker.stacks) for worker in third.workers] == [(2, [2]), (2, [1])]
    assert (status(run).state, status(run).session) == ("done", 2)


def test_a_resume_after_kill_9_goes_on(run):
    """A killed worker leaves nothing that keeps the next session from starting."""
    started = start(run, launcher=fake("obey"))
    speaking(run, 2)
    started.stop(force=True)
    finish(started)
    before = status(run).state
    finish(resume(run, launcher=fake("done")))

    assert (before, status(run).state) == ("crashed", "done")


def test_a_run_that_was_planned_but_never_started_can_be_resumed(run):
    """Death between plan and start costs nothing: the first session is begun."""
    started = resume(run, launcher=fake("done"))
    finish(started)

    assert {worker.session for worker in started.workers} == {0}
    assert status(run).state == "done"


def test_a_resume_is_refused_while_workers_are_alive_or_nothing_is_left(run):
    """Both refusals say what to do; no second worker is started."""
    started = start(run, launcher=fake("obey"))
    with pytest.raises(UsageError) as alive:
        resume(run, launcher=fake("done"))
    stop(run)
    finish(started)
    finish(resume(run, launcher=fake("done")))
    with pytest.raises(UsageError) as nothing:
        resume(run, launcher=fake("done"))

    pids = [worker.token.id for worker in started.workers]
    assert f"worker 0 is pid {pids[0]} on {os.uname().nodename}, worker 1 is pid {pids[1]}" in str(alive.value)
    assert f"stop it first with 'dlbench stop {run.path}'" in str(alive.value)
    assert f"{run.name} is finished, so there is nothing to resume; show it with 'dlbench table" in str(nothing.value)
    assert status(run).session == 1


def test_two_resumes_at_once_start_one_session(run):
    """Of two processes that resume the same run together one is refused."""
    resumers = [
        subprocess.Popen(
            [sys.executable, "-c", starter("resume"), str(run.path)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=ROOT,
        )
        for _ in range(2)
    ]
    refusals = [resumer.communicate(timeout=PATIENCE)[1].decode() for resumer in resumers]
    speaking(run, 2)
    stop(run)

    assert sorted(resumer.returncode for resumer in resumers) == [0, 1]
    assert sum("is still running (worker 0 is pid" in refusal for refusal in refusals) == 1
    assert {session for session, _, _ in run.events_files()} == {0}


@pytest.mark.parametrize(
    ("wish", "workers"),
    [
        ({"workers": 1}, [("cpu", 2, [0, 1, 2])]),
        ({"workers": 9, "threads": 1}, [("cpu", 1, [0, 2]), ("cpu", 1, [1])]),
        ({"device": "cuda:3", "threads": 4}, [("cuda:3", 4, [0, 2]), ("cuda:3", 4, [1])]),
    ],
)
def test_a_resume_by_other_workers(run, wish, workers, monkeypatch):
    """What is left is shared anew among so many workers, on the device that is asked for; what is done stays done."""
    monkeypatch.setattr("dlbench.plan.reassignment.cores", lambda: 2)
    finish(start(run, stacks=[0], launcher=fake("done")))
    reassign(run, **wish)
    third = resume(run, launcher=fake("done"))
    finish(third)

    left = [[stack for stack in stacks if stack != 0] for _, _, stacks in workers]
    assert [(one.device, one.threads, one.stacks) for one in run.read_plan().workers] == workers
    assert [worker.stacks for worker in third.workers] == left
    assert status(run).state == "done"
