"""What a task is: targets, outputs, a loss and metrics, in one object that engine and recipe ask. Imports no torch.

A dataset says of which task it is (`Source.task`); the recipe may choose the loss and the output layer.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from copy import copy
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias

import numpy as np

from dlbench.catalog import Catalog
from dlbench.parts.arguments import Settings, given
from dlbench.parts.datasets.base import Source, TargetScale
from dlbench.parts.losses import LOSSES, Loss

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

Found: TypeAlias = tuple[tuple[str, ...], str]
"""The path of a recipe's key, and what is to be said of it."""

Link: TypeAlias = Literal["softmax", "sigmoid", "identity"]
"""From outputs to probabilities: of classes that exclude each other, of each by itself, or none."""


class Task(ABC):
    """What is learned of a dataset: `outputs` numbers a sample, which `loss` holds against its targets.

    `metrics` are what an evaluation tells of each split, the mean loss first. `weights` are what each class counts in what is
    learned, where the task has classes and the recipe asks for it; evaluations are never weighed.
    """

    learns: ClassVar[str]
    """What, in words."""
    metrics: ClassVar[tuple[str, ...]]
    decides: ClassVar[str]
    """The metric that variants are compared by where a recipe names none."""
    usual_loss: ClassVar[str]
    """The one that is meant where a recipe names none; it takes no arguments."""

    numbers: int
    """How many sums over samples its metrics are made of."""

    def __init__(self, source: Source, loss: Settings | None, units: int | None) -> None:
        """`units` are the output layer's, if the recipe says how many."""
        self.source = source
        self.settings = loss or {"kind": self.usual_loss}
        part = LOSSES[self.settings["kind"]]
        self.traits = part.traits
        self.loss: Loss = part.make(**given(self.settings))
        self.outputs = units or self.usual_outputs(source)
        self.weights: Tensor | None = None
        self.scale: TargetScale | None = None
        """How targets that are numbers were scaled before they were learned."""

    @property
    def kind(self) -> str:
        """Its name among the tasks."""
        return self.source.task

    @classmethod
    @abstractmethod
    def usual_outputs(cls, source: Source) -> int:
        """How many numbers a net puts out for a sample unless the recipe says otherwise."""

    @property
    def link(self) -> Link:
        """What makes of outputs what they stand for; the loss says whether they are logits, and of how many classes at once."""
        if not self.traits["logits"]:
            return "identity"
        return "softmax" if self.outputs > 1 and self.traits["takes"] == "labels" else "sigmoid"

    # --- learning ---------------------------------------------------------------------------------------------------

    @abstractmethod
    def targets(self, labels: Tensor) -> Tensor:
        """The labels of a batch `[trials, batch, ...]` in the form that the loss takes."""

    def losses(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Mean loss over the batch, `[trials]`; with class weights sum(w_t loss) / sum(w_t), t being a sample's class."""
        each, shares = self.loss.each(outputs, targets), self._shares(targets)
        return each.mean(dim=1) if shares is None else (each * shares).sum(dim=1)

    def gradient(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """The gradient of `losses` for the outputs `[trials, batch, outputs]`, in their shape."""
        gradient, shares = self.loss.gradient(outputs, targets), self._shares(targets)
        return gradient.div_(outputs.shape[1]) if shares is None else gradient.mul_(shares.unsqueeze(-1))

    def weighted(self, weights: Tensor | None) -> Task:
        """The same task, its samples weighed by their class; `[classes]`."""
        other = copy(self)
        other.weights = weights
        return other

    def scaled(self, scale: TargetScale | None) -> Task:
        """The same task, told in the units of targets that were scaled."""
        other = copy(self)
        other.scale = scale
        return other

    def _shares(self, targets: Tensor) -> Tensor | None:
        """What each sample of a batch counts, `[trials, batch]`, a trial's summing to 1; `None` where all count alike."""
        if self.weights is None:
            return None
        own = self.weights[self.classes_of(targets)]
        return own / own.sum(dim=1, keepdim=True)

    def classes_of(self, targets: Tensor) -> Tensor:
        """The classes that targets stand for, `[trials, batch]`, where the task has some."""
        raise NotImplementedError

    # --- judging ----------------------------------------------------------------------------------------------------

    @abstractmethod
    def judged(self, outputs: Tensor, labels: Tensor) -> tuple[Tensor, Tensor | None]:
        """What its metrics are made of, summed over a batch with labels `[batch, ...]`, and what each trial says of each sample.

        The sums are `[numbers, trials]`, the answers classes `[trials, batch]`; `None` where the task has none.
        """

    @abstractmethod
    def measured(self, sums: Tensor, samples: int) -> Tensor:
        """`metrics` `[metrics, trials]` out of the sums over so many samples."""

    @abstractmethod
    def chance(self, labels: NDArray[Any]) -> dict[str, float]:
        """What knowing all training labels `[samples, ...]`, and no input, comes to at best, by some of the metrics.

        `blind_loss`, where it is there, is the loss of one that does not even know how frequent each class is.
        """

    # --- a recipe that asks for it ------------------------------------------------------------------------------------

    def mistakes(self, settings: dict[str, Any]) -> Iterator[Found]:
        """What cannot run: a loss for another task, an output layer that the targets do not fit."""
        if self.kind not in self.traits["tasks"]:
            *others, last = [f"'{part.name}'" for part in LOSSES if self.kind in part.traits["tasks"]]
            ways = f"{', '.join(others)} or {last}"
            yield ("train", "loss"), f"'{self.settings['kind']}' is not a loss for {self.learns}; take {ways}"
        del settings

    def notes(self, settings: dict[str, Any]) -> Iterator[Found]:
        """What runs, and is hardly meant."""
        del settings
        yield from ()


TASKS: Catalog[type[Task]] = Catalog(
    "tasks", title="what is learned: targets, loss and metrics; it follows from the data"
)


def task_of(source: Source, settings: dict[str, Any]) -> Task:
    """What a candidate with these settings learns of its data."""
    return TASKS[source.task].make(source, settings["train"].get("loss"), settings["model"]["output"].get("units"))


def class_weights(asked: str | Sequence[float] | None, counts: Sequence[int]) -> list[float] | None:
    """The weights that `[train] class_weights` asks for, given how many training samples each class has.

    "balanced" is n / (classes * count), classes being those that have samples, as scikit-learn's `compute_class_weight`;
    what has none counts 0. `None` where nothing is asked for.
    """
    if asked is None:
        return None
    if not isinstance(asked, str):
        return list(asked)
    present = np.count_nonzero(counts)
    return [sum(counts) / (int(present) * count) if count else 0.0 for count in counts]
