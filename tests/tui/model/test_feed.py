"""The feed: everything arrives, little by little, and what goes wrong is told."""

from __future__ import annotations

import os
import threading
import time
from functools import partial

import numpy as np
import orjson
import psutil
import pytest
from model_runs import begins, diverged, ended, evaluated, make_folder, make_plan, probed, write_events
from patience import wait_for

from dlbench.metrics.trial_view import Status
from dlbench.run import workers
from dlbench.run.events import EventWriter
from dlbench.run.workers import Launched, Token
from dlbench.text.notes import notes_of
from dlbench.tui.model.feed import CHUNK_SECONDS, Feed
from dlbench.tui.model.replay import Replay, ReplayPosition
from dlbench.tui.model.run_events import run_events
from dlbench.tui.model.run_info import run_info
from dlbench.tui.model.source import FolderSource, ListSource
from dlbench.tui.model.view import RunInfo, View

GONE = 2**22 + 1
"""A process id beyond what Linux gives."""


def run_event(stacks):
    """A worker introduces itself."""
    return {
        "kind": "run",
        "session": 0,
        "worker": 0,
        "stacks": stacks,
        "pid": GONE,
        "started": 1e9,
        "host": os.uname().nodename,
    }


def launch(folder, pid, stacks, started=1e9, session=0):
    """Record a process as the worker of stacks."""
    workers.record(folder, Launched(session, 0, Token("local", pid, os.uname().nodename, started), stacks, 0))


def settle(feed):
    """Beat until nothing is new, and once more, as its thread would."""
    while feed.beat():
        pass
    feed.beat()


class Clock:
    """A clock that a test sets."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def test_all_events_are_folded_in_time_slices():
    """However many events come at once, the state has them all, and the lock is never held much longer than a chunk."""
    plan = make_plan()
    events = [begins(), *(probed(i) for i in range(3000)), ended()]
    view = View(RunInfo("made-up/now", plan))
    feed, held, over = Feed(view, ListSource(events)), [], threading.Event()

    def look():
        while not over.is_set():
            began = time.perf_counter()
            with view.lock:
                held.append(time.perf_counter() - began)
            time.sleep(0.001)

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        settle(feed)
    finally:
        over.set()
        watcher.join()
    assert view.state.stacks[0].status is Status.OK
    assert len(view.state.trials[0].probe_steps) == 3000
    assert view.loading is None
    assert len(held) > 3
    # The median: a machine with more to do may take the processor away in between.
    assert sorted(held)[len(held) // 2] < 3 * CHUNK_SECONDS


def test_the_thread_follows_and_stops():
    """The thread takes in what comes later too, ends when asked, and is no reason for the process to stay."""
    plan = make_plan()
    view, memory = View(RunInfo("made-up/now", plan)), ListSource([begins()])
    feed = Feed(view, memory)
    feed.start()
    try:
        assert feed._thread.daemon
        wait_for(lambda: view.state.stacks[0].status is Status.RUNNING)
        memory.add([ended()])
        wait_for(lambda: view.state.stacks[0].status is Status.OK)
    finally:
        feed.stop()
    assert not feed._thread.is_alive()
    Feed(view, memory).stop()


def test_nothing_new_changes_nothing():
    """A beat without news leaves the version as it is, so that nothing is drawn."""
    view = View(RunInfo("made-up/now", make_plan()))
    feed = Feed(view, ListSource([begins()]))
    settle(feed)
    before = view.version
    feed.beat()
    assert view.version == before


def test_a_run_whose_worker_is_gone_has_ended(tmp_path):
    """What seems to run has crashed where no process is left, and the run's status says so."""
    folder = make_folder(tmp_path, make_plan())
    write_events(folder, [run_event([0, 1]), begins(), evaluated(5, [1, 1])])
    launch(folder, GONE, [0, 1])
    view = View(run_info(folder))
    feed = Feed(view, FolderSource(folder), folder)
    settle(feed)
    assert view.status == "crashed"
    assert view.state.stacks[0].status is Status.CRASHED
    before = view.version
    feed.beat()
    assert view.version == before


def test_a_run_at_work_runs_and_its_death_is_seen(tmp_path):
    """While the process is there the run runs; when it is gone that is seen within two seconds, without a new event."""
    folder, clock = make_folder(tmp_path, make_plan()), Clock()
    process = psutil.Popen(["sleep", "600"])
    try:
        launch(folder, process.pid, [0, 1], process.create_time())
        write_events(folder, [run_event([0, 1]), begins(), evaluated(5, [1, 1])])
        view = View(run_info(folder))
        feed = Feed(view, FolderSource(folder), folder, now=clock)
        settle(feed)
        assert view.status == "running"
        assert view.state.stacks[0].status is Status.RUNNING
    finally:
        process.kill()
        process.wait()
    clock.now += 2.0
    settle(feed)
    assert view.status == "crashed"
    assert view.state.stacks[0].status is Status.CRASHED


def test_a_resumed_run_is_not_given_up(tmp_path):
    """A look older than a new session's first event ends nothing that the new session trains."""
    folder, clock = make_folder(tmp_path, make_plan()), Clock()
    write_events(folder, [run_event([0, 1]), begins(), ended(status="stopped"), ended(None, "stopped")])
    launch(folder, GONE, [0, 1])
    view = View(run_info(folder))
    feed = Feed(view, FolderSource(folder), folder, now=clock)
    settle(feed)
    assert view.status == "stopped"
    launch(folder, os.getpid(), [0, 1], psutil.Process().create_time(), session=1)
    write_events(folder, [run_event([0, 1]) | {"session": 1}, begins()], session=1)
    settle(feed)
    assert view.state.stacks[0].status is Status.RUNNING
    clock.now += 2.0
    settle(feed)
    assert view.state.stacks[0].status is Status.RUNNING
    assert view.status == "running"


def test_a_resumed_run_waits_for_its_workers(tmp_path):
    """While a resumed run's workers import torch and have said nothing, its stacks wait: they are not stopped."""
    folder = make_folder(tmp_path, make_plan())
    write_events(folder, [run_event([0, 1]), begins(), ended(status="stopped"), ended(None, "stopped")])
    launch(folder, GONE, [0, 1])
    launch(folder, os.getpid(), [0, 1], psutil.Process().create_time(), session=1)
    view = View(run_info(folder))
    settle(Feed(view, FolderSource(folder), folder))

    assert view.status == "running"
    assert [stack.status for stack in view.state.stacks] == [Status.WAITING] * 2


def test_opening_is_over_when_it_is_known_how_the_run_stands(tmp_path):
    """A run that has ended never looks as if it ran: it is loading until its processes were asked after."""
    folder = make_folder(tmp_path, make_plan())
    view = View(run_info(folder))
    feed, seen = Feed(view, FolderSource(folder), folder), set()
    for _ in range(4):
        seen.add((view.loading is None, view.status))
        feed.beat()

    assert seen == {(False, "running"), (True, "empty")}


def test_logs_are_read_again_only_for_a_reason(tmp_path, monkeypatch):
    """A run at work is looked at once; later looks ask for its processes alone, until something is told of them."""
    from dlbench.tui.model import liveness

    looks = []
    monkeypatch.setattr(liveness, "status", lambda folder, own=liveness.status: looks.append(folder) or own(folder))
    folder, clock = make_folder(tmp_path, make_plan()), Clock()
    launch(folder, os.getpid(), [0, 1], psutil.Process().create_time())
    write_events(folder, [run_event([0, 1]), begins()])
    feed = Feed(View(run_info(folder)), FolderSource(folder), folder, now=clock)
    settle(feed)
    for _ in range(5):
        clock.now += 10.0
        settle(feed)
    assert len(looks) == 1
    with folder.events_file(0, 0).open("ab") as file:
        file.write(orjson.dumps({"v": 1, "seq": 2, "time": 1e9} | ended(), option=orjson.OPT_APPEND_NEWLINE))
    settle(feed)
    clock.now += 10.0
    settle(feed)
    assert len(looks) == 2


def test_a_report_is_made_for_those_who_look():
    """No table without being asked; then at most one a second, and none while nothing is new."""
    clock, memory = Clock(), ListSource([begins(), evaluated(0, [1, 1])])
    view = View(RunInfo("made-up/now", make_plan()))
    feed = Feed(view, memory, now=clock)
    settle(feed)
    assert view.report is None
    view.wants_report = True
    settle(feed)
    first = view.report
    assert first is not None
    assert first.state is view.state
    memory.add([evaluated(5, [0.5, 0.5])])
    settle(feed)
    assert view.report is first
    clock.now += 1.0
    settle(feed)
    second = view.report
    assert second is not first
    clock.now += 1.0
    settle(feed)
    assert view.report is second


def test_going_back_shows_the_old_picture_until_the_new_one_is_there(tmp_path):
    """A replay that goes back swaps the state at once for one that has got there; never is one shown on its way."""
    folder = make_folder(tmp_path, make_plan())
    write_events(folder, [begins(), *(probed(i) for i in range(200))])
    view = View(run_info(folder))
    replay = Replay(folder, start=ReplayPosition(share=1.0), now=Clock())
    feed = Feed(view, replay, folder)
    settle(feed)
    shown, old = {len(view.state.trials[0].probe_steps)}, view.state
    replay.seek(step=50)
    feed.beat()
    while replay.progress is not None:
        shown.add(len(view.state.trials[0].probe_steps))
        feed.beat()
    shown.add(len(view.state.trials[0].probe_steps))
    assert shown == {200, 51}
    assert view.state is not old
    assert view.playback == replay.playback


def test_a_crashed_run_crashes_in_its_replay_too(tmp_path):
    """At the end of a replay what never ended has crashed; back in time it runs again."""
    folder, clock = make_folder(tmp_path, make_plan()), Clock()
    write_events(folder, [run_event([0, 1]), begins(), evaluated(5, [1, 1]), evaluated(6, [1, 1])])
    launch(folder, GONE, [0, 1])
    view = View(run_info(folder))
    replay = Replay(folder, start=ReplayPosition(step=5), now=clock)
    feed = Feed(view, replay, folder, now=clock)
    replay.advance()
    settle(feed)
    assert view.state.stacks[0].status is Status.RUNNING
    replay.seek(share=1.0)
    settle(feed)
    clock.now += 2.0
    settle(feed)
    assert view.state.stacks[0].status is Status.CRASHED
    replay.back()
    settle(feed)
    assert view.state.stacks[0].status is Status.RUNNING


def test_events_of_a_newer_version_are_told(tmp_path):
    """What can be read is shown, with the reason why there is no more."""
    folder = make_folder(tmp_path, make_plan())
    write_events(folder, [begins()])
    write_events(folder, [{"kind": "metrics", "v": 99}], session=1)
    view = View(run_info(folder))
    settle(Feed(view, FolderSource(folder), folder))
    assert view.state.stacks[0].layers
    assert "version 99" in view.problem


@pytest.mark.parametrize("source", [FolderSource, partial(Replay, start=ReplayPosition(share=1.0))])
def test_events_that_cannot_be_read_are_told(tmp_path, source):
    """Two destroyed lines are counted in the log, and in the table's notes, with the file and the trials that they may be about."""
    folder = make_folder(tmp_path, make_plan())
    write_events(folder, [begins(), *(evaluated(step, [0.5, 0.4]) for step in range(4))])
    lines = folder.events_file(0, 0).read_bytes().splitlines(keepends=True)
    lines[2:4] = b"#" * 20 + b"\n", lines[3].replace(b'"kind"', b'"kin')
    folder.events_file(0, 0).write_bytes(b"".join(lines))
    view = View(run_info(folder))
    view.wants_report = True
    settle(Feed(view, source(folder), folder))
    told = "s000-w0.jsonl is damaged: 2 of its lines cannot be read or are missing"

    assert run_events(view.state)[0].text.startswith(told)
    assert any(note.startswith(told) for note in notes_of(view.report))


@pytest.mark.parametrize("source", [FolderSource, partial(Replay, start=ReplayPosition(share=1.0))])
def test_arrays_that_cannot_be_read_are_told_once(tmp_path, source):
    """Of seventy trials two evaluations are destroyed; they are counted, also by who plays them again, and the others are there."""
    folder = make_folder(tmp_path, make_plan(seeds=70))
    with EventWriter(folder.events_file(0, 0)) as writer:
        for event in (begins(), *(evaluated(step, np.full(70, 0.5)) for step in range(4))):
            writer.write(**event)
    arrays = folder.events_file(0, 0).with_suffix(".arrays")
    arrays.write_bytes(bytes(2 * 70 * 8) + arrays.read_bytes()[2 * 70 * 8 :])
    view = View(run_info(folder))
    played = source(folder)
    feed = Feed(view, played, folder)
    settle(feed)
    if isinstance(played, Replay):
        played.seek(step=0)
        settle(feed)
        played.seek(share=1.0)
        settle(feed)
    told = "s000-w0.arrays is damaged: 2 of its arrays cannot be read or are missing"

    assert run_events(view.state)[0].text.startswith(told)
    assert view.state.unreadable == {"s000-w0.arrays": 2}
    assert view.state.trials[69].curve("train_loss").tolist()[-2:] == [0.5, 0.5]


def test_a_damaged_recipe_hides_no_events(tmp_path):
    """Where the recipe's claims cannot be read the run is shown all the same, and the mistake told."""
    folder = make_folder(tmp_path, make_plan(), recipe='[compare]\nmetric = "nonsense"\n')
    write_events(folder, [begins()])
    view = View(run_info(folder))
    settle(Feed(view, FolderSource(folder), folder))
    assert view.state.stacks[0].layers
    assert "nonsense" in view.problem


def test_a_folder_that_went_is_told(tmp_path):
    """Where the run's folder is deleted under the dashboard, it says that there is no run any more."""
    folder, clock = make_folder(tmp_path, make_plan()), Clock()
    write_events(folder, [begins()])
    view = View(run_info(folder))
    feed = Feed(view, FolderSource(folder), folder, now=clock)
    settle(feed)
    folder.events_file(0, 0).unlink()
    folder.plan_file.unlink()
    launch(folder, GONE, [0])
    clock.now += 2.0
    settle(feed)
    assert "is not a run" in view.problem


def test_a_mistake_of_ours_is_told_and_kept(monkeypatch):
    """An error in the thread is not lost with it: the view says so, and whoever stops the feed can raise it."""
    view = View(RunInfo("made-up/now", make_plan()))
    feed = Feed(view, ListSource([begins()]))
    monkeypatch.setattr(view.state, "apply", lambda events: 1 / 0)
    feed.start()
    wait_for(lambda: view.problem is not None)
    feed.stop()
    assert isinstance(feed.failure, ZeroDivisionError)
    assert "ZeroDivisionError" in view.problem


@pytest.mark.parametrize("at_once", [1, 7, None])
def test_how_it_arrives_does_not_matter(at_once):
    """Whatever the pieces, the same trials stand the same."""
    plan = make_plan()
    events = [begins(), *(evaluated(i, [1 / (i + 1), 2.0]) for i in range(30)), diverged(12, 1), ended()]
    view = View(RunInfo("made-up/now", plan))
    settle(Feed(view, ListSource(events, at_once=at_once)))
    assert [trial.status for trial in view.state.trials] == [Status.OK, Status.DIVERGED, Status.WAITING, Status.WAITING]
    assert view.state.trials[0].curve("train_loss").tolist() == [1 / (i + 1) for i in range(30)]
