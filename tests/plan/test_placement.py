"""Where workers would go on the nodes of a cluster, and how many a run deserves there."""

from __future__ import annotations

import pytest

from dlbench.errors import UsageError
from dlbench.plan.assignment import StackCost
from dlbench.plan.machines import Machine, of_nodes
from dlbench.plan.placement import START_SECONDS, placed, workers_on

ALIKE = [Machine("a", 1), Machine("b", 1)]
UNLIKE = [Machine("a", 1, speed=4e10), Machine("b", 1, speed=1e10)]


def wide(trials):
    """A stack of about so many times 40 seconds that can be split anywhere."""
    return StackCost(list(range(trials)), steps=1000, blocks=1, parameters=10, flops=1.6e9)


def test_each_worker_gets_the_core_that_is_free_first():
    """In the order in which they are asked for; a worker of two threads needs two cores, or all that a node has."""
    found = placed([10.0, 20.0, 10.0, 5.0], [1, 1, 1, 1], ALIKE)

    assert [(one.node, one.begin) for one in found] == [
        (0, 0.0),
        (1, 0.0),
        (0, 10.0 + START_SECONDS),
        (1, 20.0 + START_SECONDS),
    ]
    assert [one.begin for one in placed([10.0, 10.0], [2, 2], [Machine("c", 2)])] == [0.0, 10.0 + START_SECONDS]


def test_a_slow_node_takes_as_much_longer_as_was_measured():
    """Four times as slow, four times as long, but for the start."""
    fast, slow = placed([10.0, 10.0], [1, 1], UNLIKE)

    assert (fast.end, slow.end) == (10.0 + START_SECONDS, 40.0 + START_SECONDS)


def test_where_nodes_differ_the_plan_is_finer():
    """Alike, a worker a core; else so many that the slow one does not keep the others waiting."""
    costs = [wide(12)]

    assert workers_on(costs, ALIKE, 2) == 2
    assert workers_on(costs, UNLIKE, 2) > 2


def test_a_thousand_stacks_are_placed():
    """Every worker once, and no core has two at a time."""
    nodes = [Machine(f"node-{number}", 4, speed=1e10 * (1 + number % 3)) for number in range(10)]
    found = placed([float(1 + number % 7) for number in range(1000)], [1] * 1000, nodes)

    assert [one.worker for one in found] == list(range(1000))
    for number in range(10):
        mine = [one for one in found if one.node == number]
        assert all(sum(other.begin <= one.begin < other.end for other in mine) <= 4 for one in mine)


def test_the_room_of_a_cluster():
    """Its GPUs, each seen as the first; else its cores; a head without any trains nothing."""
    nodes = [Machine("head", 0), Machine("a", 4, gpus=2), Machine("b", 8, gpus=1)]

    assert of_nodes(nodes, "auto").devices == ["cuda:0"] * 3
    assert of_nodes(nodes, "cpu").devices == ["cpu"]
    assert (of_nodes(nodes, "cpu").cores, of_nodes(nodes, "cpu").spare(4)) == (12, 2)
    assert of_nodes([Machine("a", 4)], "auto").devices == ["cpu"]
    with pytest.raises(UsageError, match="no device 'tpu'"):
        of_nodes(nodes, "tpu")
