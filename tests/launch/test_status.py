from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime

import orjson
import psutil
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from patience import wait_for

from dlbench.errors import DlbenchError, UsageError
from dlbench.launch.status import explain_crash, status
from dlbench.plan import Plan, Stack, WorkerPlan
from dlbench.run import workers
from dlbench.run.events import EventWriter
from dlbench.run.folder import RunFolder, create
from dlbench.run.glance import answered
from dlbench.run.processes import token_of
from dlbench.run.workers import Launched, current_session

MINE = token_of(os.getpid())
ME = {"pid": MINE.id, "started": MINE.started, "host": MINE.host}
GONE = ME | {"started": ME["started"] - 3600}
FAR = {"pid": 1, "started": 1.0, "host": "another-host"}


def beat(folder, worker, who, *paused):
    """Write the events of one worker: its introduction, then heartbeats."""
    with EventWriter(folder.events_file(0, worker)) as events:
        events.write("run", session=0, worker=worker, stacks=[], **who)
        for one in paused:
            events.write("heartbeat", stack=0, step=1, rate=None, paused=one, memory=1)


@pytest.mark.parametrize(
    ("first", "second", "paused"),
    [
        ((ME, True), (ME, False, True), True),
        ((ME, True), (ME, True, False), False),
        ((ME, True), (ME,), False),
        ((ME, True), (GONE, False), True),
        ((GONE, True), (GONE, True), False),
    ],
)
def test_a_run_is_paused_where_nobody_at_work_goes_on(run, first, second, paused):
    """Every worker that is there said last that it waits; one that is gone waits for nothing."""
    for worker, told_by in enumerate((first, second)):
        beat(run, worker, *told_by)

    now = status(run)
    assert now.paused is paused
    assert now.state == ("crashed" if first[0] is GONE else "running")


@pytest.fixture
def run(tmp_path):
    """A run of three stacks on two workers, not yet started."""
    folder = create(tmp_path, "xor", datetime(2026, 11, 23, 15, 30, 12, tzinfo=UTC))
    stacks = [Stack([0], 10, 5, 1.0) for _ in range(3)]
    folder.write_plan(Plan("xor", [], [], stacks, [WorkerPlan("cpu", 1, [0, 2]), WorkerPlan("cpu", 1, [1])]))
    return folder


def told(folder, session, worker, who, *ends):
    """Write the events of one worker: its introduction, then (stack, status) for each end."""
    with EventWriter(folder.events_file(session, worker)) as events:
        if who:
            events.write("run", session=session, worker=worker, stacks=[], **who)
        events.write("metrics", stack=0, step=1, kinds='"kind":"end"')
        for stack, end in ends:
            events.write("end", stack=stack, step=1, status=end, error="why" if end == "failed" else None)


@pytest.mark.parametrize(
    ("sessions", "state", "left"),
    [
        ([], "empty", [0, 1, 2]),
        ([(0, 0, ME)], "running", [0, 1, 2]),
        ([(0, 0, GONE)], "crashed", [0, 1, 2]),
        ([(0, 0, ME, (0, "done")), (0, 1, GONE, (1, "done"))], "running", [2]),
        (
            [(0, 0, GONE, (0, "done"), (2, "done"), (None, "done")), (0, 1, GONE, (1, "done"), (None, "done"))],
            "done",
            [],
        ),
        ([(0, 0, GONE, (0, "done"), (2, "done")), (0, 1, GONE, (1, "done"), (None, "done"))], "done", []),
        (
            [(0, 0, GONE, (0, "stopped"), (None, "stopped")), (0, 1, GONE, (1, "done"), (None, "done"))],
            "stopped",
            [0, 2],
        ),
        ([(0, 0, GONE, (0, "failed"), (2, "done"), (None, "done"))], "failed", [0, 1]),
        ([(0, 0, GONE, (None, "failed")), (0, 1, GONE)], "failed", [0, 1, 2]),
        ([(0, 0, GONE, (None, "melted"))], "failed", [0, 1, 2]),
        ([(0, 0, GONE, (0, "stopped")), (1, 0, GONE, (0, "done"), (None, "stopped"))], "stopped", [1, 2]),
        ([(0, 0, ME | {"pid": 2**40})], "crashed", [0, 1, 2]),
        ([(0, 0, ME | {"pid": "x"})], "crashed", [0, 1, 2]),
        ([(0, 0, ME | {"started": None})], "crashed", [0, 1, 2]),
        ([(0, 0, FAR)], "running", [0, 1, 2]),
        ([(0, 0, FAR, (0, "done"), (None, "stopped"))], "stopped", [1, 2]),
    ],
)
def test_a_run_stands_as_its_workers_left_it(run, sessions, state, left):
    """The state and the unfinished stacks follow from the events and from which processes are there."""
    for session, worker, who, *ends in sessions:
        told(run, session, worker, who, *ends)

    now = status(run)

    assert (now.state, now.unfinished) == (state, left)
    assert now.session == (max(session for session, *_ in sessions) if sessions else None) == current_session(run)


def test_a_reused_pid_fools_nobody(run):
    """A process with the worker's pid but another creation time is not the worker."""
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as other:
        true = psutil.Process(other.pid).create_time()
        for worker, started in enumerate([true, true - 10, true + 10]):
            told(run, 0, worker, {"pid": other.pid, "started": started, "host": socket.gethostname()})
        states = [worker.state for worker in status(run).workers]
        other.kill()
        other.wait()

    assert states == ["running", "crashed", "crashed"]
    assert {worker.state for worker in status(run).workers} == {"crashed"}


def test_a_zombie_is_dead(run):
    """A worker that ended but was not yet waited for does not count as running."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        started = psutil.Process(child.pid).create_time()
        told(run, 0, 0, {"pid": child.pid, "started": started, "host": socket.gethostname()})
        before = status(run).state
        child.stdin.close()
        wait_for(lambda: psutil.Process(child.pid).status() == psutil.STATUS_ZOMBIE)

        assert (before, status(run).state) == ("running", "crashed")


@pytest.mark.parametrize("who", [FAR, None])
def test_a_worker_on_another_host_lives_by_its_heartbeats(run, monkeypatch, who):
    """Elsewhere, and of one that did not say where it is, only silence tells: a minute of it counts as death."""
    told(run, 0, 0, who)
    last = status(run).workers[0].seen
    states = []
    for later in (59, 61):
        monkeypatch.setattr("time.time", lambda later=later: last + later)
        states.append(status(run).state)

    assert states == ["running", "crashed"]


def test_a_worker_that_is_still_importing_is_running(run):
    """What the starter recorded counts before the worker has written anything."""
    workers.record(run, Launched(0, 0, console=0, stacks=[0, 2], token=MINE))

    assert status(run).state == "running"
    assert [(worker.worker, worker.stacks) for worker in status(run).alive] == [(0, [0, 2])]


def test_damaged_records_of_starts_are_passed_over(run):
    """A torn or foreign line of workers.jsonl hides no other."""
    workers.record(run, Launched(0, 0, console=0, stacks=[0], token=MINE))
    with run.workers_file.open("ab") as file:
        file.write(b'{"session": 1, "wor\n\xff\n[1]\n{"session":"x"}\n')
    workers.record(run, Launched(0, 1, console=0, stacks=[1], token=MINE))

    assert [launched.worker for launched in workers.read(run)] == [0, 1]


def test_why_a_worker_failed_is_told(run):
    """The error of a worker's `end` stands in its status."""
    told(run, 0, 0, GONE, (None, "failed"))

    assert [(worker.state, worker.error) for worker in status(run).workers] == [("failed", "why")]


def test_who_answered_a_control_is_told(run):
    """The workers whose `control` event carries the id have obeyed."""
    for worker in range(2):
        with EventWriter(run.events_file(0, worker)) as events:
            events.write("control", id=f"id{worker}", action="stop", stack=0, step=1)

    assert (answered(run, "id1"), answered(run, "id2")) == ([1], [])


def test_a_crash_is_told_with_the_last_words_of_this_worker(run):
    """Only what this worker printed is quoted, not what one of an older session did; silence is named too."""
    console = run.console_file(0)
    console.write_bytes(b"Traceback of the session before\n")
    before = console.stat().st_size
    workers.record(run, Launched(0, 0, console=before, stacks=[0], token=replace(MINE, started=MINE.started - 3600)))
    silent = explain_crash(run, status(run).crashed[0])
    with console.open("ab") as file:
        file.write(b"".join(b"line %d\n" % i for i in range(50)) + b"\xff bad letter\nOut of memory")
    loud = explain_crash(run, status(run).crashed[0], lines=3)

    who = f"worker 0 (pid {ME['pid']} on {ME['host']}) died without reporting an end"
    assert silent == f"{who}; it printed nothing, so it was probably killed"
    assert loud == f"{who}; {console} ends with:\n  line 49\n  \ufffd bad letter\n  Out of memory"


def test_what_is_no_run_has_no_status(tmp_path, run):
    """A folder without a plan, and events of a newer dlbench, are clear errors."""
    with pytest.raises(UsageError, match="is not a run"):
        status(RunFolder(tmp_path))
    run.events_file(0, 0).write_text('{"v":3,"seq":0,"time":1.0,"kind":"run"}\n')
    with pytest.raises(DlbenchError, match="events of version 3"):
        status(run)


VALUES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.lists(st.integers()))
FIELDS = ("pid", "started", "host", "stacks", "stack", "status", "error", "id", "time")


@example([("run", {"started": 1e300})])
@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.sampled_from(["run", "end", "control"]), st.dictionaries(st.sampled_from(FIELDS), VALUES)))
)
def test_no_event_however_odd_breaks_the_status(tmp_path_factory, events):
    """Fields of any type, or none, never raise; nobody is alive by accident."""
    folder = RunFolder(tmp_path_factory.mktemp("run"))
    folder.events.mkdir()
    folder.write_plan(Plan("xor", [], [], [Stack([0], 1, 1, 1.0)], []))
    odd = [{"v": 1, "seq": i, "time": 1.0, "kind": kind} | fields for i, (kind, fields) in enumerate(events)]
    odd = [{**event, "pid": -event["pid"]} if isinstance(event.get("pid"), int) else event for event in odd]
    lines = [orjson.dumps(event, option=orjson.OPT_APPEND_NEWLINE) for event in odd if _fits(event)]
    folder.events_file(0, 0).write_bytes(b"".join(lines))

    now = status(folder)

    assert now.state in {"crashed", "stopped", "failed", "done"}
    assert len(now.workers) == 1


def test_a_lost_worker_that_was_followed_is_gone_while_others_go_on(run):
    """Its stacks are another session's beside the first: whatever its token says, it is not at work, nor the last word."""
    for session, worker, stacks in ((0, 0, [0, 2]), (0, 1, [1]), (1, 0, [2])):
        workers.record(run, Launched(session, worker, MINE, stacks, 0))
    with EventWriter(run.events_file(0, 0)) as events:
        events.write("end", stack=0, status="done", error=None)
    now = status(run)

    assert [(one.session, one.worker, one.state) for one in now.workers] == [
        (0, 0, "crashed"),
        (0, 1, "running"),
        (1, 0, "running"),
    ]
    assert [(one.session, one.worker) for one in now.latest] == [(0, 1), (1, 0)]
    assert (now.crashed, now.state, now.unfinished) == ([], "running", [1, 2])


def _fits(event):
    try:
        orjson.dumps(event)
    except TypeError:  # an integer beyond 64 bits
        return False
    return True


def test_a_long_log_is_looked_at_quickly(run):
    """Only the few lines that matter are parsed: 40 MB take a fraction of a second of processor time."""
    told(run, 0, 0, GONE)
    block = b"".join(
        b'{"v":1,"seq":%d,"time":1995400000.5,"kind":"probe","x":[%s0]}\n' % (i, b"0.123," * 1500) for i in range(500)
    )
    with run.events_file(0, 0).open("ab") as file:
        for _ in range(9):
            file.write(block)
    began = time.process_time()
    now = status(run)

    assert run.events_file(0, 0).stat().st_size > 40e6
    assert time.process_time() - began < 0.5
    assert now.workers[0].seen == 1995400000.5
