"""A stack's net: every weight of a trial in one row of one buffer, every layer's weights views into it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any, cast

import torch
from torch import Tensor

from dlbench.engine.loss import Loss
from dlbench.engine.streams import stream
from dlbench.parts.inits import Draw, fill
from dlbench.parts.layers.base import LAYERS, ByHand, Passed, Place
from dlbench.parts.net import Block, slots_of

REGISTER = 16
"""Rows are a multiple of this many numbers wide, a whole vector register: the fused optimizers round the last few numbers of a
row in another way, so that a trial's bits would depend on its neighbours."""


def combine(values: Sequence[Any], device: torch.device) -> Any:
    """One trial's settings that stand for the whole stack's: where numbers differ, a tensor `[trials]` of them.

    Inits may differ in kind; they are read trial by trial, so any of them stands for all here.
    """
    first = values[0]
    if all(value == first for value in values):
        return first
    if isinstance(first, dict) and all(value.keys() == first.keys() for value in values):
        return {key: combine([value[key] for value in values], device) for key in first}
    if isinstance(first, list):
        return [combine(items, device) for items in zip(*values, strict=True)]
    if isinstance(first, (int, float)):
        return torch.tensor(values, dtype=torch.float32, device=device)
    return first


def initial_row(blocks: Sequence[Block], seed: int) -> Tensor:
    """The weights that one trial starts from, each drawn from its own stream on the CPU; zeros fill the row up."""
    drawn = [
        fill(
            weight.init, Draw(weight.shape, weight.fan_in, weight.fan_out, stream(seed, "init", f"{block.name}.{name}"))
        )
        for block in blocks
        for name, weight in block.weights.items()
    ]
    used = sum(tensor.numel() for tensor in drawn)
    return torch.cat([*(tensor.reshape(-1) for tensor in drawn), torch.zeros(-used % REGISTER)])


@dataclass
class Tensors:
    """What training changes, for all trials of a stack: rows of weights and gradients, buffers by block, random streams."""

    weights: Tensor
    gradient: Tensor
    buffers: dict[str, dict[str, Tensor]]
    generators: dict[str, list[torch.Generator]]

    def rows(self, part: slice) -> Tensors:
        """The same storage, seen for some of the trials."""
        return Tensors(
            self.weights[part],
            self.gradient[part],
            {block: {name: tensor[part] for name, tensor in own.items()} for block, own in self.buffers.items()},
            {block: own[part] for block, own in self.generators.items()},
        )


def allocate(blocks_of_trials: Sequence[Sequence[Block]], seeds: Sequence[int], device: torch.device) -> Tensors:
    """The tensors of a stack at step 0; `blocks_of_trials[i]` has the inits of trial i."""
    trials = len(seeds)
    rows = [initial_row(blocks, seed) for blocks, seed in zip(blocks_of_trials, seeds, strict=True)]
    weights = torch.stack(rows).to(device)
    buffers = {
        block.name: {
            name: torch.full((trials, *buffer.shape), buffer.fill, device=device)
            for name, buffer in block.buffers.items()
        }
        for block in blocks_of_trials[0]
    }
    generators = {
        block.name: [stream(seed, block.settings["kind"], block.name, device) for seed in seeds]
        for block in blocks_of_trials[0]
        if LAYERS[block.settings["kind"]].traits.get("random")
    }
    return Tensors(weights, torch.zeros_like(weights), buffers, generators)


class Net:
    """The way forward and backward of some trials of a stack, over rows of the stack's tensors.

    The leaves of autograd are views into the rows; `learn` copies their gradients into the gradient's rows. Where every
    layer can, the way back is gone `by_hand`, without autograd's bookkeeping.
    """

    def __init__(self, blocks: Sequence[Block], tensors: Tensors) -> None:
        self.blocks = blocks
        self.trials = tensors.weights.shape[0]
        self.widest = max(prod(shape) for block in blocks for shape in (block.input, block.output))
        self.leaves: list[Tensor] = []
        self._gradient_views: list[Tensor] = []
        self._weights: list[Mapping[str, Tensor]] = []
        slots = {slot.name: slot for slot in slots_of(blocks)}
        for block in blocks:
            own: dict[str, Tensor] = {}
            for name in block.weights:
                slot = slots[f"{block.name}.{name}"]
                own[name] = slot.of(tensors.weights).detach().requires_grad_()
                self.leaves.append(own[name])
                self._gradient_views.append(slot.of(tensors.gradient))
            self._weights.append(own)
        self._places = [
            Place(training=True, generators=tensors.generators.get(block.name, ()), buffers=tensors.buffers[block.name])
            for block in blocks
        ]
        self._test_places = [replace(place, training=False) for place in self._places]
        self.by_hand = all(isinstance(block.layer, ByHand) and block.layer.can_go_backward() for block in blocks)
        self._first = next(index for index, block in enumerate(blocks) if block.weights)

    def forward(self, x: Tensor, *, training: bool, taps: list[Tensor] | None = None) -> Tensor:
        """Logits `[trials, batch, outputs]` for `x` of `[trials, batch, ...]`; `taps` receives each probed block's output."""
        places = self._places if training else self._test_places
        for block, weights, place in zip(self.blocks, self._weights, places, strict=True):
            x = block.layer.forward(x, weights, place)
            if taps is not None and block.probed:
                taps.append(x.detach())
        return x

    def learn(self, x: Tensor, targets: Tensor, loss: Loss, taps: list[Tensor] | None = None) -> Tensor:
        """The loss of each trial on a batch, `[trials]`; its gradient is put into the gradient's rows."""
        losses, gradients = (self._by_hand if self.by_hand else self._by_autograd)(x, targets, loss, taps)
        torch._foreach_copy_(self._gradient_views, gradients)
        return losses

    def _by_autograd(
        self, x: Tensor, targets: Tensor, loss: Loss, taps: list[Tensor] | None
    ) -> tuple[Tensor, list[Tensor]]:
        losses = loss.losses(self.forward(x, training=True, taps=taps), targets)
        # The gradient of a sum is each trial's own. (grad_outputs of ones would say it too, but make torch import sympy, 2 s.)
        return losses.detach(), list(torch.autograd.grad(losses.sum(), self.leaves))

    @torch.no_grad()
    def _by_hand(
        self, x: Tensor, targets: Tensor, loss: Loss, taps: list[Tensor] | None
    ) -> tuple[Tensor, list[Tensor]]:
        way = [x]
        for block, weights, place in zip(self.blocks, self._weights, self._places, strict=True):
            way.append(block.layer.forward(way[-1], weights, place))
            if taps is not None and block.probed:
                taps.append(way[-1])
        losses, gradient = loss.losses(way[-1], targets), loss.gradient(way[-1], targets)
        gradients: list[Tensor] = []
        for index in range(len(self.blocks) - 1, self._first - 1, -1):
            passed = Passed(way[index], way[index + 1], self._weights[index], self._places[index])
            layer = cast("ByHand", self.blocks[index].layer)
            before, own = layer.backward(gradient, passed, wants_input=index > self._first)
            gradients[:0] = own
            if before is not None:
                gradient = before
        return losses, gradients
