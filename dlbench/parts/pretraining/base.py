"""What pre-training is: hidden layers learn from the data without labels, greedily from the input up, before the training."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, Protocol, TypeAlias

from annotated_types import Ge, Gt, Lt

from dlbench.catalog import Catalog
from dlbench.parts.arguments import Number
from dlbench.parts.lazy import torch
from dlbench.parts.pretraining.coder import Coder

Streams: TypeAlias = Callable[[str], Sequence["torch.Generator"]]
"""The generators of a layer's trials for a purpose, each time from their beginning."""


@dataclass(frozen=True)
class Samples:
    """What a layer is measured on: its inputs for samples it learns from, and for held-out ones, `[trials, samples, visible]`."""

    train: torch.Tensor
    held_out: torch.Tensor


class Learner(Protocol):
    """A layer while it learns: what one step does, and what can be said of it besides its reconstruction error."""

    def step(self, x: torch.Tensor, momentum: float) -> None:
        """Change the layer by one batch `[trials, batch, visible]`."""

    def measures(self, samples: Samples) -> dict[str, torch.Tensor]:
        """Measures by their names, `[trials]` each; draws nothing that steps would draw."""

    def judged(self, samples: Samples) -> dict[str, torch.Tensor]:
        """What is worth knowing only once, when the layer has learned."""


@dataclass(frozen=True, kw_only=True)
class Pretraining(ABC):
    """The budget, in the words that every way of pre-training shares; its own docstring says what they mean.

    layers: how many hidden layers learn so, counted from the input; all unless given.
    epochs: how many epochs each layer learns.
    batch_size: how many samples a step takes.
    lr: the learning rate.
    momentum: the momentum at first.
    final_momentum: the momentum after `momentum_epochs`.
    momentum_epochs: after how many epochs the momentum changes.
    weight_cost: this times the weight is taken off its gradient.
    std: the deviation of the normal numbers that weights start from.
    visible: what the inputs are: "bernoulli" of numbers in 0..1, "gaussian" of others.
    unlabelled: "all" learns from the samples that `limit` leaves out too.
    """

    layers: Annotated[int, Ge(1)] | None = None
    epochs: Annotated[int, Ge(1)] = 10
    batch_size: Annotated[int, Ge(1)] = 100
    lr: Annotated[Number, Gt(0)] = 0.1
    momentum: Annotated[float, Ge(0), Lt(1)] = 0.5
    final_momentum: Annotated[float, Ge(0), Lt(1)] = 0.9
    momentum_epochs: Annotated[int, Ge(0)] = 5
    weight_cost: Annotated[Number, Ge(0)] = 0.0002
    std: Annotated[Number, Ge(0)] = 0.01
    visible: Literal["bernoulli", "gaussian"] = "bernoulli"
    unlabelled: Literal["none", "all"] = "none"

    @property
    def has_momentum(self) -> bool:
        """Whether any step has some."""
        return bool(self.momentum or self.final_momentum)

    @abstractmethod
    def learner(self, coder: Coder, streams: Streams) -> Learner:
        """The learner that changes `coder` in place, with the layer's own random streams."""

    @abstractmethod
    def flops(self, visible: int, hidden: int) -> float:
        """Floating point operations of one step of one trial, for each sample of the batch."""


PRETRAINING: Catalog[type[Pretraining]] = Catalog(
    "pretraining", title="how hidden layers learn without labels before training"
)
