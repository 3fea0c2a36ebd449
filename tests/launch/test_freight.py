"""What a worker leaves elsewhere arrives in the run's folder as if it had been written there."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from dlbench.errors import UnwritableError
from dlbench.launch.freight import Parcel, Receiver, Sender
from dlbench.run.atomic import replacing, write_json_atomic
from dlbench.run.environment import complete
from dlbench.run.event_line import EVENT_VERSION, encode_event
from dlbench.run.events import EventReader, EventWriter
from dlbench.run.folder import create, previous, read_json


@pytest.fixture
def node(tmp_path):
    """A worker's folder on a node, and its sender."""
    folder = create(tmp_path / "node", "elsewhere", datetime(2026, 11, 23, tzinfo=UTC))
    return folder, Sender(folder, 0, 1, [2])


@pytest.fixture
def home(tmp_path):
    """The run's own folder, and the receiver of that worker."""
    folder = create(tmp_path / "home", "xor", datetime(2026, 11, 23, tzinfo=UTC))
    write_json_atomic(folder.env_file, {"host": "home"})
    return folder, Receiver(folder, 0, 1, [2])


def save(folder, content):
    """A checkpoint of stack 2."""
    path = folder.checkpoint_file(2)
    with replacing(path, keeping=previous(path)) as file:
        file.write(content)


def test_everything_that_a_worker_leaves_arrives_once(node, home):
    """Lines, their arrays, the console, pictures, checkpoints with the one before, what it says of its surroundings."""
    (there, sender), (here, receiver) = node, home
    write_json_atomic(there.env_file, {"host": "node"})
    complete(there, 0, 1, {"threads": 1})
    with EventWriter(there.events_file(0, 1)) as events:
        for part in range(3):
            events.write("probe", stack=2, step=part, norm=np.arange(100.0) + part)
            events.flush()
            save(there, b"checkpoint %d" % part)
            there.pictures(2).mkdir(parents=True, exist_ok=True)
            (there.pictures(2) / f"{part}.npz").write_bytes(b"picture %d" % part)
            with there.console_file(1).open("ab") as console:
                console.write(b"said %d\n" % part)
            receiver.take(sender.take(None))
    empty = sender.take(None)

    told = EventReader(here).poll()
    assert [event["norm"][0] for event in told] == [0.0, 1.0, 2.0]
    assert [(event["session"], event["worker"]) for event in told] == [(0, 1)] * 3
    assert here.checkpoint_file(2).read_bytes() == b"checkpoint 2"
    assert previous(here.checkpoint_file(2)).read_bytes() == b"checkpoint 1"
    assert (here.pictures(2) / "0.npz").read_bytes() == b"picture 0"
    assert here.console_file(1).read_bytes() == b"said 0\nsaid 1\nsaid 2\n"
    assert read_json(here.env_file) == {"host": "home", "workers": {"s000-w1": {"threads": 1}}}
    assert empty == Parcel()


def test_a_line_that_is_being_written_waits_for_its_end(node, home):
    """Half a line is none, and comes whole with the next parcel."""
    (there, sender), (here, receiver) = node, home
    with EventWriter(there.events_file(0, 1)) as events:
        events.write("note", stack=None, text="whole")
    whole = there.events_file(0, 1).read_bytes()
    there.events_file(0, 1).write_bytes(whole[:20])
    first = sender.take(None)
    there.events_file(0, 1).write_bytes(whole)
    receiver.take(first)
    receiver.take(sender.take(0))

    assert first == Parcel()
    assert here.events_file(0, 1).read_bytes() == whole


def test_what_was_brought_is_not_sent_back(node):
    """The checkpoint that a worker begins with is its starter's own."""
    there, sender = node
    save(there, b"brought")
    sender.hold(there.checkpoint_file(2))
    before = sender.take(None).checkpoints
    save(there, b"its own")

    assert before == {}
    assert sender.take(None).checkpoints == {"checkpoints/stack-2.pt": b"its own"}


def test_checkpoints_of_stacks_that_somebody_else_has_are_not_taken(home):
    """A worker that was given up cannot overwrite what its successor saved."""
    here, receiver = home
    receiver.take(Parcel(checkpoints={"checkpoints/stack-0.pt": b"stale"}))

    assert not here.checkpoint_file(0).exists()
    assert not receiver.has_progressed


def test_the_end_that_a_worker_could_not_tell_follows_what_it_told(node, home):
    """Its number is the next, and a stack that is done leaves no older checkpoint."""
    (there, sender), (here, receiver) = node, home
    save(there, b"first")
    receiver.take(sender.take(None))
    save(there, b"last")
    with EventWriter(there.events_file(0, 1)) as events:
        events.write("heartbeat", stack=2, step=1)
        events.write("end", stack=2, status="done", error=None)
    receiver.take(sender.take(None))
    receiver.tell("end", 1.0, stack=None, status="stopped", error=None)
    reader = EventReader(here)

    assert [(event["seq"], event["kind"]) for event in reader.poll()] == [(0, "heartbeat"), (1, "end"), (2, "end")]
    assert not reader.problems
    assert (receiver.done, receiver.has_ended) == ({2}, True)
    assert here.checkpoint_file(2).read_bytes() == b"last"
    assert not previous(here.checkpoint_file(2)).exists()


def test_a_folder_that_has_gone_is_not_made_again(home):
    """Whoever deleted a run does not find it begun again."""
    here, receiver = home
    here.path.rename(here.path.with_name("moved"))
    with pytest.raises(UnwritableError, match="its folder was deleted or moved"):
        receiver.take(Parcel(files={"pictures/stack-2/0.npz": b"picture"}))

    assert not here.path.exists()


def test_what_is_told_before_a_worker_speaks_comes_first(home):
    """Its own events are numbered on from there, and none is missing or counted twice."""
    here, receiver = home
    receiver.tell("note", 1.0, stack=None, text="no room yet")
    lines = [
        encode_event({"v": EVENT_VERSION, "seq": seq, "time": 2.0, "kind": "metrics", "loss": 0.1 + seq})
        for seq in (0, 1)
    ]
    receiver.take(Parcel(b"".join(lines)))
    receiver.tell("end", 3.0, stack=None, status="stopped")
    reader = EventReader(here)
    told = reader.poll()

    assert [(one["kind"], one["seq"], one.get("loss")) for one in told] == [
        ("note", 0, None),
        ("metrics", 1, 0.1),
        ("metrics", 2, 1.1),
        ("end", 3, None),
    ]
    assert not reader.problems
