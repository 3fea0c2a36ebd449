"""A module made of what a recipe says: built from a seed, and refused where it cannot be trained as a layer."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from dlbench.parts.layers.base import Shape, ShapeError
from dlbench.parts.lazy import torch
from dlbench.parts.modules.base import MODULES

if TYPE_CHECKING:
    from torch import Tensor, nn

LONGEST = 300
"""Characters of somebody else's error that are passed on."""


def built(name: str, arguments: Mapping[str, Any], shape: Shape, seed: int) -> nn.Module:
    """The module that a recipe asks for, in training mode, its random numbers drawn from `seed`.

    Modules that learn their shapes from the first batch have seen one of zeros. Raises ShapeError where it cannot be built, is no
    module, or has parameters that cannot be trained.
    """
    with seeded(seed):
        try:
            module = MODULES[name].make(shape, **arguments)
        except Exception as error:
            raise ShapeError(f"'{name}' cannot be built for samples of {shape}: {said(error)}") from error
        if not isinstance(module, torch.nn.Module):
            raise ShapeError(
                f"'{name}' gives {_kind_of(module)}, where a torch.nn.Module is needed; return the module itself"
            )
        if any(torch.nn.parameter.is_lazy(one) for one in [*module.parameters(), *module.buffers()]):
            _seen_once(name, module, shape)
    for key, parameter in module.named_parameters():
        if parameter.dtype != torch.float32 or parameter.device.type != "cpu":
            raise ShapeError(
                f"'{name}' has the parameter '{key}' of {parameter.dtype} on {parameter.device}; build it in torch.float32 on the "
                "CPU: dlbench moves it to where it trains"
            )
    return module.train()


def _seen_once(name: str, module: nn.Module, shape: Shape) -> None:
    module.eval()
    try:
        with torch.no_grad():
            module(torch.zeros(2, *shape))
    except Exception as error:
        raise ShapeError(f"'{name}' does not take samples of {shape}: {said(error)}") from error


def trained(module: nn.Module) -> dict[str, Tensor]:
    """The parameters that training changes, by name; one that stands in several places by its first."""
    return {name: one.detach() for name, one in module.named_parameters() if one.requires_grad}


def kept(module: nn.Module) -> dict[str, Tensor]:
    """What is kept beside them: buffers, and parameters that are frozen."""
    frozen = {name: one.detach() for name, one in module.named_parameters() if not one.requires_grad}
    return frozen | {name: one.detach() for name, one in module.named_buffers()}


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Random numbers of torch (on the CPU), Python and numpy's legacy functions begin at `seed`, and go on afterwards as before."""
    generator = torch.default_generator
    before = generator.get_state(), random.getstate(), np.random.get_state()  # noqa: NPY002  # what modules of others may use
    generator.manual_seed(seed)
    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002
    try:
        yield
    finally:
        generator.set_state(before[0])
        random.setstate(before[1])
        np.random.set_state(before[2])  # noqa: NPY002


def said(error: Exception) -> str:
    """What an error of somebody else's code says, its kind before it, in one line."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:LONGEST]}{'...' if len(text) > LONGEST else ''}"


def _kind_of(found: object) -> str:
    if found is None:
        return "None"
    return f"the class {found.__name__}" if isinstance(found, type) else f"something of the type {type(found).__name__}"
