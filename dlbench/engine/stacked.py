"""The trials of a stack on paper: who they are, and the net that they share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from dlbench.engine.batches import Data, FullBatch, MiniBatches, batches
from dlbench.engine.devices import allow_tf32
from dlbench.engine.slices import sliced
from dlbench.engine.stacked_net import Net, Tensors
from dlbench.engine.step_clock import STOPPED, StepClock
from dlbench.parts.datasets import describe
from dlbench.parts.datasets.base import TargetScale
from dlbench.parts.outline import Block, outline
from dlbench.parts.tasks import Task, class_weights, task_of
from dlbench.plan import Plan


class Stacked:
    """The trials of a plan's stack in their order, with their settings, and the blocks of their net.

    `blocks` stand for the whole stack: where numbers differ, they are tensors `[trials]`. `own_blocks` are those of each trial
    alone, with its inits.
    """

    def __init__(self, plan: Plan, index: int, device: torch.device, scale: TargetScale | None = None) -> None:
        """`scale` is that of targets which are numbers."""
        trials = [plan.trials[position] for position in plan.stacks[index].trials]
        self.ids = [trial.id for trial in trials]
        self.seeds = [trial.seed for trial in trials]
        self.variants = [trial.variant for trial in trials]
        self.settings = [plan.candidates[trial.candidate].settings for trial in trials]
        source = describe(self.settings[0]["data"])
        self.classes, self._names = source.classes, list(source.names)
        self.task = task_of(source, self.settings[0]).scaled(scale)
        self._device, self._shape = device, source.shape
        alone = {trial.candidate: position for position, trial in enumerate(trials)}
        outlines = {candidate: self._outline([position]) for candidate, position in alone.items()}
        self.own_blocks = [outlines[trial.candidate] for trial in trials]
        self.blocks = self._outline(range(len(trials)))

    def nets(self, tensors: Tensors, slices: int, clock: StepClock = STOPPED) -> list[Net]:
        """The nets of the stack in so many slices, over the rows of its tensors."""
        # A slice has layers of its own: numbers that differ by trial are those of its trials.
        every = range(len(self.ids))
        parts = [every[part] for part in sliced(len(every), slices)]
        precision = self.settings[0]["train"].get("precision", "float32")
        allow_tf32(self._device, allowed=precision == "tf32")  # the stack before may have had another
        narrow = torch.bfloat16 if precision == "bfloat16" else None
        return [
            Net(self._outline(part), tensors.rows(slice(part.start, part.stop)), clock, narrow=narrow) for part in parts
        ]

    def facts_of(self, data: Data) -> dict[str, Any]:
        """Facts of the data that the stack trains on: sample counts of the splits, the classes in each, what guessing costs."""
        chance = self.task.chance(data.train.labels.cpu().numpy())
        counts = data.class_counts(self.classes) if self.classes else None
        classes = {"classes": self.classes or None, "class_names": self._names, "class_counts": counts}
        return {**data.sizes, "task": self.task.kind, "chance": chance, **classes}

    def batches(self, data: Data) -> FullBatch | MiniBatches:
        """What each trial sees of the training data, step by step."""
        train = self.settings[0]["train"]
        return batches(data.train, self.seeds, train["batch_size"], drop_last=train.get("drop_last", False))

    def learned(self, data: Data) -> Task:
        """What is learned by: the task, with the class weights that `[train]` asks for."""
        asked = self.settings[0]["train"].get("class_weights")
        counts = data.class_counts(self.classes)["train"] if asked else None
        weights = None if counts is None else class_weights(asked, counts)
        return self.task if weights is None else self.task.weighted(torch.tensor(weights, device=self._device))

    def _outline(self, positions: Sequence[int]) -> list[Block]:
        """The blocks of some of the trials."""
        models = [self.settings[position]["model"] for position in positions]
        return outline(combine(models, self._device), self._shape, self.task.outputs)


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
