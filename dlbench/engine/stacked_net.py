"""A stack's net: every weight of a trial in one row of one buffer, every layer's weights views into it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

import torch
from torch import Tensor

from dlbench.engine.devices import precise
from dlbench.engine.rng import stream
from dlbench.engine.step_clock import STOPPED, StepClock
from dlbench.parts.inits import Draw, fill
from dlbench.parts.layers.base import (
    LAYERS,
    Composite,
    DrawsAtTest,
    Layer,
    LayerContext,
    ManualBackward,
    SavedForBackward,
    StartsItself,
    Weight,
)
from dlbench.parts.outline import Block, goes_alone, leaves, slots_of
from dlbench.parts.tasks import Task

REGISTER = 16
"""Rows are whole vector registers wide: fused optimizers round what is left over otherwise, by how many neighbours there are."""


def initial_row(blocks: Sequence[Block], seed: int) -> Tensor:
    """The weights that one trial starts from, each drawn from its own stream on the CPU; zeros fill the row up."""
    drawn = []
    for block in leaves(blocks):
        started = _started(block, seed)
        drawn += [
            _filled(weight, stream(seed, "init", f"{block.name}.{name}")) if started is None else started[name]
            for name, weight in block.weights.items()
        ]
    used = sum(tensor.numel() for tensor in drawn)
    return torch.cat([*(tensor.reshape(-1) for tensor in drawn), torch.zeros(-used % REGISTER)])


def _started(block: Block, seed: int) -> Mapping[str, Tensor] | None:
    """What a layer that starts itself begins with in one trial: weights and buffers."""
    if not isinstance(block.layer, StartsItself):
        return None
    return block.layer.initial_tensors(block.input, stream(seed, "init", block.name))


def _filled(weight: Weight, generator: torch.Generator) -> Tensor:
    """One weight of one trial as its init draws it, gate by gate."""
    shape = (*weight.shape[:-1], weight.shape[-1] // weight.gates)
    draw = Draw(shape, weight.fan_in, weight.fan_out, generator, float(weight.slope))
    gates = [fill(weight.init, draw) for _ in range(weight.gates)]
    return gates[0] if len(gates) == 1 else torch.cat(gates, dim=-1)


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

    def state(self) -> dict[str, Any]:
        """All but the gradient, for a checkpoint; of the generators their states."""
        streams = {name: [own.get_state() for own in each] for name, each in self.generators.items()}
        return {"weights": self.weights, "buffers": self.buffers, "generators": streams}

    def restore(
        self,
        weights: Tensor,
        buffers: Mapping[str, Mapping[str, Tensor]],
        generators: Mapping[str, Sequence[Tensor]],
    ) -> None:
        """Take up what `state` kept, in the same storage."""
        self.weights.copy_(weights)
        for block, own in buffers.items():
            for name, tensor in own.items():
                self.buffers[block][name].copy_(tensor)
        for block, states in generators.items():
            for generator, state in zip(self.generators[block], states, strict=True):
                generator.set_state(state)


def allocate(blocks_of_trials: Sequence[Sequence[Block]], seeds: Sequence[int], device: torch.device) -> Tensors:
    """The tensors of a stack at step 0; `blocks_of_trials[i]` has the inits of trial i."""
    rows = [initial_row(blocks, seed) for blocks, seed in zip(blocks_of_trials, seeds, strict=True)]
    weights = torch.stack(rows).to(device)
    every = list(leaves(blocks_of_trials[0]))
    buffers = {block.name: _buffers(block, seeds, device) for block in every}
    return Tensors(weights, torch.zeros_like(weights), buffers, streams_of(every, seeds, device))


def _buffers(block: Block, seeds: Sequence[int], device: torch.device) -> dict[str, Tensor]:
    """The buffers of a layer at step 0, `[trials, ...]`."""
    if block.buffers and isinstance(block.layer, StartsItself):
        started = [block.layer.initial_tensors(block.input, stream(seed, "init", block.name)) for seed in seeds]
        return {name: torch.stack([own[name] for own in started]).to(device) for name in block.buffers}
    return {
        name: torch.full((len(seeds), *buffer.shape), buffer.fill, device=device)
        for name, buffer in block.buffers.items()
    }


def streams_of(blocks: Sequence[Block], seeds: Sequence[int], device: torch.device) -> dict[str, list[torch.Generator]]:
    """A random stream a trial for each of the blocks that draws numbers, by its name."""
    return {
        block.name: [stream(seed, block.settings["kind"], block.name, device) for seed in seeds]
        for block in blocks
        if LAYERS[block.settings["kind"]].traits.get("random")
    }


@dataclass
class Taps:
    """What a probed step hands out, in the order of the probes' rows.

    `outputs` are `[trials, batch, ...]` each; `flows` the gradients' norms at the states of recurrent layers, `[trials]` each.
    """

    outputs: list[Tensor] = field(default_factory=list)
    flows: list[Tensor] = field(default_factory=list)

    @classmethod
    def joined(cls, slices: Sequence[Taps]) -> Taps:
        """The taps of a whole stack out of those of its slices."""
        if len(slices) == 1:
            return slices[0]
        every = [own.outputs for own in slices], [own.flows for own in slices]
        return cls(*([torch.cat(parts) for parts in zip(*own, strict=True)] for own in every))


class Net:
    """The way forward and backward of some trials of a stack, over rows of the stack's tensors.

    The leaves of autograd are views into the rows; `learn` copies their gradients into the gradient's rows. Where every
    layer can, the way back is gone `by_hand`, without autograd's bookkeeping. With a `narrow` type torch.autocast computes products
    in it, as far as it goes; weights, gradients, losses and what probes see stay float32.
    """

    def __init__(
        self,
        blocks: Sequence[Block],
        tensors: Tensors,
        clock: StepClock = STOPPED,
        *,
        narrow: torch.dtype | None = None,
    ) -> None:
        self.blocks, self._clock, self._narrow = blocks, clock, narrow
        self._device, self.trials = tensors.weights.device.type, tensors.weights.shape[0]
        every = list(leaves(blocks))
        self.widest, self.goes_alone = max(block.widest for block in every), goes_alone(blocks)
        self.leaves: list[Tensor] = []
        self._gradient_views: list[Tensor] = []
        self._own_gradients: dict[str, Sequence[Tensor]] = {}
        self._weights: dict[str, Mapping[str, Tensor]] = {}
        slots = {slot.name: slot for slot in slots_of(blocks)}
        for block in every:
            own: dict[str, Tensor] = {}
            for name in block.weights:
                slot = slots[f"{block.name}.{name}"]
                own[name] = slot.of(tensors.weights).detach().requires_grad_()
                self.leaves.append(own[name])
                self._gradient_views.append(slot.of(tensors.gradient))
            self._weights[block.name] = own
            self._own_gradients[block.name] = self._gradient_views[len(self._gradient_views) - len(own) :]
        self._places = {
            block.name: LayerContext(
                training=True, generators=tensors.generators.get(block.name, ()), buffers=tensors.buffers[block.name]
            )
            for block in every
        }
        self._test_places = {name: replace(place, training=False) for name, place in self._places.items()}
        self._drawing = [block.name for block in every if isinstance(block.layer, DrawsAtTest) and block.layer.at_test]
        self._unrolled = [block for block in every if block.times]
        self._watched = [*self._unrolled, *(block for block in every if block.inside)]
        self.by_hand = narrow is None and all(
            isinstance(block.layer, ManualBackward) and block.layer.can_go_backward() for block in blocks
        )
        self._first = next(index for index, block in enumerate(blocks) if block.weights or block.branches)

    def rewind(self) -> None:
        """Before a split is evaluated: what layers draw at test begins anew.

        So evaluations take nothing from the streams of training, and one of the same weights has the same answers.
        """
        for name in self._drawing:
            own = self._places[name].generators
            self._test_places[name].generators = [stream(one.initial_seed(), "test", name, one.device) for one in own]

    def forward(self, x: Tensor, *, training: bool, taps: Taps | None = None) -> Tensor:
        """Outputs `[trials, batch, outputs]` for `x` of `[trials, batch, ...]`; `taps` receives each probed row's output."""
        places = self._places if training else self._test_places
        if self._narrow is None:
            return self._chain(self.blocks, x, places, taps)
        with torch.autocast(self._device, dtype=self._narrow):
            return self._chain(self.blocks, x, places, taps).float()

    def _chain(
        self, blocks: Sequence[Block], x: Tensor, places: Mapping[str, LayerContext], taps: Taps | None
    ) -> Tensor:
        for block in blocks:
            if block.branches:
                outputs = [self._chain(branch, x, places, taps) for branch in block.branches]
                x = cast("Composite", block.layer).merge(outputs)
            else:
                x = cast("Layer", block.layer).forward(x, self._weights[block.name], places[block.name])
            if taps is not None and block.probed:
                states = [state.detach().float() for state in self._states(block)]
                taps.outputs += self._inner(block) if block.inside else [*states, x.detach().float()]
        return x

    def _inner(self, block: Block) -> list[Tensor]:
        """What each inner layer with a row put out, nothing where nobody sees it."""
        seen = iter(self._places[block.name].inner or ())
        nothing = self.leaves[0].new_empty(self.trials, 0)
        return [nothing if inner.output is None else next(seen).float() for inner in block.inside]

    def _states(self, block: Block) -> list[Tensor]:
        """The states of a recurrent layer at its probed steps of time, `[trials, batch, units]` each."""
        states = self._places[block.name].states
        return [] if states is None else [states[time] for time in block.times]

    def learn(self, x: Tensor, targets: Tensor, task: Task, taps: Taps | None = None) -> Tensor:
        """The loss of each trial on a batch, `[trials]`; its gradient is put into the gradient's rows."""
        with self._clock.on("backward"):
            losses, gradients = (self._by_hand if self.by_hand else self._by_autograd)(x, targets, task, taps)
            torch._foreach_copy_(self._gradient_views, gradients)
        return losses

    def _by_autograd(self, x: Tensor, targets: Tensor, task: Task, taps: Taps | None) -> tuple[Tensor, list[Tensor]]:
        self._watch(taps)
        with self._clock.on("forward"):
            outputs = self.forward(x, training=True, taps=taps)
        with torch.no_grad():
            losses, gradient = task.losses(outputs, targets), task.gradient(outputs, targets)
        states = [] if taps is None else [state for block in self._unrolled for state in self._states(block)]
        # The gradient of this sum for the outputs is `gradient`. (grad_outputs would say it too, but make torch import sympy, 2 s.)
        # A module of somebody else may have parameters that it does not use: their gradient is 0.
        gradients = torch.autograd.grad((outputs * gradient).sum(), [*self.leaves, *states], materialize_grads=True)
        if taps is not None:
            taps.flows += [_norm(gradient) for gradient in gradients[len(self.leaves) :]]
        return losses, list(gradients[: len(self.leaves)])

    def _watch(self, taps: Taps | None) -> None:
        """Have layers with more than an output to show put it aside, or no longer."""
        for block in self._watched:
            place = self._places[block.name]
            place.states, place.flows, place.inner = (None, None, None) if taps is None else ([], [], [])

    @torch.no_grad()
    def _by_hand(self, x: Tensor, targets: Tensor, task: Task, taps: Taps | None) -> tuple[Tensor, list[Tensor]]:
        way = [x]
        self._watch(taps)
        with self._clock.on("forward"):
            for block in self.blocks:
                forward = cast("Layer", block.layer).forward
                way.append(forward(way[-1], self._weights[block.name], self._places[block.name]))
                if taps is not None and block.probed:
                    taps.outputs += [*self._states(block), way[-1]]
        losses, gradient = task.losses(way[-1], targets), task.gradient(way[-1], targets)
        gradients: list[Tensor] = []
        for index in range(len(self.blocks) - 1, self._first - 1, -1):
            block = self.blocks[index]
            own = self._weights[block.name], self._places[block.name], self._own_gradients[block.name]
            passed = SavedForBackward(way[index], way[index + 1], *own)
            layer = cast("ManualBackward", block.layer)
            before, found = layer.backward(gradient, passed, wants_input=index > self._first)
            gradients[:0] = found
            gradient = gradient if before is None else before
        for block in self._unrolled:
            if taps is not None and (flows := self._places[block.name].flows):
                taps.flows += [_norm(flows[-1 - time]) for time in block.times]
        return losses, gradients


def _norm(gradient: Tensor) -> Tensor:
    """Euclidean norm of each trial's, `[trials]`, summed in double: squares of vanishing gradients underflow in single."""
    norm: Tensor = torch.linalg.vector_norm(gradient, dim=(1, 2), dtype=precise(gradient.device))
    return norm.float()
