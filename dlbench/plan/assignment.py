"""Assigning stacks to workers: how long each takes, when to split one, who trains which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from dlbench.plan import Way
from dlbench.plan.pretraining import Before

OVERHEAD = 25e-6
"""Seconds that one block of a net costs a step whatever its size: the launching of its operations, forward and backward."""

BLOCKS_BEFORE = 5
"""A step of pre-training launches about as many operations as so many blocks of a net."""

SPEED = 4e10
"""Floating point operations a second that one CPU core does in batched products; the order of magnitude is enough."""

NATIVE_SPEED = 8e9
"""The same of the native loop: its nets are small, so that much of its time goes into activations; it launches nothing."""
LANES = 16
"""Trials that it takes together, in the time of one."""

WORTH_A_WORKER = 5.0
"""Seconds of training below which another process, with its own import of torch, is not worth starting."""

LARGEST = 1 << 29
"""Numbers that one stack's weights may hold on a CPU (2 GiB), so that their gradients and states fit beside them."""


@dataclass(frozen=True)
class StackCost:
    """A stack as the assignment sees it: indices of its trials, and what one step costs."""

    trials: list[int]
    steps: int
    blocks: int
    parameters: int
    flops: float
    """Floating point operations of one step of one trial."""
    before: Before = field(default_factory=Before)
    alone: bool = False
    """Whether its trials go forward and backward one after the other, each launching its own operations."""
    way: Way = "torch"
    """How its steps are taken."""
    memory: tuple[int, int] = (0, 0)
    """Bytes that it takes whatever its trials are, and bytes of each of them."""

    @property
    def operations(self) -> float:
        """Floating point operations of all trials over all steps, pre-training among them."""
        return len(self.trials) * (self.steps * self.flops + self.before.flops)

    @property
    def seconds(self) -> float:
        """An estimate for one CPU core."""
        if self.way == "native":
            return -(-len(self.trials) // LANES) * LANES * self.operations / len(self.trials) / NATIVE_SPEED
        return self._launching + self.operations / SPEED

    @property
    def bytes(self) -> int:
        """The memory that a worker takes for it."""
        shared, of_trial = self.memory
        return shared + of_trial * len(self.trials)

    @property
    def _launching(self) -> float:
        """Seconds of it that do not depend on sizes."""
        apart = len(self.trials) if self.alone else 1
        return OVERHEAD * (apart * self.steps * self.blocks + self.before.steps * BLOCKS_BEFORE)

    @property
    def width(self) -> float:
        """Seconds that the products of one block take in a step; of pre-training or training, whichever takes more."""
        before = self.before.flops / max(self.before.steps * BLOCKS_BEFORE, 1)
        together = 1 if self.alone else len(self.trials)
        return together * max(self.flops / max(self.blocks, 1), before) / SPEED

    @property
    def is_wide(self) -> bool:
        """Whether splitting pays: products, not launching, take most of a step, trials share nothing, or not all fit into lanes."""
        if self.way == "native":
            return len(self.trials) > LANES
        return len(self.trials) > 1 and (self.alone or self.operations / SPEED > self._launching)

    def halves(self) -> list[StackCost]:
        """Two stacks of half the trials each."""
        middle = (len(self.trials) + 1) // 2
        return [replace(self, trials=trials) for trials in (self.trials[:middle], self.trials[middle:])]


def bounded(costs: Sequence[StackCost], memory: int | None = None) -> list[StackCost]:
    """The same trials in stacks whose weights fit in memory, and all else that they take, where it is known how much there is."""
    result: list[StackCost] = []
    for cost in costs:
        fits = len(cost.trials) * cost.parameters <= LARGEST and (memory is None or cost.bytes <= memory)
        result += [cost] if fits or len(cost.trials) == 1 else bounded(cost.halves(), memory)
    return result


def fitting(costs: Sequence[StackCost], workers: int, memory: int | None) -> int:
    """How many of so many workers fit into memory together, one at least."""
    while memory is not None and workers > 1:
        split = split_for(costs, workers)
        if sum(max((split[stack].bytes for stack in share), default=0) for share in assign(split, workers)) <= memory:
            break
        workers -= 1
    return workers


def workers_for(costs: Sequence[StackCost], cores: int) -> int:
    """How many processes this much work deserves on so many cores."""
    total = sum(cost.seconds for cost in costs)
    trials = sum(len(cost.trials) for cost in costs)
    return max(1, min(cores, trials, round(total / WORTH_A_WORKER)))


def split_for(costs: Sequence[StackCost], workers: int) -> list[StackCost]:
    """Split wide stacks until no worker has much more to do than its share; tiny nets stay together."""
    result = list(costs)
    fair = sum(cost.seconds for cost in costs) / workers
    while True:
        shares = assign(result, workers)
        busiest = max(range(workers), key=lambda worker: sum(result[i].seconds for i in shares[worker]))
        longest = sum(result[i].seconds for i in shares[busiest])
        wide = [i for i in shares[busiest] if result[i].is_wide]
        if longest <= 1.1 * fair or not wide:
            return result
        largest = max(wide, key=lambda i: result[i].seconds)
        result[largest : largest + 1] = result[largest].halves()


def assign(costs: Sequence[StackCost], workers: int) -> list[list[int]]:
    """The stacks of each worker, longest first (Graham 1969: at most a third above the best sharing)."""
    shares: list[list[int]] = [[] for _ in range(workers)]
    busy = [0.0] * workers
    for index in sorted(range(len(costs)), key=lambda i: -costs[i].seconds):
        least = busy.index(min(busy))
        shares[least].append(index)
        busy[least] += costs[index].seconds
    return shares


def threads_for(costs: Sequence[StackCost], share: Sequence[int], spare: int) -> int:
    """Threads of one worker that has `spare` cores to itself: one for tiny nets, whose operations are too short to share."""
    widest = max((costs[i].width for i in share), default=0.0)
    return max(1, spare) if widest > 20 * OVERHEAD else 1
