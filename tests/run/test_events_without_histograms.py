"""Reading a log without the half of it that a table does not need."""

import gc
from datetime import UTC, datetime

import numpy as np
import orjson
import pytest

from dlbench.measures.names import HISTOGRAM, ZEROS
from dlbench.run.events import EventReader, EventWriter
from dlbench.run.folder import create


@pytest.fixture
def folder(tmp_path):
    """An empty run."""
    return create(tmp_path, "r", datetime(2026, 11, 23, tzinfo=UTC))


def read(folder, **options):
    """All events of a folder."""
    return EventReader(folder, **options).poll()


def test_all_but_the_histograms_is_read(folder):
    """Every event and every other field is the same; the histograms are not there."""
    counts = np.arange(2 * 3 * 4, dtype=np.int32).reshape(2, 3, 4)
    with EventWriter(folder.events_file(0, 0)) as writer:
        writer.write("note", stack=None, text=f'he said ,"{HISTOGRAM}":[[[ and ]]]')
        writer.write(
            "probe", stack=0, step=1, weight_norm=[[1.0]], **{HISTOGRAM: counts, ZEROS: counts[:, :, 0]}, cost=0.1
        )
        writer.write("probe", stack=0, step=2, weight_norm=[[1.0]], cost=0.1, **{HISTOGRAM: counts})
    whole, cut = read(folder), read(folder, histograms=False)
    assert [HISTOGRAM in event for event in whole] == [False, True, True]
    assert cut == [{key: value for key, value in event.items() if key != HISTOGRAM} for event in whole]


@pytest.mark.parametrize("value", [None, [], [[]], [[[]]], [[[1]], 7], [[[[1]]]], "]]]", {"a": [[[1]]]}])
def test_odd_histograms_damage_nothing(folder, value):
    """Whatever stands in the place of a histogram, the event's other fields are read."""
    line = {"v": 1, "seq": 0, "time": 0.0, "kind": "probe", "step": 1, HISTOGRAM: value, "cost": 0.5}
    folder.events_file(0, 0).write_bytes(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
    (event,) = read(folder, histograms=False)
    assert (event["kind"], event["step"], event["cost"]) == ("probe", 1, 0.5)


@pytest.mark.parametrize("is_on", [True, False])
def test_the_collector_is_left_as_it_was(folder, is_on):
    """A poll leaves the search for garbage on where it was on, and off where it was off."""
    folder.events_file(0, 0).write_bytes(b'{"v":1,"seq":0,"time":0.0,"kind":"note"}\n')
    try:
        (gc.enable if is_on else gc.disable)()
        read(folder)
        assert gc.isenabled() is is_on
    finally:
        gc.enable()
