"""Numbers: each sample has some, and the net says how large they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from dlbench.parts.activations import bounds
from dlbench.parts.arguments import Settings
from dlbench.parts.datasets.base import Source
from dlbench.parts.lazy import torch
from dlbench.parts.tasks.base import TASKS, Found, Task

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

NO_SPREAD = 1e-14
"""Of the mean square: a smaller variance is rounding, since different float32 numbers are farther apart."""


@TASKS.add()
class Regression(Task):
    """Numbers, an output each: judged by the loss, and in their own units by RMSE, mean absolute error and R2.

    Of several targets each metric is the mean over them, as in scikit-learn.
    """

    metrics = ("loss", "rmse", "mae", "r2")
    decides = "test_rmse"
    usual_loss = "mse"
    learns = "numbers"

    def __init__(self, source: Source, loss: Settings | None, units: int | None) -> None:
        super().__init__(source, loss, units)
        self.numbers = 1 + 4 * len(source.targets)

    @classmethod
    def usual_outputs(cls, source: Source) -> int:
        """One a target."""
        return len(source.targets)

    def targets(self, labels: Tensor) -> Tensor:
        """The numbers as they are, `[trials, batch, targets]`."""
        return labels

    def judged(self, outputs: Tensor, labels: Tensor) -> tuple[Tensor, None]:
        """The loss; of each target squared and absolute errors, the targets and their squares, which R2 needs."""
        trials, samples = outputs.shape[0], len(labels)
        losses = self.losses(outputs, labels.expand(trials, *labels.shape)) * samples
        exact = torch.float32 if outputs.device.type == "mps" else torch.float64
        errors, own = (outputs - labels).to(exact), labels.to(exact)
        squares, distances = errors.square().sum(dim=1), errors.abs().sum(dim=1)
        of_targets = torch.stack([own.sum(dim=0), own.square().sum(dim=0)]).flatten().expand(trials, -1)
        return torch.cat([losses.to(exact).unsqueeze(1), squares, distances, of_targets], dim=1).T, None

    def measured(self, sums: Tensor, samples: int) -> Tensor:
        """Mean loss, RMSE and mean absolute error in the targets' own units, R2 = 1 - squared errors / squares around the mean.

        Where all samples have one target R2 is 1 if they are told right, else 0, as in scikit-learn.
        """
        means, width = sums / samples, len(self.source.targets)
        loss, (squares, distances, mean, second) = means[0], means[1:].view(4, width, -1)
        unit = squares.new_ones(len(squares)) if self.scale is None else squares.new_tensor(self.scale.unit)
        around = second - mean.square()
        ratio = torch.where(around > NO_SPREAD * second, squares / around, (squares > 0).to(squares.dtype))
        rmse, mae = (unit @ each / len(unit) for each in (squares.sqrt(), distances))
        return torch.stack([loss, rmse, mae, 1 - ratio.mean(dim=0)])

    def chance(self, labels: NDArray[Any]) -> dict[str, float]:
        """The best constants by the loss: the mean (its RMSE is the deviation, its R2 is 0), or the median for absolute errors."""
        y, every = labels.astype(np.float64), np.ones(len(labels))
        unit = np.ones(y.shape[1]) if self.scale is None else self.scale.unit
        distance = np.abs(y - np.median(y, axis=0)).mean(axis=0)
        return {
            "loss": self.loss.guess(y, every),
            "rmse": float((y.std(axis=0) * unit).mean()),
            "mae": float((distance * unit).mean()),
            "r2": 0.0,
        }

    def mistakes(self, settings: dict[str, Any]) -> Iterator[Found]:
        """What only classes have, and outputs that are not one a target."""
        yield from super().mistakes(settings)
        if settings["train"].get("class_weights") is not None:
            yield ("train", "class_weights"), "weigh classes, but the target is numbers; leave them out"
        if self.outputs != (wanted := self.usual_outputs(self.source)):
            targets = "is 1 target" if wanted == 1 else f"are {wanted} targets"
            what = f"the output layer has {self.outputs} unit{'s' * (self.outputs != 1)}, but there {targets}"
            yield ("model", "output", "units"), f"{what}; leave 'units' out"

    def notes(self, settings: dict[str, Any]) -> Iterator[Found]:
        """An activation that keeps outputs from going where targets go."""
        activation = settings["model"]["output"].get("activation", {"kind": "identity"})
        low, high = bounds(activation)
        if low is not None or high is not None:
            ends = " and ".join(
                f"{side} {end:g}" for side, end in (("above", low), ("below", high)) if isinstance(end, (int, float))
            )
            what = f"'{activation['kind']}' keeps what is said {ends or 'on one side'}, where targets that are numbers do not stay"
            yield ("model", "output", "activation"), what
