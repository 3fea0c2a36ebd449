"""Going forward and backward in slices of a stack: in how many, as long as memory does not ask for more, and how."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor

from dlbench.engine.stacked_net import Net, Taps
from dlbench.parts.datasets import describe
from dlbench.parts.outline import goes_alone, outline
from dlbench.parts.tasks import Task, task_of
from dlbench.plan import Plan


def slices_for(plan: Plan, index: int, device: torch.device) -> int:
    """1: the whole stack at once. On a CPU its trials one after the other where a layer would gain nothing otherwise."""
    stack = plan.stacks[index]
    settings = plan.candidates[plan.trials[stack.trials[0]].candidate].settings
    source = describe(settings["data"])
    alone = device.type == "cpu" and goes_alone(
        outline(settings["model"], source.shape, task_of(source, settings).outputs)
    )
    return len(stack.trials) if alone else 1


def sliced(trials: int, slices: int) -> list[slice]:
    """`trials` rows in so many contiguous slices of nearly equal length (fewer when there are fewer trials)."""
    slices = min(slices, trials)
    edges = [trials * i // slices for i in range(slices + 1)]
    return [slice(start, stop) for start, stop in pairwise(edges)]


def learned(nets: Sequence[Net], x: Tensor, labels: Tensor, task: Task, taps: Sequence[Taps] | None = None) -> Tensor:
    """Forward and backward through one batch, a slice of trials at a time; the losses `[trials]`. Each net fills its taps."""
    losses = []
    start = 0
    for i, net in enumerate(nets):
        part = slice(start, start := start + net.trials)
        losses.append(net.learn(x[part], task.targets(labels[part]), task, None if taps is None else taps[i]))
    return losses[0] if len(losses) == 1 else torch.cat(losses)
