"""The trials of a stack on paper: who they are, and the net that they share."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from dlbench.engine.loss import loss_for
from dlbench.engine.net import Net, Tensors, combine, sliced
from dlbench.parts.datasets import describe
from dlbench.parts.net import Block, outline
from dlbench.plan import Plan


class Stacked:
    """The trials of a plan's stack in their order, with their settings, and the blocks of their net.

    `blocks` stand for the whole stack: where numbers differ, they are tensors `[trials]`. `own_blocks` are those of each trial
    alone, with its inits.
    """

    def __init__(self, plan: Plan, index: int, device: torch.device) -> None:
        trials = [plan.trials[position] for position in plan.stacks[index].trials]
        self.ids = [trial.id for trial in trials]
        self.seeds = [trial.seed for trial in trials]
        self.variants = [trial.variant for trial in trials]
        self.settings = [plan.candidates[trial.candidate].settings for trial in trials]
        source = describe(self.settings[0]["data"])
        self.loss = loss_for(source.classes)
        self._device, self._shape = device, source.shape
        alone = {trial.candidate: position for position, trial in enumerate(trials)}
        outlines = {candidate: self._outline([position]) for candidate, position in alone.items()}
        self.own_blocks = [outlines[trial.candidate] for trial in trials]
        self.blocks = self._outline(range(len(trials)))

    def nets(self, tensors: Tensors, slices: int) -> list[Net]:
        """The nets of the stack in so many slices, over the rows of its tensors."""
        # A slice has layers of its own: numbers that differ by trial are those of its trials.
        every = range(len(self.ids))
        return [Net(self._outline(every[part]), tensors.rows(part)) for part in sliced(len(every), slices)]

    def _outline(self, positions: Sequence[int]) -> list[Block]:
        """The blocks of some of the trials."""
        models = [self.settings[position]["model"] for position in positions]
        return outline(combine(models, self._device), self._shape, self.loss.outputs)
