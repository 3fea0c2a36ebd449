"""In how many slices a stack goes forward and backward, as long as memory does not ask for more."""

from __future__ import annotations

import torch

from dlbench.parts.datasets import describe
from dlbench.parts.outline import goes_alone, outline
from dlbench.parts.tasks import task_of
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
