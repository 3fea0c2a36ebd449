"""The matrix products of a dense net and nothing else: what no engine on this machine can undercut."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor

from benchmarks import mnist
from benchmarks.timer import Timer


def run(lap: Timer, *, trials: int, steps: int, needless: bool) -> None:
    """The products of 784-256-256-10 for `trials` nets at batch 100, `steps` times a lap, into memory laid out before.

    A layer costs three: forward x W, backward dW = x' dy and dx = dy W'. The first layer's dx is needed by nobody; with
    `needless` it is computed all the same (the rule of thumb "forward and two backward products a layer").
    """
    sizes = [784, mnist.HIDDEN, mnist.HIDDEN, mnist.CLASSES]
    shapes = pairwise(sizes)
    layers = [_Layer(trials, fan_in, fan_out, needless or fan_in != sizes[0]) for fan_in, fan_out in shapes]
    while True:
        lap.start()
        for _ in range(steps):
            for layer in layers:
                layer.multiply()


class _Layer:
    """The operands and results of one layer's products, `[trials, ...]`; one trial multiplies without a batch axis."""

    def __init__(self, trials: int, fan_in: int, fan_out: int, input_gradient: bool) -> None:  # noqa: FBT001
        lead = () if trials == 1 else (trials,)
        self.x = torch.randn(*lead, mnist.BATCH, fan_in)
        self.w = torch.randn(*lead, fan_in, fan_out)
        self.dy = torch.randn(*lead, mnist.BATCH, fan_out)
        self.y, self.dw, self.dx = (torch.empty_like(like) for like in (self.dy, self.w, self.x))
        self._input_gradient = input_gradient

    def multiply(self) -> None:
        """Forward, weight gradient and, where it is wanted, input gradient."""
        _product(self.x, self.w, self.y)
        _product(self.x.mT, self.dy, self.dw)
        if self._input_gradient:
            _product(self.dy, self.w.mT, self.dx)


def _product(a: Tensor, b: Tensor, out: Tensor) -> None:
    torch.matmul(a, b, out=out)
