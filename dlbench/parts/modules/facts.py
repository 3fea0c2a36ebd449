"""What is known of a module before it trains: found out once, by building it and trying it on a few samples."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import prod
from typing import TYPE_CHECKING, Any

from dlbench.parts.arguments import Settings, given
from dlbench.parts.layers.base import Buffer, InnerLayer, Shape, ShapeError, Weight
from dlbench.parts.lazy import torch
from dlbench.parts.modules.base import MODULES, Builder
from dlbench.parts.modules.building import built, kept, said, seeded, trained
from dlbench.parts.modules.inside import inside_of
from dlbench.parts.modules.running import Seen
from dlbench.parts.modules.trying import Tried, tried

if TYPE_CHECKING:
    from torch import Tensor, nn

SAMPLES = (2, 3)
"""Two sizes of a batch: what differs between their outputs counts samples."""


@dataclass(frozen=True)
class ModuleFacts:
    """A module that stands for all trials, and what it is on paper; `module` has weights of its own, which nobody reads."""

    module: nn.Module
    output: Shape
    weights: Mapping[str, Weight]
    buffers: Mapping[str, Buffer]
    inside: tuple[InnerLayer, ...]
    watched: tuple[Seen, ...]
    most_inside: int
    smallest_batch: int
    tried: Tried


def facts_of(settings: Settings, shape: Shape) -> ModuleFacts:
    """The facts of the module that settings such as `{"kind": "my_block", "width": 3}` name, for samples of `shape`.

    Raises ShapeError where it cannot be built or is no layer.
    """
    arguments = json.dumps(given(settings), sort_keys=True)
    return _facts(MODULES[settings["kind"]].make, settings["kind"], arguments, shape)


@lru_cache(maxsize=256)
def _facts(make: Builder, name: str, arguments: str, shape: Shape) -> ModuleFacts:
    """By the builder too, so that another one of the same name is another."""
    del make
    own = json.loads(arguments)
    module = built(name, own, shape, seed=0)
    output = _output(name, module, shape)
    inside, watched = inside_of(module, shape, SAMPLES)
    smallest = _smallest_batch(name, module, shape)
    sizes = {one.name: prod(one.output) for one in inside if one.output is not None}
    most = max([prod(shape), prod(output), *sizes.values()])
    found = tried(name, lambda seed: built(name, own, shape, seed), shape, smallest, most)
    return ModuleFacts(
        module,
        output,
        {key: _weight(key, one, sizes) for key, one in trained(module).items()},
        {key: Buffer(tuple(one.shape), _fill(one)) for key, one in kept(module).items()},
        tuple(inside),
        tuple(watched),
        most,
        smallest,
        found,
    )


def _output(name: str, module: nn.Module, shape: Shape) -> Shape:
    """The shape of a sample behind it, the same in training and at test."""
    found = {
        (training, batch): _shape_of(name, _passed(name, module, batch, shape, training=training), batch)
        for training in (False, True)
        for batch in SAMPLES
    }
    first, *others = dict.fromkeys(found.values())
    if others:
        raise ShapeError(f"'{name}' gives samples of {first} once and of {others[0]} another time")
    return first


def _shape_of(name: str, y: Any, batch: int) -> Shape:
    if isinstance(y, tuple | list):
        kinds = ", ".join(type(one).__name__ for one in y)
        raise ShapeError(
            f"'{name}' gives a {type(y).__name__} ({kinds}), where a layer gives one tensor; "
            "wrap it in a module whose forward returns the one that is meant"
        )
    if not isinstance(y, torch.Tensor):
        raise ShapeError(f"'{name}' gives a {type(y).__name__}, where a layer gives one tensor")
    if y.dim() < 2 or len(y) != batch:  # samples, and what each is
        raise ShapeError(
            f"'{name}' makes {tuple(y.shape)} of a batch of {batch} samples; it must be (batch, features) or (batch, ...)"
        )
    if not y.is_floating_point():
        raise ShapeError(f"'{name}' gives numbers of {y.dtype}, which have no gradient; return floats")
    return tuple(y.shape[1:])


def _passed(name: str, module: nn.Module, batch: int, shape: Shape, *, training: bool) -> Any:
    """What a batch of random numbers becomes; the module is as before."""
    state = {**trained(module), **{key: one.clone() for key, one in kept(module).items()}}
    with seeded(0), torch.no_grad():
        x = torch.randn(batch, *shape)
        try:
            return torch.func.functional_call(module.train(training), state, (x,))
        except Exception as error:
            raise ShapeError(f"'{name}' does not take samples of {shape}: {said(error)}") from error


def _smallest_batch(name: str, module: nn.Module, shape: Shape) -> int:
    """1, unless one of its norms needs two samples."""
    try:
        _passed(name, module, 1, shape, training=True)
    except ShapeError:
        return SAMPLES[0]
    return 1


def _weight(name: str, value: Tensor, sizes: Mapping[str, int]) -> Weight:
    """A parameter as a layer's weight; as in our own norms, what scales is no matrix that regularizers see."""
    shape = tuple(value.shape)
    fan_in = prod(shape[1:]) if len(shape) > 1 else 1
    place, _, own = name.rpartition(".")
    is_bias = len(shape) < 2 or own.startswith("bias") or own.endswith("bias")
    uses = 1 if is_bias else max(1, sizes.get(place, 0) // shape[0])
    fan_out = shape[0] if shape else 1
    return Weight(shape, fan_in, fan_out, {}, is_bias=is_bias, uses=uses, outputs_first=True)


def _fill(value: Tensor) -> float:
    """What a buffer begins with, where that is one number; else its trials say it (`StartsItself`)."""
    first = value.reshape(-1)[:1]
    return float(first) if len(first) and bool((value == first).all()) else 0.0
