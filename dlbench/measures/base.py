"""What a measure of layers is, what it is computed from, and the register of them. Imports nothing heavy."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

if TYPE_CHECKING:
    from torch import Tensor

    Number: TypeAlias = float | Tensor

Source: TypeAlias = Literal["weights", "outputs"]
Reduction: TypeAlias = Literal["mean", "high"]
Scale: TypeAlias = Literal["log", "linear", "fraction"]


class LayerNumbers(Protocol):
    """One kind of numbers of every layer's weights: their gradient, what they are, or how a step changes them."""

    @property
    def norms(self) -> Tensor:
        """Their Euclidean norms `[trials, layers]`, summed in double precision; NaN where a layer has no weights.

        At a step of time of a recurrent layer, the gradient's is that of the loss by the layer's state then.
        """

    def each(self, function: Callable[[Tensor], Tensor]) -> Tensor:
        """A function of a layer's numbers, from `[trials, weights]` to `[trials]`, of all layers: `[trials, layers]`.

        NaN where a layer has no weights.
        """


class StepWeights(Protocol):
    """The weights of all layers around one step."""

    @property
    def gradient(self) -> LayerNumbers:
        """The gradient that made the step."""

    @property
    def before(self) -> LayerNumbers:
        """The weights before the step."""

    @property
    def change(self) -> LayerNumbers:
        """The weights after the step less those before."""


class Outputs(Protocol):
    """The outputs of layers that have one shape and one activation, at one step."""

    @property
    def values(self) -> Tensor:
        """`[trials, layers, samples * units]`, a sample's units beside each other."""

    @property
    def samples(self) -> int:
        """The size of the batch."""

    @property
    def mean(self) -> Tensor:
        """Over batch and units, `[trials, layers]`."""

    @property
    def std(self) -> Tensor:
        """The standard deviation over batch and units, `[trials, layers]`."""

    @property
    def by_unit(self) -> Tensor:
        """The values as `[trials, layers, samples, units, places]`: units are an image's channels, a sequence's features."""

    @property
    def low(self) -> Number | None:
        """The lowest value of their activation, a number or a tensor that broadcasts over `values`; `None` without one."""

    @property
    def high(self) -> Number | None:
        """The highest value, likewise."""


Compute: TypeAlias = "Callable[[Any], Tensor]"
"""From `StepWeights` or `Outputs` to one number per trial and layer, `[trials, layers]`; NaN where a layer has no such thing."""


@dataclass(frozen=True)
class Measure:
    """One number a trial and layer, at each probe: how it is computed, reduced, named, explained and drawn.

    Every text is ASCII, for any terminal.
    """

    name: str
    compute: Compute
    of: Source
    """What it is computed from."""
    title: str
    symbol: str
    """A few letters, for the scale of colours."""
    heads: tuple[str, str]
    """Of a column of numbers: in full, and where there is little room."""
    explain: str
    """Two or three sentences for the help: what it is, what is healthy, what is not."""
    scale: Scale
    """What colours and axes tell: powers of ten, numbers as they are, or a share of something between 0 and 1."""
    reduce: Reduction
    """What a column of a picture shows that holds several probes: their mean, or the largest, so that no peak is lost."""
    witness: str
    """The measure whose NaN says that this one is broken: a ratio to weights that are all zero is NaN without a fault."""
    is_tabled: bool = True
    """Whether tables of layers have a column of it; where they have none, heat maps, bars and exports still show it."""

    @property
    def is_logarithmic(self) -> bool:
        """Whether it is told by its powers of ten."""
        return self.scale == "log"

    @property
    def bounds(self) -> tuple[float, float] | None:
        """Between what its values lie, where that is known."""
        return (0.0, 1.0) if self.scale == "fraction" else None


MEASURES: dict[str, Measure] = {}
"""Every measure by its name, in the order in which people see them: first those of weights."""

_WITNESSES: dict[Source, str] = {"weights": "weight_norm", "outputs": "activation_mean"}


def measure(  # noqa: PLR0913  # keywords, each a trait of its own
    *,
    of: Source,
    title: str,
    symbol: str,
    heads: tuple[str, str],
    scale: Scale,
    reduce: Reduction = "high",
    witness: str | None = None,
    is_tabled: bool = True,
) -> Callable[[Compute], Compute]:
    """Register the decorated function as a measure under its own name; its docstring is what the help says of it."""

    def register(compute: Compute) -> Compute:
        name = compute.__name__
        if name in MEASURES:
            raise ValueError(f"measures: {name!r} is registered twice")
        explain = " ".join((inspect.getdoc(compute) or "").split())
        MEASURES[name] = Measure(
            name, compute, of, title, symbol, heads, explain, scale, reduce, witness or _WITNESSES[of], is_tabled
        )
        return compute

    return register
