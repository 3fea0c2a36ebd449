"""A second launcher, of threads with names, is all that a run needs: nothing asks for processes but the local one."""

from __future__ import annotations

import threading
import time

import orjson
import pytest
from launching import fake, finish, speaking
from patience import wait_for

from dlbench.errors import SetupError, UsageError
from dlbench.launch.sessions import resume, start
from dlbench.launch.status import LAUNCHERS, explain_crash, is_under_way, status
from dlbench.launch.stopping import stop
from dlbench.run import workers
from dlbench.run.control import ControlReader
from dlbench.run.events import EventWriter
from dlbench.run.workers import Launched, Token


class Threads:
    """Workers as threads of this process, which know nothing of pids; `deaf` ones hear no controls, `broken` cannot begin."""

    name = "threads"

    def __init__(self, *, deaf=False, broken=()):
        self.deaf, self.broken, self.told = deaf, broken, {}

    def start(self, assignments):
        for assignment in assignments:
            if assignment.worker in self.broken:
                raise OSError(0, "no room")
            token = Token(self.name, f"job-{assignment.session}.{assignment.worker}", "the cluster", time.time())
            self.told[token] = threading.Event(), threading.Event(), []
            thread = threading.Thread(target=self._work, args=(assignment, token), daemon=True)
            thread.start()
            self.told[token] += (thread,)
            yield token

    def _work(self, assignment, token):
        polite, force, code, *_ = self.told[token]
        place = assignment.session, assignment.worker
        with EventWriter(assignment.folder.events_file(*place)) as events:
            controls = ControlReader(assignment.folder.control_file, assignment.session)
            stop = None
            while not (force.is_set() or polite.is_set() or stop):
                events.write("heartbeat", stack=assignment.stacks[0], step=1, rate=1.0)
                time.sleep(0.01)
                stop = None if self.deaf else next(iter(controls.poll()), None)
            if stop:
                events.write("control", id=stop["id"], action="stop", stack=assignment.stacks[0], step=1)
            if not force.is_set():
                events.write("end", stack=None, status="stopped", error=None, step=1, seconds=0.0)
        code.append(137 if force.is_set() else 0)

    def is_alive(self, token, seen):
        return token in self.told and self.told[token][3].is_alive()

    def stop(self, token, *, force):
        self.told[token][force].set()
        return self.is_alive(token, 0.0)

    def exit_code(self, token):
        return next(iter(self.told[token][2]), None)

    def describe(self, token):
        return f"{token.id} of {token.host}"


@pytest.fixture
def launched(monkeypatch):
    """Makes launchers of threads that this dlbench knows, and ends what they have started."""
    made = []

    def make(**behaviour):
        made.append(Threads(**behaviour))
        monkeypatch.setitem(LAUNCHERS, Threads.name, made[-1])
        return made[-1]

    yield make
    for launcher in made:
        for token in launcher.told:
            launcher.stop(token, force=True)


def test_a_run_of_another_launcher_is_seen_refused_and_stopped(run, launched):
    """Its tokens are kept with the run; by them it counts as running, is not started twice, and stops when asked."""
    group = start(run, launcher=launched())
    speaking(run, 2)
    with pytest.raises(
        UsageError, match=r"\(worker 0 is job-0\.0 of the cluster, worker 1 is job-0\.1 of the cluster\)"
    ):
        resume(run)
    under_way = is_under_way(run), status(run).state
    done = stop(run)

    assert under_way == (True, "running")
    assert [one.token for one in workers.read(run)] == [one.token for one in group.workers]
    assert (done.answered, done.killed, done.remaining) == ([0, 1], [], [])
    assert (finish(group), status(run).state) == ([0, 0], "stopped")


def test_one_launcher_goes_on_with_what_another_began(run, launched):
    """Begun on a cluster, a run is done on this machine; each worker is looked for by its own launcher."""
    finish_at_once = start(run, stacks=[0], launcher=launched())
    speaking(run)
    stop(run)
    finish(finish_at_once)
    finish(resume(run, launcher=fake("done")))

    assert [one.token.launcher for one in workers.read(run)] == ["threads", "local", "local"]
    assert (status(run).state, status(run).session) == ("done", 1)


def test_a_worker_that_dies_elsewhere_is_told_by_its_token(run, launched):
    """Ended by force without a word, it has crashed, and is named as its launcher names it."""
    group = start(run, stacks=[1], launcher=launched(deaf=True))
    speaking(run)
    done = stop(run, timeout=0.0)
    group.stop(force=True)

    assert [worker.token.id for worker in done.remaining] == ["job-0.1"]
    assert finish(group) == [137]
    dead = wait_for(lambda: status(run).crashed)[0]
    assert explain_crash(run, dead).startswith("worker 1 (job-0.1 of the cluster) died without reporting an end; ")


def test_where_one_cannot_start_the_others_end(run, launched):
    """Half a session is none: those before the one that failed are told to end, and the reason is said."""
    launcher = launched(broken={1})
    with pytest.raises(SetupError, match="cannot start a worker: no room"):
        start(run, launcher=launcher)

    (token,) = launcher.told
    assert wait_for(lambda: launcher.exit_code(token) is not None)
    assert launcher.exit_code(token) == 0


@pytest.mark.parametrize(("ago", "state"), [(1.0, "running"), (300.0, "crashed")])
def test_a_worker_of_a_launcher_that_is_not_here_lives_by_its_words(run, ago, state):
    """A run of a newer dlbench is read without its launcher: only silence tells there."""
    token = Token("of tomorrow", "a7", "somewhere", time.time() - ago)
    workers.record(run, Launched(0, 0, token, [0], 0))

    assert status(run).state == state
    assert explain_crash(run, status(run).workers[0]).startswith("worker 0 (of tomorrow a7 on somewhere) died")


def test_a_workers_file_of_0_1_0_is_read(run):
    """Its lines have pid, host and creation time beside the rest; they are tokens of the local launcher."""
    old = {"session": 0, "worker": 1, "pid": 4711, "started": 12.5, "host": "lab", "stacks": [1], "console": 7}
    run.workers_file.write_bytes(orjson.dumps(old) + b"\n" + orjson.dumps(old | {"pid": 2**31}) + b"\n")

    assert workers.read(run) == [Launched(0, 1, Token("local", 4711, "lab", 12.5), [1], 7)]
