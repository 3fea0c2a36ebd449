"""The loss that the data's classes ask for, trial by trial."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from dlbench.parts.elementwise import sigmoid


class Loss(Protocol):
    """What a task needs: its outputs, its targets, the loss, and the class that an output says."""

    outputs: int

    def targets(self, labels: Tensor) -> Tensor:
        """Labels (int64) in the form that `losses` wants."""

    def losses(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Mean loss over the batch, `[trials]`; with class weights, sum(w_t loss) / sum(w_t), t being a sample's class."""

    def gradient(self, logits: Tensor, targets: Tensor) -> Tensor:
        """The gradient of `losses` for the logits, in their shape."""

    def predicted(self, logits: Tensor) -> Tensor:
        """The class that each trial says of each sample, `[trials, batch]`."""


class Logistic:
    """Two classes: one logistic output, binary cross-entropy -[t log p + (1 - t) log(1 - p)], threshold p > 1/2.

    `weights` `[2]` weigh the samples by their class, as they would those of a softmax over (0, z).
    """

    outputs = 1

    def __init__(self, weights: Tensor | None = None) -> None:
        self._weights = weights

    def targets(self, labels: Tensor) -> Tensor:
        """`[trials, batch]` to floats `[trials, batch, 1]`."""
        return labels.unsqueeze(-1).float()

    def losses(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Binary cross-entropy from logits `[trials, batch, 1]`."""
        each = functional.binary_cross_entropy_with_logits(logits, targets, reduction="none")
        if self._weights is None:
            return each.mean(dim=(1, 2))
        return (each * _shares(self._weights, targets.long())).sum(dim=(1, 2))

    def gradient(self, logits: Tensor, targets: Tensor) -> Tensor:
        """(p - t) / batch, with p = sigmoid(z); with weights (p - t) w_t / sum(w_t)."""
        gradient = sigmoid(logits).sub_(targets)
        if self._weights is None:
            return gradient.div_(logits.shape[1])
        return gradient.mul_(_shares(self._weights, targets.long()))

    def predicted(self, logits: Tensor) -> Tensor:
        """Logits above 0 say class 1."""
        return (logits > 0).squeeze(-1).long()


class Softmax:
    """K classes: K outputs, cross-entropy -log softmax(z)_t, the largest logit wins.

    `weights` `[classes]` weigh the samples by their class, as torch.nn.CrossEntropyLoss(weight=...) does.
    """

    def __init__(self, classes: int, weights: Tensor | None = None) -> None:
        self.outputs = classes
        self._weights = weights

    def targets(self, labels: Tensor) -> Tensor:
        """Labels as they are, `[trials, batch]`."""
        return labels

    def losses(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Cross-entropy of logits `[trials, batch, classes]`."""
        trials, batch = targets.shape
        flat = functional.cross_entropy(logits.flatten(0, 1), targets.reshape(-1), reduction="none")
        each = flat.view(trials, batch)
        return each.mean(dim=1) if self._weights is None else (each * _shares(self._weights, targets)).sum(dim=1)

    def gradient(self, logits: Tensor, targets: Tensor) -> Tensor:
        """(p - [class is t]) / batch, with p = softmax(z); with weights times w_t / sum(w_t) instead of 1 / batch."""
        gradient = torch.softmax(logits, dim=-1)
        true = targets.unsqueeze(-1)
        gradient.scatter_add_(-1, true, gradient.new_full((), -1.0).expand(true.shape))
        if self._weights is None:
            return gradient.div_(logits.shape[1])
        return gradient.mul_(_shares(self._weights, true))

    def predicted(self, logits: Tensor) -> Tensor:
        """The first of equal largest logits counts."""
        return logits.argmax(dim=-1)


def _shares(weights: Tensor, labels: Tensor) -> Tensor:
    """What each sample of a batch counts, in the shape of its `labels` `[trials, batch, ...]`; a trial's sum to 1."""
    own = weights[labels]
    return own / own.sum(dim=1, keepdim=True)


def class_weights(asked: str | Sequence[float] | None, counts: Sequence[int]) -> list[float] | None:
    """The weights that `[train] class_weights` asks for, given how many training samples each class has.

    "balanced" is n / (classes * count), classes being those that have samples, as scikit-learn's `compute_class_weight`;
    what has none counts 0. `None` where nothing is asked for.
    """
    if asked is None:
        return None
    if not isinstance(asked, str):
        return list(asked)
    present = sum(count > 0 for count in counts)
    return [sum(counts) / (present * count) if count else 0.0 for count in counts]


def loss_for(classes: int, weights: Tensor | None = None) -> Loss:
    """One logistic unit for two classes, else a softmax over them; with `weights` `[classes]`, weighed by a sample's class."""
    return Logistic(weights) if classes == 2 else Softmax(classes, weights)
