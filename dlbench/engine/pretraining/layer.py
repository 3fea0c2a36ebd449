"""One layer of a stack while it is pre-trained: its batches, its learners, and what it is measured on."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dlbench.engine.devices import wait
from dlbench.engine.rng import stream
from dlbench.engine.stacked import combine
from dlbench.metrics.names import RECONSTRUCTION_ERROR
from dlbench.parts import make
from dlbench.parts.arguments import Settings
from dlbench.parts.inits import Draw
from dlbench.parts.outline import Block
from dlbench.parts.pretraining.base import Learner, Pretraining, Samples
from dlbench.parts.pretraining.coder import Coder, encoded

Measured: TypeAlias = dict[str, NDArray[np.float64]]
"""Measures by their names, `[trials]` each."""

MONITORED = 200
"""Samples of either kind that measures are taken on along the way: enough to see where it goes, and cheap beside the steps."""

JUDGED = 1000
"""The same at the end of a layer, where tables and claims look."""


@dataclass(frozen=True)
class Inputs:
    """What a stack pre-trains on, flat `[samples, visible]` each: what it learns from, and what it does not see."""

    train: Tensor
    held_out: Tensor

    def some(self, count: int) -> tuple[Tensor, Tensor]:
        """So many samples of either kind at most, evenly spread, so that it does not matter if they are sorted."""
        return _spread(self.train, count), _spread(self.held_out, count)


def _spread(x: Tensor, count: int) -> Tensor:
    return x[torch.linspace(0, len(x) - 1, min(count, len(x))).round().long().to(x.device)]


class Orders:
    """The batches that every trial of a layer sees, a new order an epoch, a function of (seed, layer, epoch)."""

    def __init__(self, samples: int, seeds: Sequence[int], layer: str, batch_size: int) -> None:
        self._samples, self._seeds, self._layer = samples, list(seeds), layer
        self._batch_size = batch_size
        self.steps_per_epoch = -(-samples // batch_size)
        self._epoch, self._order = -1, torch.empty(0)

    def take(self, step: int, x: Tensor) -> Tensor:
        """The batch of a step, `[trials, batch, visible]`, out of `x` `[samples, visible]`."""
        epoch, position = divmod(step, self.steps_per_epoch)
        if epoch != self._epoch:
            self._epoch, self._order = epoch, self._permutations(epoch).to(x.device)
        at = self._order[:, position * self._batch_size : (position + 1) * self._batch_size]
        return x.index_select(0, at.reshape(-1)).view(*at.shape, -1)

    def _permutations(self, epoch: int) -> Tensor:
        of_seed = {
            seed: torch.randperm(self._samples, generator=stream(seed, "pretrain order", f"{self._layer}/{epoch}"))
            for seed in dict.fromkeys(self._seeds)
        }
        return torch.stack([of_seed[seed] for seed in self._seeds])


class LayerTraining:
    """A layer that learns on top of those that have learned.

    Everything random is a function of seed and layer, and it begins anew wherever it is made: a layer that was broken off
    ends with the same bits when it is trained again.
    """

    def __init__(  # what a layer is made of
        self,
        block: Block,
        below: Sequence[Coder],
        settings: Sequence[Settings],
        seeds: Sequence[int],
        inputs: Inputs,
        parts: Sequence[slice],
    ) -> None:
        """`settings` are the `pretrain` of each trial, `below` the coders below from the input up, `parts` slices of trials."""
        self.name = block.name
        self._seeds, self._settings, self._inputs = list(seeds), list(settings), inputs
        first = settings[0]
        self._orders = Orders(len(inputs.train), seeds, block.name, first["batch_size"])
        self._momenta = (first["momentum"], first["final_momentum"])
        self._switch = first["momentum_epochs"] * self._orders.steps_per_epoch
        self.steps = first["epochs"] * self._orders.steps_per_epoch
        self.step, self.seconds = 0, 0.0
        self.coder = self._fresh(block, is_gaussian=not below and first["visible"] == "gaussian")
        self._parts = [self._part(part, below) for part in parts]

    def _fresh(self, block: Block, *, is_gaussian: bool) -> Coder:
        """Small random weights, by the draws that a net with normal weights starts from, and biases of 0."""
        shape = visible, hidden = block.weights["weight"].shape
        draws = [Draw(shape, visible, hidden, stream(seed, "init", f"{self.name}.weight")) for seed in self._seeds]
        weights = [draw.normal().mul_(own["std"]) for draw, own in zip(draws, self._settings, strict=True)]
        device, trials = self._inputs.train.device, len(self._seeds)
        of_visible, of_hidden = (torch.zeros(trials, 1, units, device=device) for units in shape)
        return Coder(torch.stack(weights).to(device), of_visible, of_hidden, is_gaussian)

    def _part(self, part: slice, below: Sequence[Coder]) -> _Part:
        device, seeds = self._inputs.train.device, self._seeds[part]
        settings: Pretraining = make("pretraining", combine(self._settings[part], device))

        def streams(purpose: str) -> list[torch.Generator]:
            return [stream(seed, f"pretrain {purpose}", self.name, device) for seed in seeds]

        coder = self.coder.rows(part)
        lower = [one.rows(part) for one in below]
        return _Part(part, lower, coder, settings.learner(coder, streams))

    @property
    def epoch(self) -> float:
        """How many epochs are done."""
        return self.step / self._orders.steps_per_epoch

    @torch.no_grad()
    def advance(self, until: int) -> float:
        """Train to before the step `until`; the seconds that it took."""
        started = time.perf_counter()
        for step in range(self.step, until):
            x = self._orders.take(step, self._inputs.train)
            momentum = self._momenta[step >= self._switch]
            for part in self._parts:
                part.learner.step(encoded(part.below, x[part.trials]), momentum)
        wait(self._inputs.train.device)  # sync
        elapsed = time.perf_counter() - started
        self.step = until
        self.seconds += elapsed
        return elapsed

    @torch.no_grad()
    def measures(self) -> Measured:
        """What can be said of the layer now, `[trials]` each; in the end more of it, and on more samples."""
        is_over = self.step == self.steps
        found = [
            part.measures(self._inputs.some(JUDGED if is_over else MONITORED), is_over=is_over) for part in self._parts
        ]
        return {name: torch.cat([one[name] for one in found]).cpu().double().numpy() for name in found[0]}  # sync


@dataclass(frozen=True)
class _Part:
    """A slice of the stack's trials: the layers below, its layer, and who teaches it."""

    trials: slice
    below: list[Coder]
    coder: Coder
    learner: Learner

    def measures(self, inputs: tuple[Tensor, Tensor], *, is_over: bool) -> dict[str, Tensor]:
        """The measures on samples of what is learned from and of what is not; the error is a mean over samples and units."""
        trials = len(self.coder.weights)
        train, held_out = (encoded(self.below, x.expand(trials, *x.shape)) for x in inputs)
        error = (self.coder.decode(self.coder.encode(held_out)) - held_out).square().mean(dim=(1, 2))
        samples = Samples(train, held_out)
        found = {RECONSTRUCTION_ERROR: error, **self.learner.measures(samples)}
        return {**found, **self.learner.judged(samples)} if is_over else found
