"""Batch normalization."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Annotated

from annotated_types import Gt, Interval

from dlbench.parts.layers.base import LAYERS, Buffer, Place, Shape, Stateless, Weight
from dlbench.parts.lazy import torch


@LAYERS.add()
class BatchNorm(Stateless):
    """Give every feature (every channel of an image) mean 0 and variance 1 over the batch, then scale and shift it.

    y = gamma (x - mean) / sqrt(variance + eps) + beta, with the batch's biased variance while training and running
    averages at test (Ioffe & Szegedy 2015, algorithm 1). `momentum` is torch's: the share of the new batch in the running
    average, whose variance is the unbiased one.
    """

    def __init__(
        self,
        *,
        momentum: Annotated[float, Interval(gt=0, le=1)] = 0.1,
        eps: Annotated[float, Gt(0)] = 1e-5,
    ) -> None:
        self.momentum = momentum
        self.eps = eps

    def weights(self, shape: Shape) -> Mapping[str, Weight]:
        """`gamma` (ones) and `beta` (zeros), one a feature or channel."""
        features = shape[0]
        return {
            "gamma": Weight((features,), features, features, {"kind": "constant", "value": 1.0}, is_bias=True),
            "beta": Weight((features,), features, features, {"kind": "zeros"}, is_bias=True),
        }

    def buffers(self, shape: Shape) -> Mapping[str, Buffer]:
        """The running mean and variance."""
        return {"mean": Buffer((shape[0],), 0.0), "variance": Buffer((shape[0],), 1.0)}

    def smallest_batch(self, shape: Shape) -> int:
        """A single value has no variance: two samples, or one with several places."""
        return 1 if prod(shape[1:]) > 1 else 2

    def forward(self, x: torch.Tensor, weights: Mapping[str, torch.Tensor], place: Place) -> torch.Tensor:
        """`[trials, batch, features]` or `[trials, batch, channels, height, width]` to the same shape.

        Trials are folded into the features, so that torch's own kernel normalizes the whole stack at once.
        """
        trials, batch, features = x.shape[:3]
        folded = x.transpose(0, 1).reshape(batch, trials * features, *x.shape[3:])
        normal = torch.nn.functional.batch_norm(
            folded,
            place.buffers["mean"].view(-1),
            place.buffers["variance"].view(-1),
            weights["gamma"].reshape(-1),
            weights["beta"].reshape(-1),
            training=place.training,
            momentum=self.momentum,
            eps=self.eps,
        )
        return normal.view(batch, trials, features, *x.shape[3:]).transpose(0, 1)
