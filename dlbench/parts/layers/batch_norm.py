"""Batch normalization."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import prod
from typing import Annotated

from annotated_types import Gt, Interval

from dlbench.parts.layers.base import LAYERS, Buffer, LayerContext, Shape, Stateless, Weight
from dlbench.parts.lazy import torch
from dlbench.parts.torch_code import Arrays, TorchCode, arguments


@LAYERS.add()
class BatchNorm(Stateless):
    """Give every feature (every channel of an image) mean 0 and variance 1 over the batch, then scale and shift it.

    y = gamma (x - mean) / sqrt(variance + eps) + beta, with the batch's biased variance while training and running
    averages at test (Ioffe & Szegedy 2015, algorithm 1). `momentum` is torch's: the share of the new batch in the running
    average, whose variance is the unbiased one.

    momentum: the share of the new batch in the running averages, as in torch.
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

    def as_torch(self, shape: Shape) -> TorchCode:
        """`nn.BatchNorm1d` of features, `nn.BatchNorm2d` of images."""
        given = arguments(shape[0], eps=self.eps, momentum=self.momentum)
        return TorchCode(f"nn.BatchNorm{2 if len(shape) == 3 else 1}d({given})", weights=_as_torch)

    def forward(self, x: torch.Tensor, weights: Mapping[str, torch.Tensor], place: LayerContext) -> torch.Tensor:
        """Features or images `[trials, batch, features, ...]` to the same shape."""
        if x.device.type != "cpu":
            return self._folded(x, weights, place)
        if x.dim() == 3 and (x.shape[1] > 1 or not place.training):
            return self._of_features(x, weights, place)
        # torch's kernels put what they sum up together by the number of channels: each trial goes through them alone.
        rows = [slice(trial, trial + 1) for trial in range(len(x))]
        alone = [
            self._folded(x[row], {name: own[row] for name, own in weights.items()}, _seen(place, row)) for row in rows
        ]
        return alone[0] if len(alone) == 1 else torch.cat(alone)

    def _of_features(self, x: torch.Tensor, weights: Mapping[str, torch.Tensor], place: LayerContext) -> torch.Tensor:
        """The formula as it stands, for `[trials, batch, features]`: sums over the batch know no neighbours."""
        running_mean, running_variance = place.buffers["mean"], place.buffers["variance"]
        x = x.to(running_mean.dtype)  # under autocast it may be narrower
        if place.training:
            batch = x.shape[1]
            mean = x.mean(dim=1, keepdim=True)
            centred = x - mean
            variance = centred.square().mean(dim=1, keepdim=True)
            running_mean.lerp_(mean.detach().squeeze(1), self.momentum)
            running_variance.lerp_(variance.detach().squeeze(1) * (batch / (batch - 1)), self.momentum)
        else:
            centred, variance = x - running_mean.unsqueeze(1), running_variance.unsqueeze(1)
        scale = weights["gamma"].unsqueeze(1) * torch.rsqrt(variance + self.eps)
        return torch.addcmul(weights["beta"].unsqueeze(1), centred, scale)

    def _folded(self, x: torch.Tensor, weights: Mapping[str, torch.Tensor], place: LayerContext) -> torch.Tensor:
        """Trials are folded into the features, so that torch's own kernel normalizes the whole stack at once."""
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


def _as_torch(own: Arrays) -> Arrays:
    names = {"gamma": "weight", "beta": "bias", "mean": "running_mean", "variance": "running_var"}
    return {names[name]: array for name, array in own.items()}


def _seen(place: LayerContext, row: slice) -> LayerContext:
    """The place of one trial, whose buffers are changed where they are."""
    return replace(place, buffers={name: own[row] for name, own in place.buffers.items()})
