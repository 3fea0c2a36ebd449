"""Inits that need data: weights scaled to unit variance layer by layer, before the first step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf, log
from typing import cast

import torch
from torch import Tensor

from dlbench.engine.batches import DataSplit, order
from dlbench.engine.devices import precise
from dlbench.engine.host_samples import at_once
from dlbench.engine.stacked import Stacked
from dlbench.engine.stacked_net import Tensors
from dlbench.parts.arguments import Settings
from dlbench.parts.inits import INITS
from dlbench.parts.layers.base import LAYERS, Activated, Composite, Layer, LayerContext
from dlbench.parts.outline import Block, leaves, slots_of


@torch.no_grad()
def scale_to_unit_variance(stack: Stacked, tensors: Tensors, train: DataSplit) -> list[str]:
    """Scale the weights of every trial that has such an init, in place; says so where the variance was not reached.

    Trials are gone through one by one, so that their company changes no bit of them; those with other inits are not touched.
    """
    scaled = 0
    missed: dict[tuple[int, str], float] = {}
    for trial, (blocks, seed) in enumerate(zip(stack.own_blocks, stack.seeds, strict=True)):
        inits = {block.name: init for block in leaves(blocks) if (init := _init_of(block))}
        if inits:
            samples = max(init["batch"] for init in inits.values())
            chosen = order(len(train), seed, 0)[:samples].to(train.labels.device)
            walk = _Walk(blocks, tensors.rows(slice(trial, trial + 1)), inits)
            walk.through(blocks, at_once(train.x, chosen).unsqueeze(0))
            scaled += len(inits)
            missed |= {(seed, name): variance for name, variance in walk.missed.items()}
    return [_told(missed, scaled)] if missed else []


def _told(missed: Mapping[tuple[int, str], float], scaled: int) -> str:
    (seed, name), worst = max(missed.items(), key=lambda item: abs(log(item[1])) if 0 < item[1] < inf else inf)
    return (
        f"unit variance was not reached in {len(missed)} of {scaled} layers of all trials together; "
        f"the farthest from it is {name} of seed {seed} with {worst:.3g}"
    )


def _init_of(block: Block) -> Settings | None:
    """The init of a layer's weight, where it wants unit variance and the layer has a pre-activation to look at."""
    found = next((weight.init for weight in block.weights.values()), {})
    if not found or not INITS[found["kind"]].traits.get("unit_variance"):
        return None  # asked first: what a protocol takes for an answer adds up over a thousand nets
    return found if isinstance(block.layer, Activated) else None


@dataclass
class _Walk:
    """One trial's way forward, its weights scaled on the way.

    Norms see the batch as in training, on copies of their buffers; layers that draw numbers let everything through.
    """

    blocks: Sequence[Block]
    tensors: Tensors
    inits: Mapping[str, Settings]
    missed: dict[str, float] = field(default_factory=dict)
    """The variances that were not reached."""

    def __post_init__(self) -> None:
        slots = {slot.name: slot.of(self.tensors.weights) for slot in slots_of(self.blocks)}
        self._weights = {
            block.name: {name: slots[f"{block.name}.{name}"] for name in block.weights} for block in leaves(self.blocks)
        }

    def through(self, blocks: Sequence[Block], x: Tensor) -> Tensor:
        """What blocks in a row make of `x` `[1, batch, ...]`, once they are scaled."""
        for block in blocks:
            if block.branches:
                outputs = [self.through(branch, x) for branch in block.branches]
                x = cast("Composite", block.layer).merge(outputs)
                continue
            if block.name in self.inits:
                self._scale(block, x)
            x = cast("Layer", block.layer).forward(x, self._weights[block.name], self._place(block))
        return x

    def _place(self, block: Block) -> LayerContext:
        buffers = {name: tensor.clone() for name, tensor in self.tensors.buffers[block.name].items()}
        draws = LAYERS[block.settings["kind"]].traits.get("random", False)
        return LayerContext(training=not draws, buffers=buffers)

    def _scale(self, block: Block, x: Tensor) -> None:
        """Divide the weights by the deviation until the variance is 1, where there is one."""
        init = self.inits[block.name]
        weight, seen = self._weights[block.name][next(iter(block.weights))], x[:, : init["batch"]]
        variance = self._variance(block, seen)
        for _ in range(init["iterations"]):
            if abs(variance - 1) < init["tolerance"] or not 0 < variance < inf:
                break
            weight /= variance**0.5
            variance = self._variance(block, seen)
        if not abs(variance - 1) < init["tolerance"]:
            self.missed[block.name] = variance

    def _variance(self, block: Block, x: Tensor) -> float:
        """Of the pre-activations, over the batch and all units together."""
        sums = cast("Activated", block.layer).pre_activation(x, self._weights[block.name])
        return float(sums.to(precise(sums.device)).var(correction=0))
