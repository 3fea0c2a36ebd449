"""In how many slices a stack goes forward and backward, as long as memory does not ask for more."""

from __future__ import annotations

import torch

from dlbench.parts.datasets import describe
from dlbench.parts.layers.base import LAYERS
from dlbench.parts.net import leaves, outline
from dlbench.plan import Plan


def slices_for(plan: Plan, index: int, device: torch.device) -> int:
    """1: the whole stack at once. On a CPU its trials one after the other where a layer would gain nothing otherwise."""
    stack = plan.stacks[index]
    settings = plan.candidates[plan.trials[stack.trials[0]].candidate].settings
    source = describe(settings["data"])
    blocks = leaves(outline(settings["model"], source.shape, source.outputs))
    alone = device.type == "cpu" and any(
        LAYERS[block.settings["kind"]].traits.get("alone_on_cpu", False) for block in blocks
    )
    return len(stack.trials) if alone else 1
