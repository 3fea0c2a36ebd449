"""When stacks of a slow worker are taken over: a node has nothing to do, and by measured speed all would end a good deal sooner."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

from dlbench.plan.placement import START_SECONDS

WORTH_SECONDS = 30.0
"""That must be won at least: another worker imports torch again."""
WORTH_PART = 1 / 3
"""Of the time that is left the part that must be won at least: a single stack moves to a node half as fast again, or faster.

So nothing goes to and fro between nodes that are about as fast.
"""
OBSERVED_SECONDS = 20.0
"""How long a worker must have been watched before it is called slow."""
WINDOW_SECONDS = 60.0
"""How far back its speed is measured: a node may have got other work, or lost it."""


@dataclass(frozen=True)
class Work:
    """What a worker has before it: what is left of each stack, by the plan's costs; costs a second that it does; its node."""

    left: Mapping[int, float]
    rate: float
    node: str

    @property
    def seconds(self) -> float:
        """How long it takes, if it goes on like that."""
        return sum(self.left.values()) / self.rate


@dataclass(frozen=True)
class Opening:
    """Room for one more worker on a node, and the costs a second that it would do there."""

    node: str
    rate: float


def shares(work: Work, openings: Sequence[Opening]) -> dict[int, list[int]]:
    """Who goes on with which stacks: the worker's own node (0), or openings (from 1); the dearest first to where it ends first."""
    rates = [work.rate, *(opening.rate for opening in openings)]
    sums = [0.0] * len(rates)
    found: dict[int, list[int]] = {}
    for stack in sorted(work.left, key=lambda one: (-work.left[one], one)):
        least = min(range(len(rates)), key=lambda one: ((sums[one] + work.left[stack]) / rates[one], one))
        sums[least] += work.left[stack]
        found.setdefault(least, []).append(stack)
    return {place: sorted(stacks) for place, stacks in sorted(found.items())}


def seconds_shared(work: Work, openings: Sequence[Opening]) -> float:
    """How long it takes if they are shared out so, a new start of each worker included."""
    rates = [work.rate, *(opening.rate for opening in openings)]
    ends = (sum(work.left[one] for one in own) / rates[place] for place, own in shares(work, openings).items())
    return START_SECONDS + max(ends, default=0.0)


def is_worth_it(work: Work, openings: Sequence[Opening]) -> bool:
    """Whether sharing out wins enough."""
    won = work.seconds - seconds_shared(work, openings)
    return bool(openings) and won >= max(WORTH_SECONDS, WORTH_PART * work.seconds)


@dataclass(frozen=True)
class Sighting:
    """A look at a worker: when, the costs that it had done by then, and what kind of stack it was at."""

    time: float
    done: float
    kind: Hashable


class Speeds:
    """How fast each worker is by what it has done lately, and how fast it would be on another node.

    Costs are estimates, and those of one kind of stack may be done much faster than those of another on the same node. So speeds
    of nodes are compared by one kind only, or by what workers did that have gone through several.
    """

    def __init__(self, nodes: Mapping[str, float]) -> None:
        """`nodes` are the operations a second that nodes did before the run, by their ids, as far as that is known."""
        self._measured = nodes
        self._seen: dict[Hashable, deque[Sighting]] = {}
        self._last: dict[tuple[str, Hashable], float] = {}
        self._best: dict[tuple[str, Hashable], float] = {}

    def note(self, worker: Hashable, node: str, seen: Sighting) -> None:
        """A worker, however it is named, was looked at."""
        looks = self._seen.setdefault(worker, deque())
        looks.append(seen)
        while seen.time - looks[0].time > WINDOW_SECONDS:
            looks.popleft()
        if rate := self.rate(worker):
            key = node, self._kind(worker)
            self._last[key] = rate
            self._best[key] = max(rate, self._best.get(key, 0.0))

    def forget(self, worker: Hashable) -> None:
        """It waits, or has gone: what it does not do now says nothing of its node."""
        self._seen.pop(worker, None)

    def rate(self, worker: Hashable) -> float | None:
        """Costs a second that it does; 0 if it came no further, `None` before it was watched for long enough."""
        looks = self._seen.get(worker)
        if not looks or looks[-1].time - looks[0].time < OBSERVED_SECONDS:
            return None
        return (looks[-1].done - looks[0].done) / (looks[-1].time - looks[0].time)

    def elsewhere(self, worker: Hashable, rate: float, here: str, there: str) -> float:
        """Costs a second that a worker would do on another node, or in another place on its own.

        That is what the last one did there; else what was done here at best, by the operations a second of both nodes.
        """
        kind = self._kind(worker)
        if there == here:
            return rate
        if (known := self._last.get((there, kind))) is not None:
            return known
        best = max(rate, self._best.get((here, kind), 0.0))
        if there in self._measured and here in self._measured:
            return best * self._measured[there] / self._measured[here]
        return best

    def _kind(self, worker: Hashable) -> Hashable:
        """The kind of stack that it has been at all the time; `None` for several."""
        kinds = {look.kind for look in self._seen.get(worker, ())}
        return kinds.pop() if len(kinds) == 1 else None
