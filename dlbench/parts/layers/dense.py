"""The fully connected layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from annotated_types import Ge

from dlbench.parts.activations import backward, bind, slope, torch_code
from dlbench.parts.arguments import Activation, Init, Settings
from dlbench.parts.layers.base import LAYERS, LayerContext, SavedForBackward, Shape, ShapeError, Stateless, Weight
from dlbench.parts.lazy import torch
from dlbench.parts.products import baddbmm, bmm, bmm_into
from dlbench.parts.torch_code import TorchCode, arguments, linear, without_bias


@LAYERS.add()
class Dense(Stateless):
    """Every output sees every input: y = f(x W + b).

    `x` is `[trials, batch, fan_in]`, `W` is `[trials, fan_in, units]`, `b` is `[trials, 1, units]`. Activation, init and
    bias_init are the model's unless given here.
    """

    def __init__(
        self,
        *,
        units: Annotated[int, Ge(1)],
        activation: Activation | None = None,
        init: Init | None = None,
        bias: bool = True,
        bias_init: Init | None = None,
    ) -> None:
        self.units = units
        self.activation: Settings = activation or {"kind": "identity"}
        self.activate = bind(self.activation)
        self.deactivate = backward(self.activation)
        self.init: Settings = init or {"kind": "torch_default"}
        self.bias = bias
        self.bias_init: Settings = bias_init or {"kind": "zeros"}

    def output(self, shape: Shape) -> Shape:
        """`(units,)`; raises `ShapeError` on anything but features."""
        if len(shape) != 1:
            raise ShapeError(f"'dense' takes features, but gets {shape}; put {{ kind = \"flatten\" }} before it")
        return (self.units,)

    def weights(self, shape: Shape) -> Mapping[str, Weight]:
        """`W` of `(fan_in, units)` and, with bias, `b` of `(1, units)`."""
        (fan_in,) = shape
        weights = {"weight": Weight((fan_in, self.units), fan_in, self.units, self.init, slope=slope(self.activation))}
        if self.bias:
            weights["bias"] = Weight((1, self.units), fan_in, self.units, self.bias_init, is_bias=True)
        return weights

    def forward(self, x: torch.Tensor, weights: Mapping[str, torch.Tensor], place: LayerContext) -> torch.Tensor:
        """`[trials, batch, fan_in]` to `[trials, batch, units]`."""
        del place
        return self.activate(self.pre_activation(x, weights))

    def pre_activation(self, x: torch.Tensor, weights: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """x W + b, one batched product for the whole stack."""
        if self.bias:
            return baddbmm(weights["bias"], x, weights["weight"])
        return bmm(x, weights["weight"])

    def as_torch(self, shape: Shape) -> TorchCode:
        """`nn.Linear`, and the activation."""
        given = arguments(shape[0], self.units, bias=without_bias(self.bias))
        return TorchCode(f"nn.Linear({given})", activation=torch_code(self.activation), weights=linear)

    def can_go_backward(self) -> bool:
        """Where its activation can."""
        return self.deactivate is not None

    def backward(
        self, gradient: torch.Tensor, passed: SavedForBackward, *, wants_input: bool
    ) -> tuple[torch.Tensor | None, list[torch.Tensor]]:
        """dW = x^T d and db = the sum of d over the batch, with d = dL/dy f'(x W + b); dx = d W^T."""
        assert self.deactivate is not None
        inner = self.deactivate(gradient, passed.y)
        product = passed.x.mT, inner
        gradients = [bmm_into(passed.gradients[0], *product) if passed.gradients else bmm(*product)]
        if self.bias:
            gradients.append(inner.sum(1, keepdim=True))
        return bmm(inner, passed.weights["weight"].mT) if wants_input else None, gradients
