"""Arrays of events that stand in a file of their own: written, read, torn, damaged."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from dlbench.errors import SetupError, UnwritableError
from dlbench.measures.names import HISTOGRAM
from dlbench.run.event_arrays import MOST_IN_LINE, arrays_beside
from dlbench.run.event_line import encode_event
from dlbench.run.events import EventReader, EventWriter
from dlbench.run.folder import RunFolder

NORMS = np.linspace(0, 1, 2 * MOST_IN_LINE, dtype=np.float32).reshape(2, MOST_IN_LINE)
COUNTS = np.arange(3 * MOST_IN_LINE, dtype=np.int32).reshape(3, MOST_IN_LINE)


def write_probes(folder, count=3):
    """So many probes with two large arrays each; returns the file of the arrays."""
    path = folder.events_file(0, 0)
    with EventWriter(path) as writer:
        for step in range(count):
            writer.write("probe", step=step, gradient_norm=NORMS + step, **{HISTOGRAM: COUNTS + step})
    return arrays_beside(path)


def is_as_written(event):
    """Whether a probe has both of its arrays."""
    step = event["step"]
    return np.array_equal(event["gradient_norm"], NORMS + step) and np.array_equal(event[HISTOGRAM], COUNTS + step)


kinds = st.one_of(
    arrays_of.boolean_dtypes(),
    arrays_of.integer_dtypes(endianness="="),
    arrays_of.unsigned_integer_dtypes(endianness="="),
    arrays_of.floating_dtypes(endianness="=", sizes=(16, 32, 64)),
)


@settings(max_examples=30)
@given(arrays_of.arrays(kinds, arrays_of.array_shapes(min_dims=2, max_dims=3, min_side=9, max_side=12)), st.booleans())
def test_arrays_are_read_as_they_were_written(tmp_path_factory, array, transposed):
    """Arrays of every type, shape and layout come back with every value, NaN and infinity with them."""
    folder = RunFolder(tmp_path_factory.mktemp("run"))
    folder.events.mkdir()
    written = array.T if transposed else array
    with EventWriter(folder.events_file(0, 0)) as writer:
        writer.write("probe", values=written)

    (event,) = EventReader(folder).poll()

    np.testing.assert_array_equal(np.array(event["values"], written.dtype), written)


def test_small_arrays_stay_in_the_line_and_large_ones_leave_it(folder):
    """Up to so many numbers a person finds in the line; lines of ten thousand trials are no longer for it."""
    path = folder.events_file(0, 0)
    with EventWriter(path) as writer:
        writer.write("metrics", small=np.zeros(MOST_IN_LINE, np.float32))
        assert not arrays_beside(path).exists()
        writer.write("metrics", **{name: np.zeros(10_000, np.float32) for name in ("train_loss", "test_loss")})

    small, large = path.read_bytes().splitlines()
    assert orjson.loads(small)["small"] == [0.0] * MOST_IN_LINE
    assert len(large) < 300
    assert arrays_beside(path).stat().st_size == 2 * 40_000


def test_the_line_says_where_its_arrays_are(folder):
    """numpy alone finds them by what the line says: where, of which type, in which shape."""
    beside = write_probes(folder)
    event = orjson.loads(folder.events_file(0, 0).read_bytes().splitlines()[1])
    for name, written in (("gradient_norm", NORMS + 1), (HISTOGRAM, COUNTS + 1)):
        place = event["arrays"][name]
        found = np.fromfile(beside, place["type"], int(np.prod(place["shape"])), offset=place["at"])
        np.testing.assert_array_equal(found.reshape(place["shape"]), written)


def test_counts_are_as_small_as_they_can_be(folder):
    """A count below 256 takes one byte, one below 65,536 two."""
    path = folder.events_file(0, 0)
    with EventWriter(path) as writer:
        writer.write("probe", few=np.full(100, 255), many=np.full(100, 256), signed=np.full(100, -1, np.int16))

    assert arrays_beside(path).stat().st_size == 100 + 200 + 200


def test_a_line_is_written_after_its_arrays(folder, monkeypatch):
    """At each flush the arrays go to the system before the lines, and with `sync` to the disk, as no line may name what is not there."""
    calls = []

    def noting(what, original):
        def call(file, *rest):
            calls.append((what, Path(f"/proc/self/fd/{file}").readlink().suffix))
            return original(file, *rest)

        return call

    monkeypatch.setattr(os, "write", noting("write", os.write))
    monkeypatch.setattr(os, "fsync", noting("sync", os.fsync))
    with EventWriter(folder.events_file(0, 0)) as writer:
        writer.write("probe", norms=NORMS)
        writer.write("probe", norms=NORMS)
        writer.flush(sync=True)
        assert calls[-4:] == [("write", ".arrays"), ("sync", ".arrays"), ("write", ".jsonl"), ("sync", ".jsonl")]
    assert [name for what, name in calls if what == "write"] == [".arrays", ".jsonl"] * 2


WRITER = """
import sys
from pathlib import Path
import numpy as np
from dlbench.run.events import EventWriter
writer = EventWriter(Path(sys.argv[1]))
number = 0
while True:
    writer.write("probe", number=number, values=np.full(65 + number % 500, number))
    if number % 50 == 0:
        writer.flush()
        print(number, flush=True)
    number += 1
"""


@pytest.mark.parametrize("delay", [0.0, 0.03])
def test_kill_9_of_the_writer_leaves_no_line_without_its_arrays(folder, delay):
    """Every event that is there after kill -9, and while the writer goes on, has its arrays whole."""
    reader, events = EventReader(folder), []
    command = [sys.executable, "-c", WRITER, str(folder.events_file(0, 0))]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        deadline = time.monotonic() + delay
        while not events or time.monotonic() < deadline:
            events += reader.poll(max_events=100)
        os.kill(process.pid, signal.SIGKILL)
        flushed = max([0, *map(int, process.stdout.read().split())])
    while new := reader.poll():
        events += new

    assert len(events) > flushed
    assert all(np.array_equal(event["values"], np.full(65 + n % 500, n)) for n, event in enumerate(events))
    assert reader.problems.total() == 0


def test_a_full_disk_tears_no_event_from_its_arrays(folder):
    """Where the arrays find no room no line names them, the error names their file, and with room again both are finished."""
    writer = EventWriter(folder.events_file(0, 0))
    kept, limits = signal.signal(signal.SIGXFSZ, signal.SIG_IGN), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        with pytest.raises(UnwritableError, match=r"s000-w0\.arrays: cannot be written: File too large"):
            writer.write("probe", step=0, gradient_norm=NORMS, **{HISTOGRAM: COUNTS})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, kept)
    reader = EventReader(folder)
    assert (reader.poll(), writer.path.stat().st_size) == ([], 0)
    writer.close()

    (event,) = reader.poll()
    assert is_as_written(event)
    assert reader.problems.total() == 0


def test_arrays_that_were_deleted_under_their_writer_are_an_error(folder):
    """The system would go on writing into a file that nobody sees; the writer says that it is gone."""
    writer = EventWriter(folder.events_file(0, 0))
    writer.write("probe", norms=NORMS)
    arrays_beside(writer.path).unlink()
    with pytest.raises(UnwritableError, match=r"s000-w0\.arrays: cannot be written"):
        writer.write("note", norms=NORMS)


def test_arrays_of_another_writer_are_not_written_over(folder):
    """A file of arrays whose lines are gone is nobody's to append to."""
    arrays_beside(folder.events_file(0, 0)).write_bytes(b"someone's")
    with EventWriter(folder.events_file(0, 0)) as writer, pytest.raises(SetupError, match="has a writer already"):
        writer.write("probe", norms=NORMS)


def damaged(folder):
    """What a reader of everything finds: events, and how many arrays it misses."""
    reader = EventReader(folder)
    events = reader.poll()
    assert set(reader.problems) <= {"s000-w0.arrays"}
    return events, reader.problems.total()


@pytest.mark.parametrize("place", range(0, 3 * (NORMS.nbytes + COUNTS.size), 97))
def test_a_flipped_bit_takes_one_array_and_is_counted(folder, place):
    """The array is not there, all others and all events are as they were written."""
    beside = write_probes(folder)
    content = bytearray(beside.read_bytes())
    content[place] ^= 1 << place % 8
    beside.write_bytes(content)
    events, lost = damaged(folder)

    assert [event["step"] for event in events] == [0, 1, 2]
    assert lost == 1
    assert sum(len({"gradient_norm", HISTOGRAM} & set(event)) for event in events) == 5
    assert sum(map(is_as_written, (event for event in events if {"gradient_norm", HISTOGRAM} <= set(event)))) == 2


@pytest.mark.parametrize(
    ("left", "lost"), [(0, 6), (1, 6), (NORMS.nbytes, 5), (NORMS.nbytes + COUNTS.size, 4), (-1, 1)]
)
def test_arrays_beyond_a_cut_are_lost(folder, left, lost):
    """Each array that the file has no longer whole is counted; what is left of it is as it was written."""
    beside = write_probes(folder)
    beside.write_bytes(beside.read_bytes()[:left])
    events, found = damaged(folder)

    assert (len(events), found) == (3, lost)
    assert sum(map(len, events)) == 3 * len(COMMON) + 6 - lost


COMMON = ("v", "seq", "time", "kind", "step", "session", "worker")


@pytest.mark.parametrize("there", ["nothing", "a folder", "a pipe"])
def test_a_file_of_arrays_that_is_none_is_counted_and_waited_for_by_nobody(folder, there):
    """Without the file all arrays are lost, and the events are read; a pipe in its place blocks no one."""
    beside = write_probes(folder)
    beside.unlink()
    if there == "a folder":
        beside.mkdir()
    elif there == "a pipe":
        os.mkfifo(beside)
    events, lost = damaged(folder)

    assert [set(event) for event in events] == [set(COMMON)] * 3
    assert lost == 6


PLACE = {"at": 0, "type": "<f4", "shape": [2, 2], "crc": 0}


@pytest.mark.parametrize(
    "place",
    [
        None, 3, [], {}, PLACE, PLACE | {"at": -1}, PLACE | {"at": 2**63}, PLACE | {"at": "0"}, PLACE | {"type": "|O"},
        PLACE | {"type": "no type"}, PLACE | {"type": None}, PLACE | {"shape": [2**60, 2**60]}, PLACE | {"shape": [2**33]},
        PLACE | {"shape": [-1, 2]}, PLACE | {"shape": 4}, PLACE | {"shape": ["a"]}, PLACE | {"shape": [0.5]},
    ],
)  # fmt: skip
def test_a_place_that_is_none_is_a_lost_array(folder, place):
    """Whatever a line says of its arrays, it raises nothing, takes no memory, and the event is read without them."""
    path = folder.events_file(0, 0)
    path.write_bytes(encode_event({"v": 2, "seq": 0, "kind": "probe", "step": 1, "arrays": {"norms": place}}))
    arrays_beside(path).write_bytes(bytes(1000))
    events, lost = damaged(folder)

    assert [(event["step"], "norms" in event) for event in events] == [(1, False)]
    assert lost == 1


def test_histograms_that_are_left_out_are_not_read(folder):
    """Who wants no histograms has every other array, and does not even see that they are destroyed."""
    beside = write_probes(folder, count=1)
    beside.write_bytes(beside.read_bytes()[: NORMS.nbytes] + bytes(COUNTS.size))
    reader = EventReader(folder, histograms=False)
    (event,) = reader.poll()

    np.testing.assert_array_equal(event["gradient_norm"], NORMS)
    assert HISTOGRAM not in event
    assert reader.problems.total() == 0
    assert damaged(folder)[1] == 1
