"""The driver of workers on Ray, with a Ray that does as the test says."""

from __future__ import annotations

import os
import time
from dataclasses import replace

import orjson
import pytest

from dlbench.errors import ExitCode
from dlbench.launch.freight import Parcel
from dlbench.launch.on_ray.agent import Begun, LostError
from dlbench.launch.on_ray.driver import MOST_LOSSES, Driver, gravest
from dlbench.launch.on_ray.launcher import OnRay, driver_of, token_of_worker
from dlbench.launch.on_ray.order import Order, WorkerShare, decoded
from dlbench.launch.on_ray.packing import GIB, Needs
from dlbench.launch.on_ray.room import NodeRoom
from dlbench.launch.status import status
from dlbench.plan import Candidate, Trial
from dlbench.run import workers
from dlbench.run.control import ask
from dlbench.run.event_line import EVENT_VERSION, encode_event
from dlbench.run.events import EventReader
from dlbench.run.processes import token_of
from dlbench.run.workers import Launched


def event(seq, kind, **fields):
    """A line of a worker's."""
    return encode_event({"v": EVENT_VERSION, "seq": seq, "time": time.time(), "kind": kind, **fields})


def ended(seq, stacks, status="done"):
    """The last lines of a worker."""
    ends = [
        event(seq + place, "end", stack=stack, status=status, error=None) for place, stack in enumerate([*stacks, None])
    ]
    return b"".join(ends)


def at(node):
    """That an agent has begun on this node."""
    return Begun(node, node.removeprefix("node-"))


class FakeRay:
    """One node. Answers each agent from its own list, a name as where it has begun; one whose list is empty waits for ever."""

    def __init__(self, *answers):
        self.cores, self.free = 1, 0
        self.answers = [list(one) for one in answers]
        self.briefs, self.wanted, self.asked, self.killed, self.told = [], [], [], [], []

    def begin(self, brief, datasets, needs, node=None):
        self.wanted.append(node)
        self.briefs.append(brief)
        agent = len(self.briefs) - 1
        return agent, (agent, "begin")

    def take(self, agent, controls):
        self.asked.append((agent, controls))
        return agent, len(self.asked)

    def ready(self, answers, seconds):
        return {one for one in answers if self.answers[one[0]]}

    def answer(self, reference):
        found = self.answers[reference[0]].pop(0)
        if isinstance(found, Exception):
            raise found
        return at(found) if isinstance(found, str) else found() if callable(found) else found

    def stop(self, agent):
        self.told.append(agent)

    def nodes(self):
        return [NodeRoom("a", "node-a", Needs(self.cores, 0.0, 2 * GIB), Needs(self.free, 0.0, 2 * GIB))]

    def end(self, agent):
        self.killed.append(agent)

    kill = end


@pytest.fixture
def driven(run, monkeypatch):
    """Runs a session of the run of three stacks with such a Ray; gives the driver, its code, and all events."""
    monkeypatch.setattr("dlbench.launch.on_ray.driver.EVERY_SECONDS", 0.0)
    monkeypatch.setattr("dlbench.launch.on_ray.driver.POLL_SECONDS", 0.0)
    monkeypatch.setattr("dlbench.launch.on_ray.driver.datasets_of", lambda plan, stacks: {})

    def drive(cluster, shares, now=time.monotonic):
        driver = cluster.driver = Driver(Order(str(run.path), None, 0, shares), cluster, now=now)
        for share in shares:
            token = token_of_worker(driver._process, 0, share.worker)
            workers.record(run, Launched(0, share.worker, token, share.stacks, 0))
        return driver.run(), EventReader(run).poll()

    return drive


def test_workers_run_to_their_ends(run, driven):
    """Each has its own files, and is ended once it has told its end."""
    cluster = FakeRay(
        ["node-a", Parcel(event(0, "heartbeat", stack=0, step=1)), Parcel(ended(1, [0, 2]), exit_code=0)],
        ["node-b", Parcel(ended(0, [1]), exit_code=0)],
    )
    code, told = driven(cluster, [WorkerShare(0, [0, 2], 1), WorkerShare(1, [1], 1)])

    assert code is ExitCode.DONE
    assert status(run).state == "done"
    assert {(one["session"], one["worker"]) for one in told} == {(0, 0), (0, 1)}
    assert sorted(cluster.killed) == [0, 1]


def test_a_lost_worker_is_followed_by_one_with_its_checkpoint(run, driven):
    """In a session of its own, with the stacks that were not done; what came before stays, and the reason is told."""
    first = [
        "node-a",
        Parcel(event(0, "end", stack=0, status="done", error=None)),
        Parcel(event(1, "heartbeat", stack=2, step=7), checkpoints={"checkpoints/stack-2.pt": b"step 7"}),
        LostError("the node died"),
    ]
    cluster = FakeRay(first, ["node-b", Parcel(ended(0, [2]), exit_code=0)])
    code, told = driven(cluster, [WorkerShare(0, [0, 2], 1)])
    now = status(run)

    assert code is ExitCode.DONE
    assert [(one.session, one.worker, one.stacks, one.state) for one in now.workers] == [
        (0, 0, [0, 2], "stopped"),
        (1, 0, [2], "done"),
    ]
    assert cluster.briefs[1].files["checkpoints/stack-2.pt"] == b"step 7"
    assert "worker 0 on node-a was lost (the node died)" in next(one["text"] for one in told if one["kind"] == "note")
    assert now.unfinished == [1]


def test_a_worker_whose_process_was_killed_is_lost_too(run, driven):
    """Its agent is there, but it has told no end."""
    cluster = FakeRay(["node-a", Parcel(exit_code=-9)], ["node-a", Parcel(ended(0, [1]), exit_code=0)])
    code, _ = driven(cluster, [WorkerShare(1, [1], 1)])

    assert code is ExitCode.DONE
    assert [one.session for one in workers.read(run)] == [0, 1]


def test_what_leads_nowhere_is_given_up(run, driven):
    """After some losses without a checkpoint the worker has failed, with the reason."""
    cluster = FakeRay(*[["node-a", LostError("no space left on device")]] * MOST_LOSSES)
    code, _ = driven(cluster, [WorkerShare(1, [1], 1)])
    now = status(run)

    assert code is ExitCode.TRIAL_FAILED
    assert len(cluster.briefs) == MOST_LOSSES
    assert "no space left on device" in now.latest[-1].error
    assert now.state == "failed"


def test_a_worker_that_says_why_it_cannot_work_is_not_begun_again(run, driven):
    """Its exit code is the driver's, its last words are the error."""
    said = Parcel(console=b"some\nerror: parts are missing\n", exit_code=2)
    code, _ = driven(FakeRay(["node-a", said]), [WorkerShare(0, [0], 1)])

    assert code is ExitCode.USAGE
    assert status(run).latest[0].error == "parts are missing"


def test_whoever_waits_for_room_is_stopped_with_the_others(run, driven):
    """A stop that is asked for reaches workers as a line, and ends those that have not begun."""

    def asked():
        ask(run, "stop")
        return Parcel()

    cluster = FakeRay(["node-a", asked, Parcel(ended(0, [0], "stopped"), exit_code=0)], [])
    driven(cluster, [WorkerShare(0, [0], 1), WorkerShare(1, [1], 1)])

    assert [one.state for one in status(run).workers] == ["stopped", "stopped"]
    assert any(b'"stop"' in controls for agent, controls in cluster.asked if agent == 0)


def test_a_signal_stops_every_worker(run, driven):
    """Those that are at work are told by their agents, and one that dies meanwhile is not begun again."""

    def signalled():
        cluster.driver.is_told_to_stop = True
        return Parcel()

    cluster = FakeRay(["node-a", signalled, LostError("gone")], [])
    driven(cluster, [WorkerShare(0, [0], 1), WorkerShare(1, [1], 1)])

    assert (status(run).state, cluster.told, len(cluster.briefs)) == ("stopped", [0], 2)


def controls_of(brief):
    """What a worker is told of controls as it begins: those of its own session, each action with its fields."""
    lines = [orjson.loads(line) for line in brief.files["control.jsonl"].splitlines()]
    return [line for line in lines if line["session"] == brief.session]


def test_what_holds_reaches_whoever_follows_a_lost_worker(run, driven):
    """A pause, a breakpoint, the end of a stack; not what was undone, nor what the checkpoint has."""
    asked, plan = {}, run.read_plan()
    run.write_plan(
        replace(
            plan,
            candidates=[Candidate("plain", {}, {})],
            trials=[Trial(f"{place}", "plain", {}, place, 0) for place in range(3)],
            stacks=[replace(one, trials=[place]) for place, one in enumerate(plan.stacks)],
        )
    )

    def ask_all():
        for name, action, fields in (
            ("undone", "pause", {}),
            ("undoing", "resume", {}),
            ("break", "breakpoint", {"when": "update_ratio > 0.1", "on": True}),
            ("stack", "stop", {"stack": 2}),
            ("saved", "set_lr", {"trials": [0], "lr": 0.5}),
            ("pause", "pause", {}),
            ("open", "set_lr", {"trials": [0, 1], "lr": 0.1}),
        ):
            asked[name] = ask(run, action, **fields)
        return Parcel(event(0, "control", id=asked["saved"], action="set_lr", stack=0, step=3, error=None))

    saved = Parcel(event(1, "heartbeat", stack=0, step=3), checkpoints={"checkpoints/stack-0.pt": b"step 3"})
    cluster = FakeRay(["node-a", ask_all, saved, LostError("gone")], ["node-a", Parcel(ended(0, [0, 2]), exit_code=0)])
    driven(cluster, [WorkerShare(0, [0, 2], 1)])
    first, second = cluster.briefs
    told = controls_of(second)

    assert controls_of(first) == []
    assert [one["id"] for one in told] == [asked[name] for name in ("pause", "break", "stack", "open")]
    assert [one["session"] for one in told] == [1] * 4
    assert told[-1]["trials"] == [0]


def test_whoever_follows_one_that_waited_at_a_breakpoint_waits_too(run, driven):
    """Nobody has asked for that pause, and it holds until somebody lets the run go on."""

    def let_go():
        ask(run, "resume")
        raise LostError("gone again")

    waiting = Parcel(event(0, "heartbeat", stack=0, step=3, paused=True))
    cluster = FakeRay(
        *[["node-a", waiting, LostError("gone")]],
        ["node-a", waiting, let_go],
        ["node-a", Parcel(ended(0, [0]), exit_code=0)],
    )
    driven(cluster, [WorkerShare(0, [0], 1)])

    assert [[one["action"] for one in controls_of(brief)] for brief in cluster.briefs] == [[], ["pause"], []]


class Clock:
    """A second later at each look."""

    def __init__(self):
        self.seconds = 0.0

    def __call__(self):
        self.seconds += 1.0
        return self.seconds


def notes(told):
    """The texts of all notes."""
    return [one["text"] for one in told if one["kind"] == "note"]


def test_a_worker_that_fits_on_no_node_says_so_and_is_given_up(run, driven):
    """What it needs, what the cluster has; the error says what to do."""
    cluster = FakeRay([])
    code, told = driven(cluster, [WorkerShare(1, [1], 4)], now=Clock())
    error = status(run).latest[0].error

    assert (code, status(run).state, cluster.killed) == (ExitCode.ENVIRONMENT, "failed", [0])
    assert error.startswith(
        "worker 1 fits on no node of the cluster: it needs 4 cores and 0.6 GiB of memory; node-a has 1 core"
    )
    assert "`--threads`" in error
    assert notes(told) == [f"{error}; it is given up in 60 s if none joins that is large enough"]


def test_a_worker_that_waits_for_others_says_so_and_when_it_is_over(run, driven):
    """Once each, and its own events follow those, numbered on."""
    clock = Clock()
    answers = [Parcel(event(0, "run") + event(1, "heartbeat", stack=1, step=1)), Parcel(ended(2, [1]), exit_code=0)]
    cluster = FakeRay([])
    cluster.ready = lambda asked, seconds: set(asked) if clock.seconds > 60 else set()
    cluster.answers = [["node-a", *answers]]
    code, told = driven(cluster, [WorkerShare(1, [1], 1)], now=clock)
    waits, over = notes(told)

    assert code is ExitCode.DONE
    assert waits.startswith("worker 1 waits for room on the cluster, others have it: it needs 1 core and")
    assert over.startswith("worker 1 on node-a has found room after")
    assert [one["seq"] for one in told] == list(range(6))


def test_workers_that_wait_for_others_of_their_run_are_as_planned(run, driven):
    """Nothing is said of those."""
    clock = Clock()

    def late():
        return Parcel(ended(0, [0]), exit_code=0)

    cluster = FakeRay(["node-a", *[Parcel()] * 60, late], [Parcel(ended(0, [1]), exit_code=0)])
    cluster.answers[1].insert(0, "node-a")
    cluster.ready = lambda asked, seconds: {one for one in asked if one[0] == 0 or not cluster.answers[0]}
    _, told = driven(cluster, [WorkerShare(0, [0], 1), WorkerShare(1, [1], 1)], now=clock)

    assert clock.seconds > 60
    assert notes(told) == []


def test_an_order_comes_through_as_it_was():
    """As JSON and back."""
    order = Order("/runs/xor", "ray://head:10001", 3, [WorkerShare(0, [1, 2], 4)], attended=True, gpu=0.5, memory=2.0)

    assert decoded(order.encoded()) == order


def test_the_gravest_code_stands_for_all():
    """A machine that lacks something outweighs a trial that failed."""
    assert [gravest(codes) for codes in (set(), {0, 1}, {1, 3, 0})] == [0, 1, 3]


def test_a_worker_is_there_while_its_driver_is():
    """A token names its driver's process; without one, only silence tells."""
    mine = token_of_worker(token_of(os.getpid()), 0, 1)
    gone = token_of_worker(token_of(2**22 + 1), 0, 1)

    assert OnRay().is_alive(mine, 0.0)
    assert not OnRay().is_alive(gone, time.time())
    assert driver_of(mine).id == os.getpid()
    assert OnRay().describe(mine).startswith("on Ray, driver pid ")
