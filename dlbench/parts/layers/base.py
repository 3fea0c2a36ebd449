"""What every layer is: shapes and weights without torch, a forward pass with a leading trial axis.

A layer object holds its arguments and nothing else. Its weights, running statistics and random streams come in from
outside, so that one layer object serves a whole stack of trials. A composite layer holds chains of other layers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias, runtime_checkable

from dlbench.catalog import Catalog
from dlbench.parts.arguments import Number, Settings

if TYPE_CHECKING:
    import torch

Shape: TypeAlias = tuple[int, ...]
"""The shape of one sample: no trial axis, no batch axis. Features are `(features,)`, images `(channels, height, width)`."""


Path: TypeAlias = tuple[str | int, ...]
"""Keys and indices that lead to a layer's settings in `[model]`: `("layers", 2, "branches", 0, 1)`."""


class ShapeError(ValueError):
    """A layer cannot take the shape it is given; the text names the layer, both shapes and a remedy."""


@dataclass(frozen=True)
class Weight:
    """A tensor that training changes: its shape in one trial, its fans, and the init that fills it.

    `uses` is how often one sample meets each of its numbers: once in a dense layer, at every place of a convolution.
    `gates` matrices of equal width lie side by side in its last axis; the init fills each of them alone. `slope` is that of a
    leaky activation below 0, which what is filled is handed to. `outputs_first`: its first axis counts units, as torch has it, and
    not the inputs, as dense layers have it.
    """

    shape: Shape
    fan_in: int
    fan_out: int
    init: Settings
    is_bias: bool = False
    uses: int = 1
    gates: int = 1
    slope: Number = 0.0
    outputs_first: bool = False

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
class LayerContext:
    """Where a layer stands during one forward pass of a stack.

    `generators` holds one random stream a trial; `buffers` the layer's own, each `[trials, *shape]`, changed in place
    while `training`. `kept` is what a layer puts aside on the way forward for its way backward. Where `states` is a list,
    an unrolled layer appends its state after every step of time, `[trials, batch, units]`: a probe wants to see them. On a way
    backward of its own it appends to `flows` the gradients of these states, as it meets them, from the last to the first. Where
    `inner` is a list, a layer of `WithInside` puts there what its inner layers put out.
    """

    training: bool
    generators: Sequence[torch.Generator] = ()
    buffers: Mapping[str, torch.Tensor] = field(default_factory=dict)
    kept: Any = None
    states: list[torch.Tensor] | None = None
    flows: list[torch.Tensor] | None = None
    inner: list[torch.Tensor] | None = None


class Layer(Protocol):
    """The contract of a layer: what it makes of a shape, what it owns, what it computes."""

    def output(self, shape: Shape) -> Shape:
        """The shape of a sample after this layer; raises `ShapeError`."""

    def weights(self, shape: Shape) -> Mapping[str, Weight]:
        """The weights for an input of `shape`, by name; the first is the one that probes watch."""

    def buffers(self, shape: Shape) -> Mapping[str, Buffer]:
        """The buffers for an input of `shape`, by name."""

    def forward(self, x: torch.Tensor, weights: Mapping[str, torch.Tensor], place: LayerContext) -> torch.Tensor:
        """Map `x` of `[trials, batch, *shape]` to `[trials, batch, *output(shape)]`; weights are `[trials, *their shape]`."""


class Branch(NamedTuple):
    """A chain of layers inside of a composite one: where in its settings it is written, and the layers' settings.

    `name` is what its layers are called and counted by, where their kind is not right: a projection is no layer of the
    recipe, and must not change the names, and so the random streams, of those that are.
    """

    where: Path
    layers: Sequence[Settings]
    name: str | None = None


@runtime_checkable
class Composite(Protocol):
    """A layer made of chains of layers that all see its input; it owns no weights itself."""

    def branches(self, shape: Shape, after: Callable[[Branch], Shape]) -> Sequence[Branch]:
        """The chains for an input of `shape`; `after` tells the shape in which one of them ends."""

    def merged(self, shapes: Sequence[Shape]) -> Shape:
        """The shape of a sample after this layer, where its chains end in `shapes`; raises `ShapeError`."""

    def merge(self, outputs: Sequence[torch.Tensor]) -> torch.Tensor:
        """One `[trials, batch, *merged]` from what the chains put out."""


@runtime_checkable
class Activated(Protocol):
    """A layer that applies a non-linearity to weighted sums: inits look at the sums."""

    def pre_activation(self, x: torch.Tensor, weights: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """The sums for `x` of `[trials, batch, *shape]`, biases included, `[trials, batch, ...]`."""


@runtime_checkable
class FromBatch(Protocol):
    """A layer that learns from a batch as a whole, and cannot do so from every one."""

    def smallest_batch(self, shape: Shape) -> int:
        """How many samples of `shape` a batch must have at least while training."""


@runtime_checkable
class DrawsAtTest(Protocol):
    """A layer of the trait `random` that can go on drawing in evaluations, from a stream that begins with each of them."""

    at_test: bool
    """Whether it does."""


@runtime_checkable
class Unrolled(Protocol):
    """A layer that takes a sequence step by step: probes look at its state over time."""

    activation: Settings
    """What bounds the state."""

    def times(self, shape: Shape) -> int:
        """How many steps of time there are in an input of `shape`."""

    def widest(self, shape: Shape) -> int:
        """How many numbers one sample of `shape` takes inside, all steps of time together."""


@dataclass(frozen=True)
class InnerLayer:
    """A layer inside of one that is no composite of ours, as probes and drawings show it.

    `name` is its place inside, empty where it is the whole; `weights` are those that probes watch together, with the `shape` of the
    first; `output` is the shape of a sample behind it, `None` where nobody sees what it puts out.
    """

    name: str
    kind: str
    weights: tuple[str, ...]
    shape: Shape
    output: Shape | None
    parameters: int


@runtime_checkable
class WithInside(Protocol):
    """A layer with layers inside that have rows of their own in the probes."""

    def inside(self, shape: Shape) -> Sequence[InnerLayer]:
        """Those that have weights, for an input of `shape`."""

    def most_inside(self, shape: Shape) -> int:
        """How many numbers one sample of `shape` takes at most in any place inside."""


@runtime_checkable
class StartsItself(Protocol):
    """A layer whose weights no init fills, and whose buffers start with more than one number."""

    def initial_tensors(self, shape: Shape, generator: torch.Generator) -> Mapping[str, torch.Tensor]:
        """Every weight and buffer of one trial by name, drawn from `generator` and nothing else."""


@runtime_checkable
class MayGoApart(Protocol):
    """A layer that may have to take trials one after the other."""

    apart: str | None
    """Why, once it has been laid out; `None` where it takes all at once."""


class SavedForBackward(NamedTuple):
    """What a layer saw on the way forward: its input `x`, its output `y`, its weights and its place.

    `gradients` is where those of the weights belong: `backward` may write one there and give that back. Empty, it is nowhere yet.
    """

    x: torch.Tensor
    y: torch.Tensor
    weights: Mapping[str, torch.Tensor]
    place: LayerContext
    gradients: Sequence[torch.Tensor] = ()


@runtime_checkable
class ManualBackward(Protocol):
    """A layer that goes backward by hand, which spares autograd's bookkeeping: half the time of a tiny net's step.

    It is an offer, not a duty. A net goes backward by hand when all of its layers can, else by autograd.
    """

    def can_go_backward(self) -> bool:
        """Whether it can with the arguments it has."""

    def backward(
        self, gradient: torch.Tensor, passed: SavedForBackward, *, wants_input: bool
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


MEANINGS = {
    "units": "how many units it has, and so how many numbers it puts out.",
    "activation": "what is applied to its sums; the model's unless given.",
    "init": "how its weights start; the model's unless given.",
    "bias": "whether a bias is added to its sums.",
    "bias_init": "how the bias starts; the model's unless given.",
    "recurrent_init": "how the weights U from the state before start.",
    "sequences": "whether it gives its state after every step, as the next recurrent layer wants it, and not only the last one.",
    "eps": "what is added to the variance, so that nothing is divided by 0.",
}
"""What arguments mean that several of them have."""

LAYERS: Catalog[type[Layer | Composite]] = Catalog(
    "layers", title="what a net is made of, input first", meanings=MEANINGS
)
"""Trait `random=True`: the layer draws numbers while training, and finds one stream a trial in `LayerContext.generators`.

Trait `alone_on_cpu=True`: on a CPU a stack is no faster than its trials one after the other, and needs more memory.

Traits `branches` and `merge` of a composite layer: what its chains are called, and how they come together, where no argument
says so."""
