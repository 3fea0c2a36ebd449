"""Maxout: an activation that is learned."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from annotated_types import Ge

from dlbench.parts.arguments import Init, Settings
from dlbench.parts.layers.base import LAYERS, LayerContext, Shape, ShapeError, Stateless, Weight
from dlbench.parts.lazy import torch
from dlbench.parts.products import baddbmm, bmm
from dlbench.parts.torch_code import TorchCode, arguments, linear, without_bias

Pieces = Annotated[int, Ge(2)]


@LAYERS.add()
class MaxFeatures(Stateless):
    """Split the features (or the channels of an image) into `pieces` equal parts and keep the largest number at each position.

    y_j = max_k x_kj. After a convolution without activation it makes convolutional maxout (Goodfellow et al. 2013): of `channels =
    64`, `pieces = 2` leaves 32.

    pieces: how many features compete for each output.
    """

    def __init__(self, *, pieces: Pieces = 2) -> None:
        self.pieces = pieces

    def output(self, shape: Shape) -> Shape:
        """Features or channels divided by `pieces`; raises `ShapeError` where that does not come out even."""
        axis = _axis(shape)
        if shape[axis] % self.pieces:
            what = "channels" if len(shape) == 3 else "features"
            raise ShapeError(
                f"'max_features' cannot cut {shape}, with its {shape[axis]} {what}, in {self.pieces} equal pieces; "
                f"make them a multiple of {self.pieces}"
            )
        return (*shape[:axis], shape[axis] // self.pieces, *shape[axis + 1 :])

    def as_torch(self, shape: Shape) -> TorchCode:
        """The parts side by side, and the largest of them."""
        axis = _axis(shape)
        parts = (self.pieces, shape[axis] // self.pieces)
        return TorchCode(call=f"{{x}}.unflatten({1 + axis}, {parts}).amax(dim={1 + axis})")

    def forward(self, x: torch.Tensor, weights: Mapping[str, torch.Tensor], place: LayerContext) -> torch.Tensor:
        """`[trials, batch, ...]` to the same with fewer features or channels."""
        del weights, place
        return largest(x, 2 + _axis(x.shape[2:]), self.pieces)


@LAYERS.add()
class Maxout(Stateless):
    """Every unit is the largest of `pieces` linear ones: y_j = max_k (x W_k + b_k)_j (Goodfellow et al. 2013).

    `x` is `[trials, batch, fan_in]`, `W` is `[trials, fan_in, pieces * units]`: the pieces' matrices side by side, each drawn for
    itself, with the fans fan_in and units. It has no other activation; init and bias_init are the model's unless given.

    pieces: how many linear units compete in each unit.
    """

    def __init__(
        self,
        *,
        units: Annotated[int, Ge(1)],
        pieces: Pieces = 2,
        init: Init | None = None,
        bias: bool = True,
        bias_init: Init | None = None,
    ) -> None:
        self.units = units
        self.pieces = pieces
        self.init: Settings = init or {"kind": "torch_default"}
        self.bias = bias
        self.bias_init: Settings = bias_init or {"kind": "zeros"}

    def output(self, shape: Shape) -> Shape:
        """`(units,)`; raises `ShapeError` on anything but features."""
        if len(shape) != 1:
            raise ShapeError(f"'maxout' takes features, but gets {shape}; put {{ kind = \"flatten\" }} before it")
        return (self.units,)

    def weights(self, shape: Shape) -> Mapping[str, Weight]:
        """`W` of `(fan_in, pieces * units)` and, with bias, `b` of `(1, pieces * units)`."""
        (fan_in,) = shape
        width = self.pieces * self.units
        weights = {"weight": Weight((fan_in, width), fan_in, self.units, self.init, gates=self.pieces)}
        if self.bias:
            weights["bias"] = Weight((1, width), fan_in, self.units, self.bias_init, is_bias=True, gates=self.pieces)
        return weights

    def as_torch(self, shape: Shape) -> TorchCode:
        """One `nn.Linear` for all pieces, and the largest of them."""
        given = arguments(shape[0], self.pieces * self.units, bias=without_bias(self.bias))
        call = f"{{module}}({{x}}).unflatten(1, {(self.pieces, self.units)}).amax(dim=1)"
        return TorchCode(f"nn.Linear({given})", call, weights=linear)

    def forward(self, x: torch.Tensor, weights: Mapping[str, torch.Tensor], place: LayerContext) -> torch.Tensor:
        """`[trials, batch, fan_in]` to `[trials, batch, units]`."""
        del place
        return largest(self.pre_activation(x, weights), 2, self.pieces)

    def pre_activation(self, x: torch.Tensor, weights: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """x W + b of every piece, `[trials, batch, pieces * units]`."""
        if self.bias:
            return baddbmm(weights["bias"], x, weights["weight"])
        return bmm(x, weights["weight"])


def largest(x: torch.Tensor, axis: int, pieces: int) -> torch.Tensor:
    """The largest of the `pieces` parts of `axis`, place by place; where several are, they share the gradient."""
    return x.view(*x.shape[:axis], pieces, x.shape[axis] // pieces, *x.shape[axis + 1 :]).amax(axis)


def _axis(shape: Shape) -> int:
    """Where features or channels are: the last axis of `(time, features)`, else the first."""
    return 1 if len(shape) == 2 else 0
