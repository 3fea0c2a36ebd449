from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlbench.errors import DlbenchError, SetupError
from dlbench.run.events import EventReader, EventWriter
from dlbench.run.folder import RunFolder

HOSTILE = [
    b"",
    b" ",
    b"null",
    b"3",
    b"[]",
    b"{}",
    b'"text"',
    b"\xff\xfe\x00",
    b"NaN",
    b"\x00" * 5000,
    b"[" * 100_000,
    b'{"v":1,"seq":',
    b'{"v":1,"seq":1}',
    b'{"v":1,"seq":-1,"kind":"metrics"}',
    b'{"v":1,"seq":1.0,"kind":"metrics"}',
    b'{"v":true,"seq":true,"kind":"metrics"}',
    b'{"v":"1","seq":1,"kind":"metrics"}',
    b'{"v":1,"seq":1,"kind":null}',
    b'{"v":1,"seq":1,"kind":"metrics"}{"v":1,"seq":2,"kind":"metrics"}',
    b'{"v":1,"seq":1,"kind":"metrics","x":"\xc3"}',
    b'{"v":1,"seq":1,"kind":"metrics","x":NaN}',
    b'{"v":1,"seq":1' + b"0" * 400 + b',"kind":"metrics"}',
]


def line(seq, kind="metrics", **fields):
    """One event as any writer might write it."""
    return json.dumps({"v": 1, "seq": seq, "time": 0.5, "kind": kind, **fields}).encode() + b"\n"


def fresh(tmp_path_factory):
    """A folder of its own for each example of hypothesis."""
    folder = RunFolder(tmp_path_factory.mktemp("run"))
    folder.events.mkdir()
    return folder


def read_all(reader, **limits):
    """Poll until nothing comes."""
    events = []
    while more := reader.poll(**limits):
        events += more
    return events


def test_what_is_written_is_read(folder):
    """Every event comes back with its fields, `v`, `seq`, `time` and `kind`, and with the file's session and worker."""
    before = time.time()
    with EventWriter(folder.events_file(2, 1)) as writer:
        writer.write("stack", stack=0, layers=[{"name": "dense1", "weight": [2, 5]}])
        writer.write("note", stack=None, text="가 ✓ \n \u2028")

    first, second = EventReader(folder).poll()

    assert before <= first.pop("time") <= second.pop("time") <= time.time()
    common = {"v": 1, "session": 2, "worker": 1}
    assert first == common | {"seq": 0, "kind": "stack", "stack": 0, "layers": [{"name": "dense1", "weight": [2, 5]}]}
    assert second == common | {"seq": 1, "kind": "note", "stack": None, "text": "가 ✓ \n \u2028"}


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16, np.int64, np.bool_])
@pytest.mark.parametrize("shape", ["contiguous", "transposed", "strided", "scalar", "empty"])
def test_arrays_are_written_to_their_last_bit(folder, dtype, shape):
    """Arrays of every kind and layout read back as they were."""
    array = (np.arange(12).reshape(3, 4) / 7).astype(dtype)
    array = {"transposed": array.T, "strided": array[::2, ::3], "scalar": array[1, 1], "empty": array[:0]}.get(
        shape, array
    )
    with EventWriter(folder.events_file(0, 0)) as writer:
        writer.write("metrics", x=array)

    (event,) = EventReader(folder).poll()

    np.testing.assert_array_equal(np.array(event["x"], dtype).reshape(array.shape), array)


def test_single_precision_is_written_as_short_as_it_can_be(folder):
    """0.1 in float32 takes three letters, not the seventeen of its value in float64."""
    with EventWriter(folder.events_file(0, 0)) as writer:
        writer.write("metrics", x=np.array([[0.1, 2.5]], np.float32), y=np.array([[0.1], [2.5]], np.float32).T)

    assert b'"x":[[0.1,2.5]],"y":[[0.1,2.5]]' in writer.path.read_bytes()


@pytest.mark.parametrize("wrap", [float, np.float32, lambda x: [x], lambda x: np.array([x]), lambda x: np.array([x]).T])
def test_nan_and_infinity_are_null(folder, wrap):
    """No reader ever meets a NaN in JSON, be it a float, a numpy scalar or inside an array."""
    with EventWriter(folder.events_file(0, 0)) as writer:
        writer.write("metrics", x=[wrap(float(bad)) for bad in ("nan", "inf", "-inf")])

    (event,) = EventReader(folder).poll()

    assert [x if x is None else x[0] for x in event["x"]] == [None] * 3


def test_what_is_no_data_is_refused_before_anything_is_written(folder):
    """An object that JSON cannot hold raises, and the file keeps only whole events."""
    with EventWriter(folder.events_file(0, 0)) as writer:
        writer.write("note", text="before")
        with pytest.raises(TypeError):
            writer.write("note", text=object())
        writer.write("note", text="after")

    assert [event["text"] for event in EventReader(folder).poll()] == ["before", "after"]


def test_a_file_has_one_writer(folder):
    """A worker that is started twice in one session fails instead of mixing its events into the first one's."""
    with EventWriter(folder.events_file(0, 0)) as writer, pytest.raises(SetupError, match="has a writer already"):
        EventWriter(writer.path)


def test_rare_events_are_on_disk_at_once_and_frequent_ones_soon(folder):
    """`heartbeat` and its like take the buffered metrics with them; metrics alone wait for at most a quarter second."""
    with EventWriter(folder.events_file(0, 0)) as writer:
        reader = EventReader(folder)
        writer.write("stack")
        for _ in range(100):
            writer.write("metrics")
        early = len(reader.poll())
        writer.write("heartbeat")
        later = len(reader.poll())
        writer.write("metrics")
        time.sleep(0.26)
        writer.write("metrics")

        assert (early, later) == (1, 101)
        assert len(reader.poll()) == 2


def test_a_full_disk_is_one_clear_error_and_no_line_is_lost_by_it(folder):
    """Where only half a line fits, the error says so, and the line is finished when there is room again."""
    writer = EventWriter(folder.events_file(0, 0))
    kept = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(SetupError, match="cannot be written: File too large"):
            writer.write("note", text="x" * 5000)
        torn = writer.path.read_bytes()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, kept)
    unread = EventReader(folder).poll()
    writer.close()

    assert (len(torn), unread) == (1000, [])
    assert [event["text"] for event in EventReader(folder).poll()] == ["x" * 5000]


pieces = st.lists(
    st.one_of(
        st.integers(0, 300).map(lambda size: ("event", size)),
        st.sampled_from(HOSTILE).map(lambda garbage: ("garbage", garbage)),
        st.binary(max_size=40).map(lambda garbage: ("garbage", garbage.replace(b"\n", b"").replace(b"{", b""))),
    ),
    max_size=12,
)


@settings(max_examples=150, deadline=None)
@given(
    pieces,
    st.binary(max_size=30).map(lambda tail: tail.replace(b"\n", b"")),
    st.floats(0, 1),
    st.lists(st.tuples(st.integers(1, 400), st.integers(1, 3)), max_size=8),
)
def test_hostile_files_deliver_every_whole_event_once(tmp_path_factory, written, tail, cut, portions):
    """Whatever stands between the events and wherever the file is cut, each whole event comes once and in order."""
    folder = fresh(tmp_path_factory)
    content, ends = b"", []
    for number, (kind, what) in enumerate(written):
        content += line(number, text="é" * what) if kind == "event" else what + b"\n"
        ends += [(len(content), number if kind == "event" else None)]
    content = (content + tail)[: round(cut * (len(content) + len(tail)))]

    reader, seen = EventReader(folder), []
    with folder.events_file(0, 0).open("wb") as file:
        for size, at_most in portions:
            file.write(content[file.tell() :][:size])
            file.flush()
            seen += reader.poll(max_events=at_most)
        file.write(content[file.tell() :])
    seen += read_all(reader, max_events=2)

    whole = [number for end, number in ends if end <= len(content)]
    assert [event["seq"] for event in seen] == [number for number in whole if number is not None]
    assert reader.problems.total() == whole.count(None)


@pytest.mark.parametrize("cut", range(len(line(7)) + 1))
def test_a_torn_last_line_is_not_yet_written(tmp_path_factory, cut):
    """A line cut at any byte is not delivered; once its rest is there it is, whole."""
    folder = fresh(tmp_path_factory)
    path = folder.events_file(0, 0)
    path.write_bytes(line(0) + line(7)[:cut])
    reader = EventReader(folder)
    first = reader.poll()
    path.write_bytes(line(0) + line(7))

    assert [event["seq"] for event in first + reader.poll()] == [0, 7]
    assert reader.problems.total() == 0


@given(st.binary(max_size=200))
@settings(max_examples=100, deadline=None)
def test_a_file_of_any_bytes_raises_nothing(tmp_path_factory, content):
    """Noise is counted, line by line, and never raises."""
    folder = fresh(tmp_path_factory)
    folder.events_file(0, 0).write_bytes(content)
    reader = EventReader(folder)

    assert reader.poll() == []
    assert reader.problems.total() == content.count(b"\n")


def test_sessions_come_in_order_and_files_may_appear_later(folder):
    """All of session 0 precedes session 1; a file that appears between two polls is picked up."""
    folder.events_file(1, 0).write_bytes(line(0) + line(1))
    folder.events_file(0, 1).write_bytes(line(0))
    folder.events_file(0, 0).write_bytes(b"")
    reader = EventReader(folder)
    first = [(event["session"], event["worker"], event["seq"]) for event in reader.poll()]
    folder.events_file(0, 0).write_bytes(line(0))
    folder.events_file(10, 0).write_bytes(line(0))

    assert first == [(0, 1, 0), (1, 0, 0), (1, 0, 1)]
    assert [(event["session"], event["worker"]) for event in reader.poll()] == [(0, 0), (10, 0)]
    assert reader.poll() == []


def test_a_run_without_events_has_none(tmp_path):
    """A missing folder of events is an empty one."""
    assert EventReader(RunFolder(tmp_path / "nowhere")).poll() == []


@pytest.mark.parametrize("how", ["cut", "replaced by a copy", "replaced by a longer copy"])
def test_no_event_comes_twice_when_a_file_is_cut_or_replaced(folder, how):
    """After a restore or a copy only the events that were not yet seen are delivered, and the oddity is counted."""
    path = folder.events_file(0, 0)
    path.write_bytes(b"".join(map(line, range(5))))
    reader = EventReader(folder)
    assert len(reader.poll()) == 5

    if how == "cut":
        path.write_bytes(line(0))
        assert reader.poll() == []
        path.write_bytes(b"".join(map(line, range(7))))
    else:
        other = folder.path / "copy"
        other.write_bytes(b"".join(map(line, range(7))) if "longer" in how else b"".join(map(line, range(5))))
        other.replace(path)
        with path.open("ab") as file:
            file.write(b"" if "longer" in how else line(5) + line(6))

    assert [event["seq"] for event in reader.poll()] == [5, 6]
    assert reader.problems == {path.name: 1}


def test_kinds_of_the_future_are_passed_on_and_versions_refused(folder):
    """An unknown kind is the fold's to ignore; an unknown version ends the reading, after all that came before it."""
    newer = line(2).replace(b'"v": 1', b'"v": 2')
    folder.events_file(0, 0).write_bytes(line(0) + line(1, kind="hologram") + newer + line(3))
    reader = EventReader(folder)

    assert [event["kind"] for event in reader.poll()] == ["metrics", "hologram"]
    for _ in range(2):
        with pytest.raises(DlbenchError, match=r"s000-w0\.jsonl: events of version 2, this dlbench reads version 1"):
            reader.poll()


def test_a_poll_keeps_to_its_limits(folder):
    """`max_events` and `max_seconds` end a poll early, and the next goes on where it ended."""
    folder.events_file(0, 0).write_bytes(b"".join(map(line, range(10))))
    reader = EventReader(folder)
    batches = [[event["seq"] for event in reader.poll(max_events=4)] for _ in range(4)]
    hurried = EventReader(folder).poll(max_seconds=0.0)

    assert batches == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9], []]
    assert len(hurried) == 1


def test_a_huge_line_is_one_event(folder):
    """A line of 20 MB is read like any other, also after it stood torn."""
    path, text = folder.events_file(0, 0), "x" * 20_000_000
    huge = line(0, text=text)
    path.write_bytes(huge[:-5])
    reader = EventReader(folder)
    assert reader.poll() == []
    path.write_bytes(huge + line(1))

    events = reader.poll()

    assert (len(events), events[0]["text"]) == (2, text)


def test_a_file_that_cannot_be_read_hides_no_other(folder):
    """A folder in the place of an event file is passed over."""
    folder.events_file(0, 0).mkdir()
    folder.events_file(0, 1).write_bytes(line(0))

    assert [event["worker"] for event in EventReader(folder).poll()] == [1]


WRITER = """
import sys
from pathlib import Path
from dlbench.run.events import EventWriter
writer = EventWriter(Path(sys.argv[1]))
number = 0
while True:
    writer.write("metrics", number=number, padding=[0.5] * (number % 500))
    if number % 50 == 0:
        writer.flush()
        print(number, flush=True)
    number += 1
"""


@pytest.mark.parametrize("delay", [0.0, 0.01, 0.05])
def test_kill_9_of_the_writer_loses_nothing_that_was_flushed(folder, delay):
    """After kill -9 the file holds every flushed event in order, and reading it raises nothing."""
    path = folder.events_file(0, 0)
    with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        time.sleep(delay)
        os.kill(process.pid, signal.SIGKILL)
        flushed = max([0, *map(int, process.stdout.read().split())])
    events = EventReader(folder).poll()

    assert len(events) > flushed
    assert [event["number"] for event in events] == list(range(len(events)))


def test_fifty_megabytes_are_read_in_a_second(folder):
    """The reader keeps pace with the largest logs, in processor time, however busy the machine is."""
    values = np.random.default_rng(0).normal(size=(30, 10)).astype(np.float32)
    with EventWriter(folder.events_file(0, 0)) as writer:
        for step in range(400):
            writer.write("probe", stack=0, step=step, **{f"statistic{i}": values for i in range(7)})
    megabytes = writer.path.stat().st_size / 1e6
    reader, count, began = EventReader(folder), 0, time.process_time()
    while events := reader.poll(max_events=50):
        count += len(events)

    assert count == 400
    assert megabytes / (time.process_time() - began) > 50


def test_an_idle_poll_reads_nothing(folder, monkeypatch):
    """While nothing changes, a poll looks at names and sizes and opens no file."""
    folder.events_file(0, 0).write_bytes(line(0) + b"torn")
    reader = EventReader(folder)
    reader.poll()
    monkeypatch.setattr("pathlib.Path.open", lambda *_: pytest.fail("opened a file"))

    assert reader.poll() == []
