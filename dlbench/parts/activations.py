"""Activations: elementwise functions of a tensor, each with the bounds that tell when a unit is saturated."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Annotated, TypeAlias

from annotated_types import Ge

from dlbench.parts.arguments import Number, Settings, spread
from dlbench.parts.catalog import Catalog
from dlbench.parts.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor

Function: TypeAlias = "Callable[[Tensor], Tensor]"

ACTIVATIONS: Catalog[Callable[..., "Tensor"]] = Catalog("activations", title="the non-linearity of a layer")
"""Trait `bounds`: (lower, upper), `None` where the function is unbounded on that side."""


def bind(settings: Settings) -> Function:
    """The activation that settings such as `{"kind": "leaky_relu", "slope": 0.3}` name, as a function of one tensor.

    Made anew at every call, never shared between places, so that probes can tell layers apart.
    """
    arguments = {key: value for key, value in settings.items() if key != "kind"}
    return partial(ACTIVATIONS[settings["kind"]].make, **arguments)


@ACTIVATIONS.add(bounds=(0.0, 1.0))
def sigmoid(x: Tensor) -> Tensor:
    """The logistic function 1 / (1 + exp(-x)); its derivative never exceeds 1/4."""
    return torch.sigmoid(x)


@ACTIVATIONS.add(bounds=(0.0, None))
def relu(x: Tensor) -> Tensor:
    """The rectified linear unit max(0, x) (Nair & Hinton 2010)."""
    return torch.relu(x)


@ACTIVATIONS.add(bounds=(0.0, None))
def leaky_relu(x: Tensor, *, slope: Annotated[Number, Ge(0)] = 0.01) -> Tensor:
    """x where positive, slope * x elsewhere (Maas et al. 2013); 'very leaky' is slope 1/3."""
    return torch.where(x > 0, x, x * spread(slope, x))


@ACTIVATIONS.add(bounds=(None, None))
def identity(x: Tensor) -> Tensor:
    """x itself: a linear layer."""
    return x
