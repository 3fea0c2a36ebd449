"""What a dry run says of a cluster's nodes."""

from __future__ import annotations

from dlbench.cli.cluster import duration, odd_versions, where_text
from dlbench.launch.on_ray.measuring import measured, versions
from dlbench.plan.machines import Machine
from dlbench.plan.make import make_plan
from dlbench.recipe import load


def test_it_says_what_would_go_where_and_how_long():
    """Each node with its cores and its measured speed, its workers, and when the last of them ends."""
    nodes = [Machine("desk", 2, speed=4e10), Machine("attic", 1, speed=1e10), Machine("spare", 1, speed=1e9)]
    plan = make_plan(load("xor-nine-layers"), device="cpu", workers=3, nodes=nodes)
    said = where_text(plan, nodes)

    assert "on 3 nodes, about " in said
    assert "desk (2 cores, 40 GFLOP/s a core): workers 0, 1; about " in said
    assert "attic (1 core, 10 GFLOP/s a core): workers 2; about " in said
    assert "spare (1 core, 1 GFLOP/s a core): nothing" in said


def test_durations():
    """In the unit that one would say."""
    assert [duration(seconds) for seconds in (40, 180, 9000)] == ["40 s", "3 min", "2.5 h"]


def test_versions_that_are_not_ours_are_told():
    """By node, with both; what nobody knows, or is alike, is not."""
    here = versions()
    nodes = [
        Machine("alike", 1, versions=here),
        Machine("unknown", 1),
        Machine("old", 1, versions=here | {"torch": "1.2"}),
    ]

    assert odd_versions(nodes, here) == [f"old has torch 1.2, this machine {here['torch']}; last digits may differ"]


def test_a_node_measures_itself():
    """A core of any machine does between a hundred million and a million million operations a second."""
    found = measured()

    assert 1e8 < found["speed"] < 1e12
    assert found["versions"] == versions()
