"""When a worker's stacks are taken over by others: it has several left, nobody waits for room, and a node has nothing to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

WORTH_SECONDS = 30.0
"""Of work that a worker has before it, below which another one's start is not worth it: it imports torch again."""


def parts(left: Sequence[int], costs: Mapping[int, float]) -> list[list[int]]:
    """The stacks that are left in two parts of about the same cost, the dearest first to whichever has less."""
    shared: list[list[int]] = [[], []]
    sums = [0.0, 0.0]
    for stack in sorted(left, key=lambda one: (-costs[one], one)):
        least = sums.index(min(sums))
        shared[least].append(stack)
        sums[least] += costs[stack]
    return [sorted(one) for one in shared]


def seconds_left(done: float, left: float, elapsed: float) -> float:
    """How long a worker still takes for stacks of this cost, as fast as it has been so far; at least as long as it has been at it.

    Of stacks under way nothing counts as done, so that one is never thought to be faster than it is.
    """
    return left * elapsed / done if done else elapsed


def is_worth_it(left: Sequence[int], done: float, costs: Mapping[int, float], elapsed: float) -> bool:
    """Whether a worker that has so much done in that time should share what it has left."""
    return len(left) > 1 and seconds_left(done, sum(costs[one] for one in left), elapsed) > WORTH_SECONDS
