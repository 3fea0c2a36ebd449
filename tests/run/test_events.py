from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlbench.errors import DlbenchError
from dlbench.run.event_line import encode_event
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
    """One event as any writer of version 1 might have written it."""
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


pieces = st.lists(
    st.one_of(
        st.integers(0, 300).map(lambda size: ("event", size)),
        st.sampled_from(HOSTILE).map(lambda garbage: ("garbage", garbage)),
        st.binary(max_size=40).map(lambda garbage: ("garbage", garbage.replace(b"\n", b"").replace(b"{", b""))),
    ),
    max_size=12,
)


@settings(max_examples=60)
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


@pytest.mark.parametrize("cut", range(len(line(1)) + 1))
def test_a_torn_last_line_is_not_yet_written(tmp_path_factory, cut):
    """A line cut at any byte is not delivered; once its rest is there it is, whole."""
    folder = fresh(tmp_path_factory)
    path = folder.events_file(0, 0)
    path.write_bytes(line(0) + line(1)[:cut])
    reader = EventReader(folder)
    first = reader.poll()
    path.write_bytes(line(0) + line(1))

    assert [event["seq"] for event in first + reader.poll()] == [0, 1]
    assert reader.problems.total() == 0


@given(st.binary(max_size=200))
@settings(max_examples=60)
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
    """An unknown kind is the fold's to ignore; a file of an unknown version ends the reading, after all that came before it."""
    newer = [line(number).replace(b'"v": 1', b'"v": 3') for number in range(2)]
    folder.events_file(0, 0).write_bytes(line(0) + line(1, kind="hologram"))
    folder.events_file(1, 0).write_bytes(b"".join(newer))
    reader = EventReader(folder)

    assert [event["kind"] for event in reader.poll()] == ["metrics", "hologram"]
    for _ in range(2):
        with pytest.raises(
            DlbenchError, match=r"s001-w0\.jsonl: events of version 3, this dlbench reads versions up to 2"
        ):
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


def test_an_idle_poll_reads_nothing(folder, monkeypatch):
    """While nothing changes, a poll looks at names and sizes and opens no file."""
    folder.events_file(0, 0).write_bytes(line(0) + b"torn")
    reader = EventReader(folder)
    reader.poll()
    monkeypatch.setattr("pathlib.Path.open", lambda *_: pytest.fail("opened a file"))

    assert reader.poll() == []


@pytest.mark.parametrize("version", [b"0", b"2", b"-1", b"null", b'"1"'])
def test_a_wrong_version_amid_a_file_is_damage(folder, version):
    """A file has one writer: a line of another version among its events is counted, and the others are read."""
    folder.events_file(0, 0).write_bytes(line(0) + line(1).replace(b'"v": 1', b'"v": ' + version) + line(2))
    reader = EventReader(folder)

    assert [event["seq"] for event in reader.poll()] == [0, 2]
    assert reader.problems == {"s000-w0.jsonl": 1}


@pytest.mark.parametrize("version", [1, 2])
def test_a_line_of_another_readable_version_amid_a_file_is_damage(folder, version):
    """A file that began in one version goes on in it: a whole line of the other one is counted."""
    whole = [encode_event({"v": 3 - version if seq == 1 else version, "seq": seq, "kind": "note"}) for seq in range(3)]
    folder.events_file(0, 0).write_bytes(b"".join(whole))
    reader = EventReader(folder)

    assert [(event["v"], event["seq"]) for event in reader.poll()] == [(version, 0), (version, 2)]
    assert reader.problems == {"s000-w0.jsonl": 1}


def test_old_files_and_new_ones_are_read_in_one_run(folder):
    """A run of version 1 that is resumed today has files of both versions, and all their events are delivered."""
    folder.events_file(0, 0).write_bytes(line(0) + line(1))
    with EventWriter(folder.events_file(1, 0)) as writer:
        writer.write("metrics", step=2)

    assert [(event["session"], event["v"]) for event in EventReader(folder).poll()] == [(0, 1), (0, 1), (1, 2)]


def test_lines_that_are_gone_are_counted(folder):
    """Three lines cut out, one of them beside a destroyed one, are missing by their `seq`, and counted once each."""
    lines = [line(number) for number in range(12)]
    lines[7] = b"destroyed\n"
    del lines[8], lines[2:4]
    folder.events_file(0, 0).write_bytes(b"".join(lines))
    reader = EventReader(folder)

    assert [event["seq"] for event in reader.poll(max_events=3)] == [0, 1, 4]
    assert [event["seq"] for event in read_all(reader)] == [5, 6, 9, 10, 11]
    assert reader.problems == {"s000-w0.jsonl": 4}


def test_every_flipped_bit_is_counted_or_changes_nothing(folder):
    """Whichever bit of a written file flips, the events are those that were written, or the loss is counted; none is bent."""
    path = folder.events_file(0, 0)
    with EventWriter(path) as writer:
        for step in range(3):
            writer.write("metrics", stack=0, step=step, test_loss=[0.123, None], gradient_histogram=[[[step, 2]]])
    content = path.read_bytes()
    whole = EventReader(folder).poll()
    assert len(whole) == 3
    for place, bit in itertools.product(range(len(content)), range(8)):
        changed = bytearray(content)
        changed[place] ^= 1 << bit
        path.write_bytes(changed)
        reader = EventReader(folder)
        found = reader.poll()
        torn = not changed.endswith(b"\n")

        assert all(event in whole for event in found)
        assert len(found) == 3 or reader.problems.total() or torn
