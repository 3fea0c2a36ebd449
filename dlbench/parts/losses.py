"""Losses: what each sample costs, which way its outputs should move, and what the best constant output costs.

Which samples count how much is the task's (`dlbench.parts.tasks`); here a batch is neither averaged nor weighed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Protocol, TypeAlias

import numpy as np
from annotated_types import Gt
from numpy.typing import NDArray

from dlbench.catalog import Catalog
from dlbench.parts.elementwise import sigmoid
from dlbench.parts.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor

Targets: TypeAlias = NDArray[np.float64]
"""Different targets `[targets, outputs]`."""
Counts: TypeAlias = NDArray[np.float64]
"""How many samples have each of them, `[targets]`."""


class Loss(Protocol):
    """What is learned by: outputs are `[trials, batch, outputs]`, in targets' terms or as logits, as the traits say."""

    def each(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """What each sample costs, `[trials, batch]`."""

    def gradient(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """The gradient of each sample's own cost for its outputs, in their shape: a new tensor."""

    def guess(self, targets: Targets, counts: Counts) -> float:
        """The lowest mean cost of one output for all samples: what guessing costs that knows how often each target is."""


LOSSES: Catalog[type[Loss]] = Catalog("losses", title="what training minimizes")
"""Trait `tasks`: the names of the tasks that it is for. Trait `takes`: "labels" (int64 `[trials, batch]`; of a single output
floats 0 and 1, `[trials, batch, 1]`) or "numbers" (floats in the shape of the outputs). Trait `logits`: whether it turns outputs
into probabilities itself, so that 0 is the threshold of a single one; else that is halfway between the targets."""


@LOSSES.add(tasks=("classification",), takes="labels", logits=True)
class CrossEntropy:
    """-log softmax(z)_t of logits z, or of one logit -[t log p + (1 - t) log(1 - p)] with p = sigmoid(z)."""

    def each(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Cross-entropy of logits, from logits."""
        if outputs.shape[-1] == 1:
            return _binary(outputs, targets).squeeze(-1)
        trials, batch = targets.shape
        flat = torch.nn.functional.cross_entropy(outputs.flatten(0, 1), targets.reshape(-1), reduction="none")
        return flat.view(trials, batch)

    def gradient(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """p - [class is t]; of one logit p - t."""
        if outputs.shape[-1] == 1:
            return sigmoid(outputs).sub_(targets)
        gradient = torch.softmax(outputs, dim=-1)
        true = targets.unsqueeze(-1)
        return gradient.scatter_add_(-1, true, gradient.new_full((), -1.0).expand(true.shape))

    def guess(self, targets: Targets, counts: Counts) -> float:
        """The entropy -sum(p ln p) of the shares p of the targets (Gibbs' inequality)."""
        del targets
        shares = counts[counts > 0] / counts.sum()
        return float(-(shares * np.log(shares)).sum())


@LOSSES.add(tasks=("classification",), takes="numbers", logits=True)
class Bce:
    """Binary cross-entropy of a logistic unit a class, each against 1 for its class and 0 for others; the mean over the units."""

    def each(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """-[t log p + (1 - t) log(1 - p)] with p = sigmoid(z), as torch.nn.BCEWithLogitsLoss."""
        return _binary(outputs, targets).mean(dim=-1)

    def gradient(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """(p - t) / outputs."""
        return sigmoid(outputs).sub_(targets).div_(outputs.shape[-1])

    def guess(self, targets: Targets, counts: Counts) -> float:
        """The mean over the units of the entropy of how often each is 1."""
        means = _means(targets, counts)
        sides = np.stack([means, 1 - means])
        return float(-(sides * np.log(sides, where=sides > 0, out=np.zeros_like(sides))).sum(axis=0).mean())


@LOSSES.add(tasks=("classification", "regression"), takes="numbers", logits=False)
class Mse:
    """The squared error (y - t)^2, the mean over the outputs; of classes t is 1 for the own one and 0 for others."""

    def each(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """(y - t)^2, as torch.nn.MSELoss."""
        return (outputs - targets).square_().mean(dim=-1)

    def gradient(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """2 (y - t) / outputs."""
        return (outputs - targets).mul_(2 / outputs.shape[-1])

    def guess(self, targets: Targets, counts: Counts) -> float:
        """The variance of the targets: their mean is the best constant."""
        return float(np.average((targets - _means(targets, counts)) ** 2, axis=0, weights=counts).mean())


@LOSSES.add(tasks=("regression",), takes="numbers", logits=False)
class L1:
    """The absolute error |y - t|, the mean over the outputs: an outlier pulls no harder than any other sample."""

    def each(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """|y - t|, as torch.nn.L1Loss."""
        return (outputs - targets).abs_().mean(dim=-1)

    def gradient(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """The sign of y - t over the outputs, 0 at t."""
        return (outputs - targets).sign_().div_(outputs.shape[-1])

    def guess(self, targets: Targets, counts: Counts) -> float:
        """The mean distance to the median, which is the best constant."""
        found = [_median(column, counts) for column in targets.T]
        return float(np.average(np.abs(targets - np.array(found)), axis=0, weights=counts).mean())


@LOSSES.add(tasks=("regression",), takes="numbers", logits=False)
class Huber:
    """(y - t)^2 / 2 where that is below `delta`, else delta (|y - t| - delta / 2), the mean over the outputs (Huber 1964).

    delta: the error at which the parabola becomes a line.
    """

    def __init__(self, *, delta: Annotated[float, Gt(0)] = 1.0) -> None:
        self.delta = delta

    def each(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Squared near the target and straight beyond `delta`, as torch.nn.HuberLoss."""
        distance = (outputs - targets).abs_()
        near = distance.clamp(max=self.delta)
        return (near * (distance - near / 2)).mean(dim=-1)

    def gradient(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """y - t, no farther from 0 than `delta`, over the outputs."""
        return (outputs - targets).clamp_(-self.delta, self.delta).div_(outputs.shape[-1])

    def guess(self, targets: Targets, counts: Counts) -> float:
        """At the constant where the gradients cancel out, found by bisection: their sum only falls as the constant rises."""
        low, high = targets.min(axis=0), targets.max(axis=0)
        for _ in range(_BISECTIONS):
            middle = (low + high) / 2
            pull = counts @ np.clip(targets - middle, -self.delta, self.delta)
            low, high = np.where(pull > 0, middle, low), np.where(pull > 0, high, middle)
        distance = np.abs(targets - (low + high) / 2)
        near = np.minimum(distance, self.delta)
        return float(np.average(near * (distance - near / 2), axis=0, weights=counts).mean())


_BISECTIONS = 64
"""After so many halves nothing is left of a range in double precision."""


def _binary(outputs: Tensor, targets: Tensor) -> Tensor:
    result: Tensor = torch.nn.functional.binary_cross_entropy_with_logits(outputs, targets, reduction="none")
    return result


def _means(targets: Targets, counts: Counts) -> Targets:
    means: Targets = np.average(targets, axis=0, weights=counts)
    return means


def _median(values: Targets, counts: Counts) -> float:
    """The least value with at least half of the samples at or below it."""
    order = np.argsort(values)
    below = np.cumsum(counts[order])
    return float(values[order][np.searchsorted(below, below[-1] / 2)])
