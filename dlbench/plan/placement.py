"""Which node of a cluster would train what, and how long, if its scheduler gives each worker the core that is free first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dlbench.plan.assignment import StackCost, assign, split_for, workers_for
from dlbench.plan.machines import Machine

START_SECONDS = 5.0
"""What a worker takes until its first step: it imports torch."""
UNEQUAL = 1.5
"""How much faster the fastest node must be than the slowest: others may be at work on them while they are measured."""
FINER = (1, 2, 3)
"""How many workers a core may get, one after the other, where nodes are not equally fast."""


@dataclass(frozen=True)
class Placing:
    """A worker by its number, the place of its node among the nodes, and when it begins and ends, in seconds."""

    worker: int
    node: int
    begin: float
    end: float


def placed(seconds: Sequence[float], threads: Sequence[int], nodes: Sequence[Machine]) -> list[Placing]:
    """Workers of so many seconds on the fastest node, in the order in which they are asked for."""
    fastest = max((node.speed or 1.0 for node in nodes), default=1.0)
    free = [[0.0] * max(1, node.cores) for node in nodes]
    found = []
    for worker, (own, wanted) in enumerate(zip(seconds, threads, strict=True)):
        begins = [sorted(cores)[min(wanted, len(cores)) - 1] for cores in free]
        # Of nodes that are free at the same time Ray takes the one with least on it.
        node = min(range(len(nodes)), key=lambda one: (begins[one], -len(free[one]), one))
        end = begins[node] + START_SECONDS + own * fastest / (nodes[node].speed or fastest)
        free[node] = sorted(free[node])
        free[node][:wanted] = [end] * min(wanted, len(free[node]))
        found.append(Placing(worker, node, begins[node], end))
    return found


def workers_on(costs: Sequence[StackCost], nodes: Sequence[Machine], cores: int) -> int:
    """How many workers this much work deserves on nodes: one a core, more where a slow node would keep the others waiting."""
    count = workers_for(costs, cores)
    speeds = [node.speed for node in nodes if node.speed]
    if not speeds or max(speeds) < UNEQUAL * min(speeds):
        return count

    def end(number: int) -> float:
        split = split_for(costs, number)
        seconds = [sum(split[stack].seconds for stack in share) for share in assign(split, number) if share]
        return max(one.end for one in placed(seconds, [1] * len(seconds), nodes))

    return min((factor * count for factor in FINER), key=end)
