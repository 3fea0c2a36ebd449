"""Classes: each sample is of one of them, and the net says of which."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from dlbench.parts.datasets.base import Source
from dlbench.parts.lazy import torch
from dlbench.parts.tasks.base import TASKS, Found, Task

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor


@TASKS.add()
class Classification(Task):
    """Labels 0..classes-1: one output for two classes, else one a class; judged by the loss and by how many are told right."""

    metrics = ("loss", "accuracy")
    decides = "test_accuracy"
    usual_loss = "cross_entropy"
    numbers = 2
    learns = "classes"
    fitting = ("sigmoid", "softmax")
    """Activations between 0 and 1, where the targets of losses of numbers lie."""

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

    def mistakes(self, settings: dict[str, Any]) -> Iterator[Found]:
        """Fewer outputs than classes, but for the one that tells two apart."""
        yield from super().mistakes(settings)
        classes = self.source.classes
        if self.outputs < classes and self.outputs != self.usual_outputs(self.source):
            what = f"{_units(self.outputs)} cannot tell {classes} classes apart"
            yield ("model", "output", "units"), f"{what}; it takes {classes}, or leave 'units' out"

    def notes(self, settings: dict[str, Any]) -> Iterator[Found]:
        """An activation that the loss does not expect, and outputs that are never right."""
        kind, classes = settings["model"]["output"].get("activation", {}).get("kind", "identity"), self.source.classes
        if kind != "identity" and self.traits["logits"]:
            what = f"'{self.settings['kind']}' takes plain sums and puts a {self.link} behind them itself"
            yield ("model", "output", "activation"), f"{what}; behind '{kind}' they are no longer plain"
        elif kind not in {"identity", *self.fitting}:
            what = f"the targets are 0 and 1, and '{kind}' does not go from 0 to 1"
            yield ("model", "output", "activation"), f"{what} as {' and '.join(map(repr, self.fitting))} do"
        if self.outputs > max(classes, self.usual_outputs(self.source)):
            yield (
                ("model", "output", "units"),
                f"{_units(self.outputs)} for {classes} classes: the last ones are never right",
            )

    def chance(self, labels: NDArray[Any]) -> dict[str, float]:
        """The loss of guessing the shares of the classes, and as if they were equal; the accuracy of always saying the largest."""
        counts = np.bincount(labels, minlength=self.source.classes).astype(np.float64)
        targets = np.arange(2.0)[:, None] if self.outputs == 1 else np.eye(self.source.classes, self.outputs)
        blind = self.loss.guess(targets, np.ones_like(counts))
        return {
            "loss": self.loss.guess(targets, counts),
            "accuracy": float(counts.max() / counts.sum()),
            "blind_loss": blind,
        }


def _units(count: int) -> str:
    return f"{count} output unit{'s' if count != 1 else ''}"
