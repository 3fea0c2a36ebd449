"""What every layer is: shapes and weights without torch, a forward pass with a leading trial axis.

A layer object holds its arguments and nothing else. Its weights, running statistics and random streams come in from
outside, so that one layer object serves a whole stack of trials.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias, runtime_checkable

from dlbench.parts.arguments import Settings
from dlbench.parts.catalog import Catalog

if TYPE_CHECKING:
    import torch

Shape: TypeAlias = tuple[int, ...]
"""The shape of one sample: no trial axis, no batch axis. Features are `(features,)`, images `(channels, height, width)`."""


class ShapeError(ValueError):
    """A layer cannot take the shape it is given; the text names the layer, both shapes and a remedy."""


@dataclass(frozen=True)
class Weight:
    """A tensor that training changes: its shape in one trial, its fans, and the init that fills it."""

    shape: Shape
    fan_in: int
    fan_out: int
    init: Settings
    is_bias: bool = False

    @property
    def size(self) -> int:
        """How many numbers one trial holds of it."""
        return prod(self.shape)


@dataclass(frozen=True)
class Buffer:
    """A tensor that training keeps beside the weights, such as a running mean; every trial starts at `fill`."""

    shape: Shape
    fill: float


@dataclass
class Place:
    """Where a layer stands during one forward pass of a stack.

    `generators` holds one random stream a trial; `buffers` the layer's own, each `[trials, *shape]`, changed in place
    while `training`. `kept` is what a layer puts aside on the way forward for its way backward.
    """

    training: bool
    generators: Sequence[torch.Generator] = ()
    buffers: Mapping[str, torch.Tensor] = field(default_factory=dict)
    kept: torch.Tensor | None = None


class Layer(Protocol):
    """The contract of a layer: what it makes of a shape, what it owns, what it computes."""

    def output(self, shape: Shape) -> Shape:
        """The shape of a sample after this layer; raises `ShapeError`."""

    def weights(self, shape: Shape) -> Mapping[str, Weight]:
        """The weights for an input of `shape`, by name; the first is the one that probes watch."""

    def buffers(self, shape: Shape) -> Mapping[str, Buffer]:
        """The buffers for an input of `shape`, by name."""

    def forward(self, x: torch.Tensor, weights: Mapping[str, torch.Tensor], place: Place) -> torch.Tensor:
        """Map `x` of `[trials, batch, *shape]` to `[trials, batch, *output(shape)]`; weights are `[trials, *their shape]`."""


class Passed(NamedTuple):
    """What a layer saw on the way forward: its input `x`, its output `y`, its weights and its place."""

    x: torch.Tensor
    y: torch.Tensor
    weights: Mapping[str, torch.Tensor]
    place: Place


@runtime_checkable
class ByHand(Protocol):
    """A layer that goes backward by hand, which spares autograd's bookkeeping: half the time of a tiny net's step.

    It is an offer, not a duty. A net goes backward by hand when all of its layers can, else by autograd.
    """

    def can_go_backward(self) -> bool:
        """Whether it can with the arguments it has."""

    def backward(
        self, gradient: torch.Tensor, passed: Passed, *, wants_input: bool
    ) -> tuple[torch.Tensor | None, list[torch.Tensor]]:
        """The gradients for the input (only if wanted) and for the weights in their order, from that for the output."""


class Stateless:
    """The usual case of a layer that owns nothing and keeps the shape."""

    def output(self, shape: Shape) -> Shape:
        """The same shape."""
        return shape

    def weights(self, shape: Shape) -> Mapping[str, Weight]:
        """None."""
        del shape
        return {}

    def buffers(self, shape: Shape) -> Mapping[str, Buffer]:
        """None."""
        del shape
        return {}


LAYERS: Catalog[type[Layer]] = Catalog("layers", title="what a net is stacked of, input first")
"""Trait `random=True`: the layer draws numbers while training, and finds one stream a trial in `Place.generators`."""
