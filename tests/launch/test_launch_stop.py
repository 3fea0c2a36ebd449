from __future__ import annotations

import os
import signal

import pytest
from launching import fake, finish, speaking

from dlbench.errors import UsageError
from dlbench.launch import stopping
from dlbench.launch.sessions import start
from dlbench.launch.status import status
from dlbench.launch.stopping import stop


def test_a_stop_is_obeyed_and_answered(run):
    """The workers end after their step, tell so, and the run stands as stopped."""
    started = start(run, launcher=fake("obey"))
    speaking(run, 2)
    done = stop(run)

    assert finish(started) == [0, 0]
    assert (done.answered, done.killed, done.remaining) == ([0, 1], [], [])
    assert (status(run).state, status(run).unfinished) == ("stopped", [0, 1, 2])


def test_a_stop_reaches_a_worker_that_has_not_yet_come_so_far(run):
    """What is asked while a worker is still starting up is obeyed as soon as it listens."""
    started = start(run, launcher=fake("obey"))
    done = stop(run)

    assert finish(started) == [0, 0]
    assert done.remaining == []


def test_a_deaf_worker_is_left_alone_unless_a_kill_is_asked(run, monkeypatch):
    """After the timeout a stop reports who is still there; with `kill`, SIGTERM and then SIGKILL end it."""
    monkeypatch.setattr(stopping, "GRACE_SECONDS", 0.3)
    started = start(run, stacks=[1], launcher=fake("deaf"))
    speaking(run)
    polite = stop(run, timeout=0.2)
    firm = stop(run, timeout=0.2, kill=True)

    assert [worker.token.id for worker in polite.remaining] == [started.workers[0].token.id]
    assert (polite.answered, polite.killed) == ([], [])
    assert (firm.killed, firm.remaining) == ([1], [])
    assert finish(started) == [-signal.SIGKILL]
    assert status(run).state == "crashed"


def test_a_worker_that_hears_sigterm_is_not_killed(run):
    """SIGTERM alone ends a worker that only overhears controls; nothing harder follows."""
    started = start(run, stacks=[1], launcher=fake("obey"))
    speaking(run)
    os.kill(started.workers[0].token.id, signal.SIGTERM)

    assert finish(started) == [0]
    assert status(run).state == "stopped"


def test_where_nothing_runs_nothing_is_stopped(run):
    """Stopping a run that is over, or was never started, is refused and asks nobody."""
    for _ in range(2):
        with pytest.raises(UsageError, match="is not running, so there is nothing to stop"):
            stop(run)
        if not run.events_files():
            finish(start(run, launcher=fake("done")))

    assert not run.control_file.exists()
