from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from dlbench.errors import SetupError
from dlbench.run.events import EventReader, EventWriter


def test_what_is_written_is_read(folder):
    """Every event comes back with its fields, `v`, `seq`, `time` and `kind`, and with the file's session and worker."""
    before = time.time()
    with EventWriter(folder.events_file(2, 1)) as writer:
        writer.write("stack", stack=0, layers=[{"name": "dense1", "weight": [2, 5]}])
        writer.write("note", stack=None, text="가 ✓ \n \u2028")

    first, second = EventReader(folder).poll()

    assert before <= first.pop("time") <= second.pop("time") <= time.time()
    common = {"v": 2, "session": 2, "worker": 1}
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


def test_rare_events_are_on_disk_at_once_and_frequent_ones_soon(folder, monkeypatch):
    """`heartbeat` and its like take the buffered metrics with them; metrics alone wait for at most a quarter second."""
    clock = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    with EventWriter(folder.events_file(0, 0)) as writer:
        reader = EventReader(folder)
        writer.write("stack")
        for _ in range(100):
            writer.write("metrics")
        early = len(reader.poll())
        writer.write("heartbeat")
        later = len(reader.poll())
        writer.write("metrics")
        clock[0] += 0.26
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
