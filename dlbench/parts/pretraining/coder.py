"""A hidden layer and its mirror: up from what is seen to what is hidden, and down again with the same weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dlbench.parts.elementwise import sigmoid_
from dlbench.parts.lazy import torch
from dlbench.parts.products import baddbmm


@dataclass(frozen=True)
class Coder:
    """One layer of a whole stack as encoder and decoder; what an RBM and an autoencoder have in common.

    `weights` is `[trials, visible, hidden]`, the biases `[trials, 1, visible]` and `[trials, 1, hidden]`. `is_gaussian`:
    whether visible units are real numbers with variance 1; else they are 0 or 1, or probabilities of 1.
    """

    weights: torch.Tensor
    visible: torch.Tensor
    hidden: torch.Tensor
    is_gaussian: bool = False

    def rows(self, part: slice) -> Coder:
        """The same tensors, seen for some of the trials."""
        return Coder(self.weights[part], self.visible[part], self.hidden[part], self.is_gaussian)

    def inputs(self, v: torch.Tensor) -> torch.Tensor:
        """What the hidden units get from `v` `[trials, samples, visible]`: v W + c, `[trials, samples, hidden]`."""
        return baddbmm(self.hidden, v, self.weights)

    def encode(self, v: torch.Tensor) -> torch.Tensor:
        """P(h = 1 | v) = sigmoid(v W + c), for `v` `[trials, samples, visible]`."""
        return sigmoid_(self.inputs(v))

    def decode(self, h: torch.Tensor) -> torch.Tensor:
        """The mean of P(v | h) for `h` `[trials, samples, hidden]`: sigmoid(h W' + b), without sigmoid where Gaussian."""
        mean = baddbmm(self.visible, h, self.weights.mT)
        return mean if self.is_gaussian else sigmoid_(mean)


def encoded(coders: Sequence[Coder], v: torch.Tensor) -> torch.Tensor:
    """The hidden probabilities of the topmost of a chain of coders, each fed with those of the one below."""
    for coder in coders:
        v = coder.encode(v)
    return v


def decoded(coders: Sequence[Coder], h: torch.Tensor) -> torch.Tensor:
    """The way back down the same chain, by means, from the hidden units of the topmost to what is seen."""
    for coder in reversed(coders):
        h = coder.decode(h)
    return h
