from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest
from launching import ROOT, fake, finish, speaking, starter
from patience import PATIENCE, wait_for

from dlbench.launch.sessions import start
from dlbench.launch.status import alive, explain_crash, status
from dlbench.launch.stopping import stop
from dlbench.run.events import EventReader


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGHUP])
def test_workers_outlive_their_starter(run, number):
    """Kill, Ctrl-C or hang-up of the starter and its whole process group leave the workers at work."""
    with subprocess.Popen(
        [sys.executable, "-c", starter("start"), str(run.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        cwd=ROOT,
    ) as parent:
        pids = list(map(int, parent.stdout.readline().split()))
        speaking(run, 2)
        os.killpg(parent.pid, number)
        parent.wait(PATIENCE)
    reader = EventReader(run)
    reader.poll()
    later = wait_for(reader.poll)

    assert {event["kind"] for event in later} == {"heartbeat"}
    assert sorted(worker.token.id for worker in alive(run)) == sorted(pids)
    assert all(os.getsid(pid) == pid for pid in pids)
    assert stop(run).remaining == []


@pytest.mark.parametrize(
    ("behaviour", "code", "words"),
    [("crash", 139, "Segmentation fault, so to speak"), ("mute", 1, "no such device: cuda:7")],
)
def test_a_worker_that_dies_without_an_end_is_told_with_its_last_words(run, behaviour, code, words):
    """Both a death in the middle and one before the first event are found, with the console's last lines."""
    started = start(run, stacks=[1], launcher=fake(behaviour))

    assert finish(started) == [code]
    (dead,) = status(run).crashed
    who = f"worker 1 (pid {started.workers[0].token.id} on {os.uname().nodename})"
    assert explain_crash(run, dead).splitlines() == [
        f"{who} died without reporting an end; {run.console_file(1)} ends with:",
        "  threads 2 2",
        f"  {words}",
    ]


def test_a_worker_that_fails_in_order_is_told_as_failed(run):
    """An `end` with an error is no crash."""
    finish(start(run, launcher=fake("fail")))

    assert (status(run).state, status(run).crashed) == ("failed", [])
    assert status(run).workers[0].error == "it broke"
