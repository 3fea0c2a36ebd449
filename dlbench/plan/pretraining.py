"""How long pre-training is: steps of each layer, and what they cost. Imports no torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from dlbench.parts import make
from dlbench.parts.datasets import Source
from dlbench.parts.outline import Block
from dlbench.parts.pretrained import pretrained_blocks


@dataclass(frozen=True)
class Before:
    """What comes before step 0 of one trial: steps of all its layers together, and their floating point operations."""

    steps: int = 0
    flops: float = 0.0


def samples_seen(pretrain: dict[str, Any], source: Source) -> int:
    """How many samples pre-training learns from."""
    return source.train + (source.left_out if pretrain["unlabelled"] == "all" else 0)


def layer_steps(pretrain: dict[str, Any], samples: int) -> int:
    """The steps of each layer; the last batch of an epoch may be smaller."""
    steps: int = pretrain["epochs"] * ceil(samples / pretrain["batch_size"])
    return steps


def before(train: dict[str, Any], blocks: Sequence[Block], source: Source) -> Before:
    """What the `pretrain` of `[train]` costs; nothing where there is none."""
    pretrain = train.get("pretrain")
    if pretrain is None:
        return Before()
    samples, part, below, flops = samples_seen(pretrain, source), make("pretraining", pretrain), 0.0, 0.0
    layers = pretrained_blocks(blocks, pretrain)
    for block in layers:
        (visible, hidden) = block.weights["weight"].shape
        flops += below + part.flops(visible, hidden)
        below += 2.0 * visible * hidden  # every batch comes up through the layers that are done
    return Before(len(layers) * layer_steps(pretrain, samples), pretrain["epochs"] * samples * flops)
