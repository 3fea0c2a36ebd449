"""Layer normalization."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from annotated_types import Gt

from dlbench.parts.layers.base import LAYERS, LayerContext, Shape, Stateless, Weight
from dlbench.parts.lazy import torch
from dlbench.parts.torch_code import TorchCode, arguments


@LAYERS.add()
class LayerNorm(Stateless):
    """Give every sample mean 0 and variance 1 over its own features, then scale and shift each feature (Ba et al. 2016).

    y = gamma (x - mean) / sqrt(variance + eps) + beta, mean and biased variance over all features of a sample, over channels,
    height and width of an image, or over the features of each step of a sequence. No batch is in it, so that training and
    test are the same.
    """

    def __init__(self, *, eps: Annotated[float, Gt(0)] = 1e-5) -> None:
        self.eps = eps

    def weights(self, shape: Shape) -> Mapping[str, Weight]:
        """`gamma` (ones) and `beta` (zeros), one for each number that is normalized."""
        own = _normalized(shape)
        fan = own[0]
        return {
            "gamma": Weight(own, fan, fan, {"kind": "constant", "value": 1.0}, is_bias=True),
            "beta": Weight(own, fan, fan, {"kind": "zeros"}, is_bias=True),
        }

    def as_torch(self, shape: Shape) -> TorchCode:
        """`nn.LayerNorm`."""
        given = arguments(_normalized(shape), eps=self.eps)
        return TorchCode(f"nn.LayerNorm({given})", weights=lambda own: {"weight": own["gamma"], "bias": own["beta"]})

    def forward(self, x: torch.Tensor, weights: Mapping[str, torch.Tensor], place: LayerContext) -> torch.Tensor:
        """Any `[trials, batch, ...]` to the same shape."""
        del place
        gamma, beta = weights["gamma"], weights["beta"]
        normal = torch.nn.functional.layer_norm(x, gamma.shape[1:], eps=self.eps)
        between = (1,) * (x.dim() - gamma.dim())
        return torch.addcmul(_spread(beta, between), normal, _spread(gamma, between))


def _normalized(shape: Shape) -> Shape:
    """What is normalized together: the features of `(time, features)`, else the whole sample."""
    return shape[1:] if len(shape) == 2 else shape


def _spread(weight: torch.Tensor, between: tuple[int, ...]) -> torch.Tensor:
    """`[trials, ...]` with axes between that broadcast over the batch, and over time."""
    return weight.view(len(weight), *between, *weight.shape[1:])
