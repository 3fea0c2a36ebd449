"""Which worker's stacks others take over, of all that are at work, and on which nodes these go on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from dlbench.launch.on_ray.packing import Needs
from dlbench.launch.on_ray.room import NodeRoom
from dlbench.launch.on_ray.takeover import OBSERVED_SECONDS, Opening, Sighting, Speeds, Work, is_worth_it, shares
from dlbench.launch.on_ray.unit import Key, Unit
from dlbench.plan import Plan

MOST_OPENINGS = 32
"""So many workers follow one at most; they share on."""


class Sharing:
    """Watches how fast workers are, and chooses one that ends so that others go on with some of its stacks."""

    def __init__(self, plan: Plan, speeds: Mapping[str, float]) -> None:
        """`speeds` are the operations a second of nodes by their ids, as far as they were measured before the run."""
        self._plan, self._speeds = plan, Speeds(speeds)
        self._costs = [stack.cost for stack in plan.stacks]
        self._chosen: Key | None = None

    def watch(self, units: Sequence[Unit], now: float) -> None:
        """Note how far each has come; one that waits between two steps says nothing of its node."""
        for unit in units:
            if unit.place is None or unit.receiver.is_paused:
                self._speeds.forget(unit.key)
            else:
                left = sum(unit.costs_left(self._plan).values())
                done = sum(self._costs[stack] for stack in unit.share.stacks) - left
                self._speeds.note(unit.key, unit.place.node, Sighting(now, done, self._kind(unit)))

    def chosen(self, units: Sequence[Unit], nodes: Callable[[], Sequence[NodeRoom]], now: float) -> Unit | None:
        """The worker that is to end now, with its `move`: at two looks in a row it takes longest, and that is worth it."""
        works = {unit.key: (unit, work) for unit in units if (work := self._work(unit, now)) is not None}
        slowest = max(works, key=lambda one: works[one][1].seconds, default=None)
        before, self._chosen = self._chosen, None
        if slowest is None or not self._is_long(works[slowest][1]):
            return None
        unit, work = works[slowest]
        openings = self._openings(unit, work, nodes())
        if not is_worth_it(work, openings):
            return None
        self._chosen = slowest
        if before != slowest:
            return None
        unit.move = work, openings
        return unit

    def shares(self, unit: Unit) -> list[tuple[str, list[int]]]:
        """Which node goes on with which stacks of a worker that has ended for that."""
        assert unit.move is not None
        before, openings = unit.move
        work = Work(unit.costs_left(self._plan), before.rate, before.node)
        nodes = [work.node, *(opening.node for opening in openings)]
        return [(nodes[place], own) for place, own in shares(work, openings).items()]

    def _kind(self, unit: Unit) -> int | None:
        """What it is training now: the candidate of the first trial of the stack that it has told of last."""
        stack = unit.receiver.stack
        return (
            None
            if stack is None or not self._plan.trials
            else self._plan.trials[self._plan.stacks[stack].trials[0]].candidate
        )

    @staticmethod
    def _is_long(work: Work) -> bool:
        """Whether nodes need be asked at all: if there were any number of free ones, would it be worth it?"""
        fastest = [Opening("", float("inf"))]
        return is_worth_it(work, fastest)

    def _openings(self, unit: Unit, work: Work, nodes: Sequence[NodeRoom]) -> list[Opening]:
        found = [
            Opening(node.id, self._speeds.elsewhere(unit.key, work.rate, work.node, node.id))
            for node in nodes
            for _ in range(_places(node, unit.needs))
        ]
        return sorted(found, key=lambda one: (-one.rate, one.node))[:MOST_OPENINGS]

    def _work(self, unit: Unit, now: float) -> Work | None:
        """What a worker has before it; `None` where it is not at work, was not watched for long enough, or ends already."""
        if unit.place is None or unit.receiver.is_paused or unit.move is not None:
            return None
        left = unit.costs_left(self._plan)
        rate = self._speeds.rate(unit.key)
        if rate is None or not left:
            return None
        if not rate:  # in pre-training nothing is known but how long it has been at it
            rate = sum(left.values()) / max(now - unit.began, OBSERVED_SECONDS)
        return Work(left, rate, unit.place.node)


def _places(node: NodeRoom, needs: Needs) -> int:
    """How many more such workers find room on a node."""
    free = node.free
    most = [free.cores // max(needs.cores, 1), free.memory // max(needs.memory, 1), MOST_OPENINGS]
    return max(0, min([*most, int(free.gpu / needs.gpu)] if needs.gpu else most))
