"""Classes: each sample is of one of them, and the net says of which."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dlbench.parts.datasets.base import Source
from dlbench.parts.lazy import torch
from dlbench.parts.tasks.base import TASKS, Task

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor


@TASKS.add()
class Classification(Task):
    """Labels 0..classes-1: one output for two classes, else one a class; judged by the loss and by how many are told right."""

    metrics = ("loss", "accuracy")
    usual_loss = "cross_entropy"
    numbers = 2
    learns = "classes"

    @classmethod
    def usual_outputs(cls, source: Source) -> int:
        """One for two classes, else one a class."""
        return 1 if source.classes == 2 else source.classes

    def targets(self, labels: Tensor) -> Tensor:
        """Of a single output 0 and 1, `[trials, batch, 1]`; else labels as they are, or 1 at the class for losses of numbers."""
        if self.outputs == 1:
            return labels.unsqueeze(-1).float()
        if self.traits["takes"] == "labels":
            return labels
        return torch.nn.functional.one_hot(labels, self.outputs).float()

    def classes_of(self, targets: Tensor) -> Tensor:
        """Out of any of these forms."""
        if self.outputs == 1:
            return targets.squeeze(-1).long()
        return targets if self.traits["takes"] == "labels" else targets.argmax(dim=-1)

    def predicted(self, outputs: Tensor) -> Tensor:
        """The first of equal largest outputs counts; a single one says class 1 above its threshold."""
        if self.outputs > 1:
            return outputs.argmax(dim=-1)
        return (outputs > (0 if self.traits["logits"] else 0.5)).squeeze(-1).long()

    def judged(self, outputs: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """The loss of all samples, and how many are told right; the classes that are said."""
        predicted = self.predicted(outputs)
        losses = self.losses(outputs, self.targets(labels.expand(outputs.shape[0], -1))) * len(labels)
        return torch.stack([losses, (predicted == labels).sum(dim=1).to(losses.dtype)]), predicted

    def measured(self, sums: Tensor, samples: int) -> Tensor:
        """Mean loss, and the share of samples that are told right."""
        return sums / samples

    def chance(self, labels: NDArray[Any]) -> dict[str, float]:
        """The loss of guessing the shares of the classes, and the accuracy of always saying the largest."""
        counts = np.bincount(labels, minlength=self.source.classes).astype(np.float64)
        targets = np.arange(2.0)[:, None] if self.outputs == 1 else np.eye(self.source.classes, self.outputs)
        return {"loss": self.loss.guess(targets, counts), "accuracy": float(counts.max() / counts.sum())}
