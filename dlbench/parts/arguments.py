"""The vocabulary of part signatures: what a recipe may write for an argument.

A part's signature is its schema. Runtime objects come positionally; recipe arguments are keyword-only, annotated with
`int`, `float`, `bool`, `str`, `Literal[...]`, lists of these, `annotated_types` bounds (`Annotated[int, Ge(1)]`), or
one of the names below. Nothing here imports torch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, get_args

from annotated_types import Ge, Len


@dataclass(frozen=True)
class PerTrial:
    """Marks a number that trials of one stack may disagree on."""


@dataclass(frozen=True)
class Of:
    """Marks an argument that names a part of another catalogue, by the catalogue's name."""

    catalog: str


@dataclass(frozen=True)
class Takes:
    """Marks a union with the words for what it takes."""

    what: str


@dataclass(frozen=True)
class MetricName:
    """Marks a string that names a metric.

    `curves`: only one that evaluations write, with `split` of that split, or of those splits, alone; `at_step`: also one at a step
    along the way, `first_last_gradient_ratio@0`; `ensembles`: also one of ensembles; `logged`: also any other name, under which a
    recorded loop may log numbers; not `is_needed`: also an empty one, where it is left out.
    """

    curves: bool = False
    split: str | tuple[str, ...] = ""
    at_step: bool = False
    ensembles: bool = False
    logged: bool = False
    is_needed: bool = True


Settings: TypeAlias = dict[str, Any]
"""A part as plain data: `{"kind": name, argument: value, ...}`, every default filled in."""

if TYPE_CHECKING:
    import torch

    Number: TypeAlias = float | torch.Tensor
    """A number of the forward pass: a float where the stack agrees, else a tensor `[trials]`."""
else:
    Number = Annotated[float, PerTrial()]

Side: TypeAlias = Annotated[int, Ge(1)]
Sides: TypeAlias = Annotated[
    Side | Annotated[list[Side], Len(2, 2)], Takes("a whole number of at least 1, or two of them as [height, width]")
]
"""The sides of a window or of a picture, or steps along them: one number for both, or `[height, width]`."""

Activation: TypeAlias = Annotated[Settings, Of("activations")]
Init: TypeAlias = Annotated[Settings, Of("inits")]
Layers: TypeAlias = Annotated[list[Settings], Of("layers")]


def given(settings: Settings) -> dict[str, Any]:
    """The arguments in a part's settings: everything but its kind."""
    return {key: value for key, value in settings.items() if key != "kind"}


def spread(number: Number, x: torch.Tensor) -> Number:
    """Shape a per-trial number so that it broadcasts over `x` of shape `[trials, ...]`; floats pass through."""
    if isinstance(number, (int, float)):
        return number
    return number.view(-1, *(1,) * (x.dim() - 1))


def marks(annotation: Any) -> list[Any]:
    """Everything that `Annotated` hangs on an annotation, on its alternatives (`X | None`) and on list items."""
    own = list(getattr(annotation, "__metadata__", ()))
    return own + [mark for inner in get_args(annotation) for mark in marks(inner)]
