"""The loss that the data's classes ask for, trial by trial."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional


class Loss(Protocol):
    """What a task needs: its outputs, its targets, the loss and the share of right answers."""

    outputs: int

    def targets(self, labels: Tensor) -> Tensor:
        """Labels (int64) in the form that `losses` wants."""

    def losses(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Mean loss over the batch, `[trials]`."""

    def gradient(self, logits: Tensor, targets: Tensor) -> Tensor:
        """The gradient of `losses` for the logits, in their shape."""

    def right(self, logits: Tensor, targets: Tensor) -> Tensor:
        """How many samples of the batch are classified rightly, `[trials]`."""


class Logistic:
    """Two classes: one logistic output, binary cross-entropy -[t log p + (1 - t) log(1 - p)], threshold p > 1/2."""

    outputs = 1

    def targets(self, labels: Tensor) -> Tensor:
        """`[trials, batch]` to floats `[trials, batch, 1]`."""
        return labels.unsqueeze(-1).float()

    def losses(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Binary cross-entropy from logits `[trials, batch, 1]`."""
        return functional.binary_cross_entropy_with_logits(logits, targets, reduction="none").mean(dim=(1, 2))

    def gradient(self, logits: Tensor, targets: Tensor) -> Tensor:
        """(p - t) / batch, with p = sigmoid(z)."""
        return torch.sigmoid(logits).sub_(targets).div_(logits.shape[1])

    def right(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Logits above 0 say class 1."""
        return ((logits > 0) == (targets > 0.5)).sum(dim=(1, 2))


class Softmax:
    """K classes: K outputs, cross-entropy -log softmax(z)_t, the largest logit wins."""

    def __init__(self, classes: int) -> None:
        self.outputs = classes

    def targets(self, labels: Tensor) -> Tensor:
        """Labels as they are, `[trials, batch]`."""
        return labels

    def losses(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Cross-entropy of logits `[trials, batch, classes]`."""
        trials, batch = targets.shape
        flat = functional.cross_entropy(logits.flatten(0, 1), targets.reshape(-1), reduction="none")
        return flat.view(trials, batch).mean(dim=1)

    def gradient(self, logits: Tensor, targets: Tensor) -> Tensor:
        """(p - [class is t]) / batch, with p = softmax(z)."""
        gradient = torch.softmax(logits, dim=-1)
        true = targets.unsqueeze(-1)
        return gradient.scatter_add_(-1, true, gradient.new_full((), -1.0).expand(true.shape)).div_(logits.shape[1])

    def right(self, logits: Tensor, targets: Tensor) -> Tensor:
        """The first of equal largest logits counts."""
        return (logits.argmax(dim=-1) == targets).sum(dim=1)


def loss_for(classes: int) -> Loss:
    """One logistic unit for two classes, else a softmax over them."""
    return Logistic() if classes == 2 else Softmax(classes)
