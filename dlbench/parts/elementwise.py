"""Elementwise functions that give a number the same bits wherever in a tensor it stands, as long as that is on a CPU.

torch's own kernels compute whole vector registers by other formulas than the numbers that are left over at the end of a tensor
(for sigmoid, softplus, elu, selu, gelu and silu, not for tanh, exp or arithmetic). In a stack that end is the last trial's, so
that its bits would depend on how many trials lie before it. Here they are made of operations that know no such difference.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from dlbench.parts.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor


def sigmoid(x: Tensor) -> Tensor:
    """1 / (1 + exp(-x)), with a gradient where one is asked for."""
    if not x.is_cpu:
        return torch.sigmoid(x)
    if x.requires_grad and torch.is_grad_enabled():
        result: Tensor = _function().apply(x)
        return result
    return x.neg().exp_().add_(_one()).reciprocal_()


def sigmoid_(x: Tensor) -> Tensor:
    """The same in place, without a gradient."""
    return x.neg_().exp_().add_(_one()).reciprocal_() if x.is_cpu else x.sigmoid_()


def softplus(x: Tensor) -> Tensor:
    """log(1 + exp(x)) = -log sigmoid(-x), exact wherever it can be told from x."""
    return -torch.nn.functional.logsigmoid(-x)


@cache
def _one() -> Tensor:
    """1 as a tensor: to make one of a number at every call would take longer than the sum."""
    return torch.ones(())


@cache
def _function() -> Any:
    """Made when it is first needed: a class of torch's cannot be written down without importing torch."""

    class Sigmoid(torch.autograd.Function):
        """The way back is y (1 - y), out of y: that out of exp(-x) would multiply infinity by 0."""

        @staticmethod
        def forward(ctx: Any, x: Tensor) -> Tensor:
            y = sigmoid_(x.clone())
            ctx.save_for_backward(y)
            return y

        @staticmethod
        def backward(ctx: Any, gradient: Tensor) -> Tensor:
            (y,) = ctx.saved_tensors
            result: Tensor = torch.ops.aten.sigmoid_backward(gradient, y)
            return result

    return Sigmoid
