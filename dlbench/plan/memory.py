"""How much memory a run takes at most, estimated before it starts. Imports no torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from math import prod
from typing import Any

from dlbench.parts.datasets import Source, describe
from dlbench.parts.outline import Block, goes_alone, leaves, outline
from dlbench.parts.tasks import task_of
from dlbench.plan import Plan, Stack, Way, WorkerPlan
from dlbench.plan.assignment import LANES
from dlbench.plan.duration import batch_size
from dlbench.plan.pretraining import samples_seen

PROCESS = 600 * 2**20
"""What a worker takes before it has a net: Python and torch."""
FLOAT = 4
REMEMBERED = {"sgd": 0, "momentum": 1, "nesterov": 1, "adagrad": 1, "lion": 1, "muon": 1}
"""Numbers that optimizers keep of each weight; of all others two."""
COPIES = 4
"""Numbers of each weight beside those: itself, its gradient, and what a probed step keeps of both."""
ROOM = 1 << 24
"""Numbers that one layer's output may hold during an evaluation; decides the size of its batches."""
ROOM_OF_TRIAL, LEAST = 1 << 16, 64
"""The same of one trial of a stack on a CPU, and samples at least: there the size of its batches must not depend on its company."""


@dataclass(frozen=True)
class Memory:
    """Bytes of a worker while it trains a stack, by what takes them."""

    process: int
    data: int
    weights: int
    optimizer: int
    batch: int
    evaluation: int

    @property
    def total(self) -> int:
        """All of it."""
        return sum(astuple(self))


def memory_of(settings: dict[str, Any], trials: int, *, on_cpu: bool, way: Way = "torch") -> Memory:
    """What so many trials with these settings take as one stack."""
    source = describe(settings["data"])
    blocks = outline(settings["model"], source.shape, task_of(source, settings).outputs)
    parameters = sum(block.parameters for block in blocks)
    remembered = REMEMBERED.get(settings["train"]["optimizer"]["kind"], 2)
    is_alone = on_cpu and goes_alone(blocks)
    together = 1 if is_alone else min(trials, LANES) if way == "native" else trials
    return Memory(
        PROCESS,
        _of_data(settings["train"], source),
        COPIES * FLOAT * trials * parameters,
        remembered * FLOAT * trials * parameters,
        _of_batch(settings["train"], blocks, source, (trials, together)),
        _of_evaluation(settings, blocks, source, (trials, together), on_cpu=on_cpu and not is_alone),
    )


def _of_data(train: dict[str, Any], source: Source) -> int:
    """All samples that are loaded; of those on disk what needs them all at once."""
    sample = prod(source.shape)
    if not source.on_disk:
        every = source.train + source.left_out + source.validation + source.test
        return source.bytes_per_number * every * sample
    whole = source.train if train["batch_size"] == "full" else 0
    if train.get("pretrain"):
        whole += samples_seen(train["pretrain"], source) + (source.validation or source.test)
    return FLOAT * whole * sample


def _of_batch(train: dict[str, Any], blocks: Sequence[Block], source: Source, trials: tuple[int, int]) -> int:
    """The outputs of all layers and the gradients by them, and the samples, those on disk of the next batch too."""
    every, together = trials
    inside = sum(block.widest for block in leaves(blocks))
    samples = (2 if source.on_disk else 1) * every * prod(source.shape)
    return FLOAT * batch_size(train, source.train) * (2 * together * inside + samples)


def _of_evaluation(
    settings: dict[str, Any], blocks: Sequence[Block], source: Source, trials: tuple[int, int], *, on_cpu: bool
) -> int:
    """The inputs and outputs of the widest layer, and what is answered."""
    every, together = trials
    widest = max(block.widest for block in leaves(blocks))
    judged = source.train + source.validation + source.test
    batch = max(LEAST, ROOM_OF_TRIAL // widest) if on_cpu else max(1, ROOM // (together * widest))
    answers = FLOAT * source.test * prod(blocks[-1].output) if settings["evaluate"].get("predictions") else 0
    return 2 * FLOAT * min(batch, judged) * widest * together + every * (answers + judged)


def memory_of_stack(plan: Plan, stack: Stack, *, on_cpu: bool) -> Memory:
    """What a stack of a plan takes."""
    settings = plan.candidates[plan.trials[stack.trials[0]].candidate].settings
    return memory_of(settings, len(stack.trials), on_cpu=on_cpu, way=stack.way)


def memory_of_worker(plan: Plan, worker: WorkerPlan) -> Memory:
    """What a worker takes in the stack in which it takes most."""
    on_cpu = worker.device == "cpu"
    every = (memory_of_stack(plan, plan.stacks[stack], on_cpu=on_cpu) for stack in worker.stacks)
    return max(every, key=lambda one: one.total)
