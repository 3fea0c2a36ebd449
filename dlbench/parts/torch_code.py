"""How parts are written with torch.nn alone, so that a trained net can leave without dlbench. Imports no torch.

The code that is written has `torch`, `nn` (torch.nn) and `F` (torch.nn.functional), and no trial axis: samples are `[batch, ...]`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Shape: TypeAlias = tuple[int, ...]
"""The shape of one sample, as layers have it."""
Arrays: TypeAlias = Mapping[str, NDArray[Any]]
"""A layer's weights and buffers in one trial, by name."""


class NoTorchCodeError(ValueError):
    """A part does not say how it is written with torch; the text says which, and what it lacks."""


def as_they_are(own: Arrays) -> Arrays:
    """The weights of a layer whose names and shapes are torch's."""
    return own


@dataclass(frozen=True)
class Imported:
    """A module of Python that code needs beside torch; `file` is where it lies, if it is a file of parts, else it is installed."""

    name: str
    file: str | None = None


@dataclass(frozen=True)
class TorchCode:
    """A layer's code: `module` is what `__init__` makes, if anything, and `call` what `forward` does with it.

    In `call`, `{module}` is the name of the module and `{x}` that of the input; then `activation` is applied, with `{x}` for its
    argument. `weights` gives the layer's weights and buffers the names and shapes that the module's state has, the name "" where
    the module is a `nn.Parameter`. `classes` are the sources of classes that the module needs beside torch's, `imports` what must
    be imported for it.
    """

    module: str | None = None
    call: str = "{module}({x})"
    activation: str = "{x}"
    weights: Callable[[Arrays], Arrays] = as_they_are
    classes: tuple[str, ...] = ()
    imports: tuple[Imported, ...] = ()


@runtime_checkable
class WrittenAsTorch(Protocol):
    """A layer that says how it is written with torch. It is an offer: without it, a net can train and predict, but not leave."""

    def as_torch(self, shape: Shape) -> TorchCode:
        """Its code for samples of `shape`; raises `NoTorchCodeError` where a part inside has none."""


@runtime_checkable
class MergedAsTorch(Protocol):
    """The same of a composite layer, whose chains are written by themselves."""

    def merged_as_torch(self, outputs: Sequence[str], shape: Shape) -> TorchCode:
        """How what its chains put out, in variables of these names, becomes one output of `shape`; without a module."""


def linear(own: Arrays) -> Arrays:
    """The state of a `nn.Linear`: the matrix `[out, in]`, the bias `[out]`."""
    return {"weight": own["weight"].T} | ({"bias": own["bias"].reshape(-1)} if "bias" in own else {})


def recurrent(own: Arrays, order: Sequence[int], added: NDArray[np.float32] | None = None) -> Arrays:
    """The state of torch's recurrent modules of one layer, whose gates stand in `order` of ours.

    torch adds two biases: the first has ours with what is `added`, the second the `recurrent_bias` of the last gate, or zeros.
    """
    gates = len(order)

    def arranged(matrix: NDArray[Any]) -> NDArray[Any]:
        parts = np.split(matrix, gates, axis=-1)
        return np.concatenate([parts[gate] for gate in order], axis=-1)

    found = {"weight_ih_l0": arranged(own["weight"]).T, "weight_hh_l0": arranged(own["recurrent"]).T}
    if "bias" not in own and added is None:
        return found
    width = own["weight"].shape[-1]
    bias = own.get("bias", np.zeros((1, width), np.float32)).reshape(-1)
    second = np.zeros(width, np.float32)
    if "recurrent_bias" in own:
        second[-width // gates :] = own["recurrent_bias"].reshape(-1)
    return found | {"bias_ih_l0": arranged(bias if added is None else bias + added), "bias_hh_l0": second}


def sequence(shape: Shape, call: str, *, sequences: bool) -> str:
    """A recurrent module's call: images become sequences of their rows, and unless all are asked for the last state is taken."""
    x = "{x}.transpose(1, 2).flatten(2)" if len(shape) == 3 else "{x}"
    return call.replace("{x}", x) + ("" if sequences else "[:, -1]")


def arguments(*positional: Any, **named: Any) -> str:
    """The arguments of a call as they are written, without those that are `None`."""
    return ", ".join(
        [*map(repr, positional), *(f"{key}={value!r}" for key, value in named.items() if value is not None)]
    )


def sides(pair: tuple[int, int]) -> int | tuple[int, int]:
    """Height and width as they are written: one number where they are equal."""
    return pair[0] if pair[0] == pair[1] else pair


def without_bias(has_bias: bool) -> bool | None:  # noqa: FBT001  # what it says is a yes or no
    """The value of torch's argument `bias`, which is left out where there is one."""
    return None if has_bias else False
