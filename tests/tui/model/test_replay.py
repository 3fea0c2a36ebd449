"""Replays: a run's events in their own time, whatever the files, the pace and the jumps."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from model_runs import begins, ended, evaluated, make_folder, make_plan, probed, write_events

from dlbench.errors import DlbenchError
from dlbench.tui.model.event_index import LONGEST_GAP, EventIndex
from dlbench.tui.model.replay import Replay, ReplayPosition


class Clock:
    """A clock that a test sets."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def told(events):
    """What an event is known by."""
    return [(event["worker"], event["seq"]) for event in events]


def everything(replay):
    """All that is due now."""
    events, restarts = [], replay.restarts
    while True:
        new = replay.poll(10.0)
        if replay.restarts != restarts:
            events, restarts = [], replay.restarts
        events += new
        if not new and replay.progress is None:
            return events


@pytest.fixture
def folder(tmp_path):
    """Two workers whose events interleave: stack 0 at even seconds, stack 1 at odd ones."""
    folder = make_folder(tmp_path, make_plan())
    for worker in (0, 1):
        events = [begins(worker), *(probed(10 * i, stack=worker) for i in range(5)), ended(worker)]
        stamped = [event | {"time": 1e9 + worker + 2 * i} for i, event in enumerate(events)]
        write_events(folder, stamped, worker=worker)
    return folder


def test_events_come_in_the_order_of_their_time(folder):
    """Events of several workers are merged by their time, each as it was written, with session and worker."""
    replay = Replay(folder, start=ReplayPosition(share=1.0))
    events = everything(replay)
    assert [event["time"] for event in events] == [1e9 + i for i in range(14)]
    assert [event["worker"] for event in events] == [0, 1] * 7
    assert {event["session"] for event in events} == {0}
    assert replay.over
    assert replay.playback.position == replay.playback.length == 13


def test_events_come_at_their_time(folder):
    """After so many seconds at a speed come the events of so many seconds of the run."""
    clock = Clock()
    replay = Replay(folder, speed=2.0, now=clock)
    assert len(everything(replay)) == 1
    clock.now += 1.0
    assert len(everything(replay)) == 2
    replay.faster(2)
    clock.now += 1.0
    assert len(everything(replay)) == 4
    assert replay.playback.position == 6.0
    assert not replay.over


def test_a_paused_replay_waits(folder):
    """While it is paused time does not pass; afterwards it goes on where it was; at the end it begins again."""
    clock = Clock()
    replay = Replay(folder, now=clock)
    everything(replay)
    replay.pause()
    clock.now += 100
    assert everything(replay) == []
    assert replay.playback.paused
    replay.pause()
    clock.now += 1
    assert len(everything(replay)) == 1
    clock.now += 100
    assert len(everything(replay)) == 12
    assert replay.over
    assert replay.playback.paused
    replay.pause()
    assert len(everything(replay)) == 1
    assert replay.restarts == 1


def test_silences_are_short(tmp_path):
    """A night between two sessions lasts no longer than any other silence, and an event late by its clock keeps its place."""
    folder = make_folder(tmp_path, make_plan())
    times = [0.0, 2.0, 1.0, 3.0]
    write_events(folder, [evaluated(i, [1, 1]) | {"time": 1e9 + at} for i, at in enumerate(times)])
    write_events(folder, [evaluated(9, [1, 1]) | {"time": 1e9 + 86_400}], session=1)
    index = EventIndex(folder)
    index.scan(10.0)
    assert index.ready
    assert index.clock.tolist() == [0, 2, 2, 3, 3 + LONGEST_GAP]
    assert index.steps.tolist() == [0, 1, 2, 3, 9]


def test_seeking_a_step_ends_with_its_record(folder):
    """A seek to a step hands out everything up to the first record at or after it of that stack, beyond its last up to that."""
    for step, last in ((20, 20), (25, 30), (999, 40)):
        replay = Replay(folder, start=ReplayPosition(step=step, stack=1))
        events = everything(replay)[:]
        replay.pause()
        own = [event for event in events if event["stack"] == 1 and event["kind"] == "probe"]
        assert own[-1]["step"] == last


@pytest.mark.parametrize(
    "fields", [{"layer": "dense1", "step": 40}, {"step": 40, "layer": "dense1"}], ids=["layer", "step"]
)
def test_steps_of_pretraining_are_not_sought(tmp_path, fields):
    """Going to a step means one of the training, however far pre-training has counted; event by event one comes to both."""
    folder = make_folder(tmp_path, make_plan())
    before = [{"kind": kind, "stack": 0} | fields for kind in ("pretrain", "pictures")]
    write_events(folder, [begins(), *before, *(probed(step) for step in (0, 20, 40))])
    replay = Replay(folder, start=ReplayPosition(step=20), now=Clock())
    assert [event["kind"] for event in everything(replay)] == ["stack", "pretrain", "pictures", "probe", "probe"]
    replay.seek(share=0.0)
    assert [event["kind"] for event in everything(replay)] == ["stack"]
    replay.advance()
    assert [event["kind"] for event in everything(replay)] == ["pretrain"]


def test_one_event_forwards_and_back(folder):
    """`advance` goes to the next telling event and `back` to the one before, of one stack or of any, and both pause."""
    replay = Replay(folder, start=ReplayPosition(step=20, stack=0))
    clock_at = everything(replay)[-1]["time"]
    replay.advance(0)
    events = everything(replay)
    assert (events[-1]["stack"], events[-1]["step"], len(events)) == (0, 30, 2)
    replay.back(0)
    assert everything(replay)[-1]["time"] == clock_at
    replay.back()
    assert everything(replay)[-1]["time"] == clock_at - 1
    replay.advance()
    assert everything(replay)[-1]["time"] == clock_at
    assert replay.playback.paused


moves = st.lists(
    st.one_of(
        st.tuples(st.just("seek"), st.fixed_dictionaries({"share": st.floats(-0.5, 1.5)})),
        st.tuples(st.just("seek"), st.fixed_dictionaries({"step": st.integers(0, 60), "stack": st.integers(0, 2)})),
        st.tuples(st.sampled_from(["advance", "back", "pause"]), st.just({})),
        st.tuples(st.just("wait"), st.floats(0, 9)),
    ),
    max_size=12,
)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The same folder for many examples."""
    return folder.__wrapped__(tmp_path_factory.mktemp("replay"))


@given(moves, st.integers(1, 20))
def test_whatever_is_asked_a_beginning_of_the_run_has_been_handed_out(written, asked, breath):
    """After any moves, what came since the last restart is the run's first events, none twice, none left out."""
    clock = Clock()
    replay, whole = Replay(written, now=clock), told(everything(Replay(written, start=ReplayPosition(share=1.0))))
    got, restarts = [], 0
    for name, argument in asked:
        if name == "wait":
            clock.now += argument
        else:
            getattr(replay, name)(**argument)
        for _ in range(breath):
            new = replay.poll(0.0)
            if replay.restarts != restarts:
                got, restarts = [], replay.restarts
            got += told(new)
        assert got == whole[: len(got)]
        assert 0 <= replay.playback.position <= replay.playback.length
        assert replay.progress is None or 0 <= replay.progress <= 1


def test_damage_is_passed_over(tmp_path):
    """Lines that are no events are left out, lines in another order of keys are read, a torn last line does not count."""
    folder = make_folder(tmp_path, make_plan())
    write_events(folder, [begins(), probed(5)])
    with folder.events_file(0, 0).open("ab") as file:
        file.write(b"not an event\n[1]\n")
        file.write(orjson.dumps({"kind": "probe", "step": 6, "stack": 0, "seq": 2, "v": 1, "time": 1e9 + 2}) + b"\n")
        file.write(b'{"v":1,"seq":3,"time":1000000003.0,"kind":"probe","stack":0,"st')
    replay = Replay(folder, start=ReplayPosition(share=1.0))
    assert [event.get("step") for event in everything(replay)] == [0, 5, 6]


def test_a_newer_version_is_refused_when_it_is_reached(tmp_path):
    """Events before those of a newer version are handed out, then the replay says what is wrong."""
    folder = make_folder(tmp_path, make_plan())
    write_events(folder, [begins(), probed(5)])
    write_events(folder, [{"kind": "probe", "v": 99}], session=1, start=2e9)
    replay = Replay(folder, start=ReplayPosition(share=1.0))
    assert told(replay.poll(10.0)) == [(0, 0), (0, 1)]
    with pytest.raises(DlbenchError, match="version 99"):
        replay.poll(10.0)


def test_a_file_that_went_is_told(folder):
    """Where a file cannot be read any more, the replay says which."""
    replay = Replay(folder)
    while not replay._index.ready:
        replay._index.scan(1.0)
    folder.events_file(0, 0).unlink()
    with pytest.raises(DlbenchError, match="cannot be read"):
        replay.poll(1.0)


def test_an_empty_run_plays_nothing(tmp_path):
    """A run without events is over at once, wherever one seeks."""
    replay = Replay(make_folder(tmp_path, make_plan()), start=ReplayPosition(step=5))
    assert everything(replay) == []
    for move in (replay.advance, replay.back, replay.pause):
        move()
        assert everything(replay) == []
    assert replay.over
    assert replay.playback.length == 0
