"""A slow worker's stacks are taken over by measured speed, and nothing goes to and fro."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.simulated_ray import SimulatedNode, SimulatedRay
from dlbench.errors import ExitCode
from dlbench.launch.on_ray.driver import Driver
from dlbench.launch.on_ray.order import Order, WorkerShare
from dlbench.launch.on_ray.takeover import (
    OBSERVED_SECONDS,
    Opening,
    Sighting,
    Speeds,
    Work,
    is_worth_it,
    seconds_shared,
    shares,
)
from dlbench.launch.status import status
from dlbench.plan import Stack, WorkerPlan
from dlbench.run import workers


def test_stacks_go_where_they_end_first():
    """The dearest first, each to whoever has it done soonest; a worker so fast that all is best left to it gets all."""
    work = Work({0: 4.0, 1: 3.0, 2: 2.0, 3: 1.0}, 1.0, "slow")

    assert shares(work, [Opening("fast", 4.0)]) == {0: [2], 1: [0, 1, 3]}
    assert shares(work, [Opening("faster", 100.0)]) == {1: [0, 1, 2, 3]}
    assert shares(work, []) == {0: [0, 1, 2, 3]}
    assert seconds_shared(work, [Opening("fast", 4.0)]) == pytest.approx(5.0 + 2.0)


def test_what_is_won_must_be_half_a_minute_and_a_third():
    """A single stack moves only where a node is half as fast again, or faster; several are shared with one as fast."""
    single, several = Work({0: 300.0}, 1.0, "a"), Work({0: 150.0, 1: 150.0}, 1.0, "a")

    assert not is_worth_it(single, [])
    assert not is_worth_it(single, [Opening("b", 1.4)])
    assert is_worth_it(single, [Opening("b", 1.6)])
    assert is_worth_it(several, [Opening("b", 1.0)])
    assert not is_worth_it(Work({0: 30.0, 1: 30.0}, 1.0, "a"), [Opening("b", 1.0)])


def test_speeds_are_what_was_done_lately():
    """Nothing is said before a worker was watched for a while; a node that got slower is slower."""
    speeds = Speeds({"a": 2e9, "b": 4e9, "c": 1e9})
    for second in range(0, 200, 5):
        done = min(second, 100) * 3.0 + max(second - 100, 0) * 1.0
        speeds.note("one", "a", Sighting(float(second), done, 0))
        if second < OBSERVED_SECONDS:
            assert speeds.rate("one") is None
        if second == 100:
            assert speeds.rate("one") == pytest.approx(3.0)

    assert speeds.rate("one") == pytest.approx(1.0)


def test_a_node_is_as_fast_as_the_last_worker_there_else_as_measured():
    """By the same kind of stack only; what nobody has measured is taken to be as fast as this node was at best."""
    speeds = Speeds({"a": 2e9, "b": 4e9, "c": 1e9})
    for second, done in ((0.0, 0.0), (40.0, 120.0), (100.0, 180.0)):
        speeds.note("one", "a", Sighting(second, done, 0))
    for kind, worker in enumerate(("alike", "other")):
        for second in (0.0, 50.0):
            speeds.note(worker, "c", Sighting(second, second * (10.0 + kind), kind))

    assert speeds.rate("one") == pytest.approx(1.0)
    assert speeds.elsewhere("one", 1.0, "a", "a") == 1.0
    assert speeds.elsewhere("one", 1.0, "a", "b") == pytest.approx(2.0 * 3.0)
    assert speeds.elsewhere("one", 1.0, "a", "c") == pytest.approx(10.0)
    assert speeds.elsewhere("one", 1.0, "a", "unknown") == pytest.approx(3.0)


@pytest.fixture
def driven(run):
    """Runs stacks of these costs, shared out so, on simulated nodes; gives the code, the simulation, and who was launched."""

    def drive(costs, stacks, nodes, speeds=None):
        plan = run.read_plan()
        planned = [WorkerPlan("cpu", 1, own) for own in stacks]
        run.write_plan(replace(plan, stacks=[Stack([0], 1000, 5, cost) for cost in costs], workers=planned))
        ray = SimulatedRay(run.read_plan(), nodes)
        given = [WorkerShare(worker, own, 1) for worker, own in enumerate(stacks)]
        order = Order(str(run.path), None, 0, given, speeds=speeds or {})
        driver = Driver(order, ray, now=ray.now, sleep=ray.sleep)
        for share in given:
            workers.record(run, workers.Launched(0, share.worker, workers.Token("ray", "x", "h", 0.0), share.stacks, 0))
        return driver.run(), ray, workers.read(run)

    return drive


@pytest.fixture(autouse=True)
def without_files(monkeypatch):
    """No data travel."""
    monkeypatch.setattr("dlbench.launch.on_ray.driver.datasets_of", lambda plan, stacks: {})


def node(name, speed, cores=1):
    """A node that is as fast all the time."""
    return SimulatedNode(name, cores, lambda time: speed)


def test_a_slow_nodes_last_stacks_are_taken_over(run, driven):
    """A node that is four times as slow keeps what it has done by then; all ends far sooner than it would have."""
    code, ray, launched = driven(
        [40.0] * 20, [list(range(0, 20, 2)), list(range(1, 20, 2))], [node("slow", 1.0), node("fast", 4.0)]
    )

    assert (code, status(run).state) == (ExitCode.DONE, "done")
    assert len(launched) > 2
    # Both together do 5 a second, which is 160 s; alone the slow one takes 400.
    assert 160.0 < ray.time < 240.0
    assert len(launched) < 10


def test_a_single_stack_under_way_moves_to_a_faster_node_and_stays(run, driven):
    """It goes on from its checkpoint; nothing is trained twice, and it does not come back."""
    slow_then = SimulatedNode("slow", 1, lambda time: 8.0 if time < 100.0 else 1.0)
    code, ray, launched = driven([2000.0], [[0]], [slow_then, node("other", 8.0)])

    assert code is ExitCode.DONE
    assert [one.node.name for one in ray.agents] == ["slow", "other"]
    assert [one.stacks for one in launched] == [[0], [0]]
    assert ray.time < 2000.0 / 8.0 + 120.0


def test_nodes_as_fast_as_each_other_share_once(run, driven):
    """An idle node as fast gets half of what is left, and no stack under way is moved for nothing."""
    _, alone, launched = driven([500.0], [[0]], [node("a", 1.0), node("b", 1.2)], {"a": 1.0, "b": 1.2})

    assert (len(launched), [one.node.name for one in alone.agents]) == (1, ["a"])


def test_a_paused_worker_is_not_slow(run, driven):
    """Whoever waits because somebody asked for it keeps its stacks."""
    ray_nodes = [node("a", 1.0), node("b", 1.0)]
    plain = SimulatedRay._parcel

    def waiting(self, agent):
        if self.time < 300.0:
            agent.until = self.time
            agent.lines = []
            agent.tell(self.time, "heartbeat", stack=0, step=10, rate=None, paused=True)
            from dlbench.launch.freight import Parcel

            return Parcel(b"".join(agent.lines))
        return plain(self, agent)

    with pytest.MonkeyPatch.context() as patches:
        patches.setattr(SimulatedRay, "_parcel", waiting)
        _, ray, launched = driven([30.0, 10.0], [[0, 1]], ray_nodes)

    assert ray.time > 300.0
    assert len(launched) == 1
