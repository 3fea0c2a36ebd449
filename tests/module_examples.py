"""Modules of torch.nn as people write them, and some that cannot be layers; registered while a test needs them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from dlbench.parts.modules import MODULES

Shape = tuple[int, ...]


class ConvBlock(nn.Module):
    """Two convolutions, a batch norm between them, an activation in place."""

    def __init__(self, shape: Shape, *, width: int = 8) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(shape[0], width, 3, padding=1)
        self.norm = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, 2 * width, 3, padding=1)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        """Images to the means of the last channels."""
        return self.relu(self.conv2(self.relu(self.norm(self.conv1(x))))).mean((2, 3))


class LastState(nn.Module):
    """An LSTM that reads an image row by row, and gives its last state."""

    def __init__(self, shape: Shape, *, units: int = 6) -> None:
        super().__init__()
        self.rnn = nn.LSTM(shape[-1], units, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        """The state after the last row."""
        return self.rnn(x.flatten(1, 2))[0][:, -1]


class Attention(nn.Module):
    """Self-attention over the rows of an image with a residual connection and positions that are learned."""

    def __init__(self, shape: Shape, *, heads: int = 2) -> None:
        super().__init__()
        self.position = nn.Parameter(torch.randn(shape[-2], shape[-1]) * 0.1)
        self.norm = nn.LayerNorm(shape[-1])
        self.attention = nn.MultiheadAttention(shape[-1], heads, batch_first=True)
        self.out = nn.Linear(shape[-1], 4)

    def forward(self, x: Tensor) -> Tensor:
        """Images to features, four a row."""
        x = x.flatten(1, 2) + self.position
        y = self.norm(x)
        return self.out(x + self.attention(y, y, y, need_weights=False)[0]).flatten(1)


def dense_net(shape: Shape, *, hidden: list[int] = [16, 16], rate: float = 0.0) -> nn.Module:  # noqa: B006  # is not changed
    """Dense layers with dropout behind each."""
    sizes = [math.prod(shape), *hidden]
    layers: list[nn.Module] = [nn.Flatten()]
    for into, units in pairwise(sizes):
        layers += [nn.Linear(into, units), nn.Tanh(), *([nn.Dropout(rate)] if rate else [])]
    return nn.Sequential(*layers)


class Drifting(nn.Module):
    """A buffer that is drawn, one that is put anew at each step of training, noise at test."""

    def __init__(self, shape: Shape, *, noise: float = 0.0) -> None:
        super().__init__()
        self.noise = noise
        self.linear = nn.Linear(math.prod(shape), 5)
        self.register_buffer("mask", torch.rand(5))
        self.register_buffer("mean", torch.zeros(5))

    def forward(self, x: Tensor) -> Tensor:
        """What is left of the features once their running mean is taken off."""
        y = self.linear(x.flatten(1)) * self.mask
        if self.training:
            self.mean = 0.9 * self.mean + 0.1 * y.detach().mean(0)
        elif self.noise:
            y = y + self.noise * torch.randn_like(y)
        return y - self.mean


class Tied(nn.Module):
    """Two layers with one weight, and a third whose bias is frozen."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.first = nn.Linear(math.prod(shape), 8)
        self.second, self.third = nn.Linear(8, 8), nn.Linear(8, 8)
        self.third.weight = self.second.weight
        self.third.bias.requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        """Three layers."""
        return self.third(self.second(self.first(x.flatten(1)).tanh()).tanh())


class Unused(nn.Module):
    """A layer that is never called."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.used, self.unused = nn.Linear(math.prod(shape), 4), nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        """One of the two."""
        return self.used(x.flatten(1))


def lazy(shape: Shape) -> nn.Module:
    """A layer that learns from its first batch how many features there are."""
    del shape
    return nn.Sequential(nn.Flatten(), nn.LazyLinear(7), nn.LazyBatchNorm1d())


def bare(shape: Shape) -> nn.Module:
    """Nothing to be trained."""
    del shape
    return nn.Sequential(nn.Flatten(), nn.Tanh())


GOOD: Sequence[Callable[..., nn.Module]] = (
    ConvBlock,
    LastState,
    Attention,
    dense_net,
    Drifting,
    Tied,
    Unused,
    lazy,
    bare,
)


@contextmanager
def registered(*builders: Callable[..., Any]) -> Iterator[None]:
    """These are in the catalogue, under their names in snake case."""
    before = dict(MODULES._parts)
    try:
        for builder in builders:
            MODULES.add()(builder)
        yield
    finally:
        MODULES._parts.clear()
        MODULES._parts.update(before)


def module(kind: str, **arguments: Any) -> dict[str, Any]:
    """The settings of a layer of this module."""
    known = {name: one.default for name, one in MODULES[kind].arguments.items()}
    return {"kind": "module", "module": {"kind": kind, **known, **arguments}}
