"""The catalogue of modules: what builds a `torch.nn.Module`, its signature the schema of what a recipe says. Imports no torch."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from dlbench.catalog import Catalog, Part, snake_case
from dlbench.parts.arguments import PerTrial, marks

if TYPE_CHECKING:
    import torch

Builder: TypeAlias = "Callable[..., torch.nn.Module]"
"""A class of modules, or a function that builds one: called with the shape of a sample, then what a recipe says."""

USUAL = "def {name}(shape, *, width: int = 8)"
"""How a builder's first line looks like."""


class ModuleCatalog(Catalog[Builder]):
    """The builders that may be named, each of a signature that a recipe can be checked against."""

    def add(self, *, name: str | None = None, **traits: Any) -> Callable[[Any], Any]:
        """Register the decorated class or function under its own name in snake case (or `name`).

        Raises ValueError where its signature cannot be the schema of what a recipe says.
        """
        register = super().add(name=name, **traits)

        def checked(make: Any) -> Any:
            key = name or snake_case(make.__name__)
            if wrong := _mistake(key, make):
                raise ValueError(f"modules: {key!r} {wrong}, as in `{USUAL.format(name=key)}`")
            return register(make)

        return checked


def _mistake(name: str, make: Any) -> str | None:
    """What is wrong with a builder's signature, in words."""
    by_place = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    signature = list(inspect.signature(make).parameters.values())
    if not signature or signature[0].kind not in by_place:
        return "must take the shape of a sample as its first argument"
    if wrong := next((one.name for one in signature[1:] if one.kind is not one.KEYWORD_ONLY), None):
        return f"has '{wrong}', which a recipe could not give: whatever follows the shape comes after '*'"
    arguments = Part(name, make, {}).arguments
    if bare := next((key for key, one in arguments.items() if one.annotation is one.empty), None):
        return f"does not say of which type '{bare}' is; annotate it"
    if shared := next((key for key, one in arguments.items() if _is_per_trial(one.annotation)), None):
        return f"cannot take '{shared}' as a Number: a module is built for one trial, so write float"
    if taken := {"kind", "module", "repeat"} & arguments.keys():
        return f"has an argument '{min(taken)}', which is a key of every such layer; call it otherwise"
    return None


def _is_per_trial(annotation: Any) -> bool:
    return any(isinstance(mark, PerTrial) for mark in marks(annotation))


MODULES = ModuleCatalog("modules", title="nets of torch.nn that a layer of the kind 'module' is made of")
"""Called as `f(shape, *, ...)` with the shape of one sample, without the batch, and returns a `torch.nn.Module`.

The module maps `[batch, *shape]` to one tensor `[batch, ...]`. Its parameters are trained, its buffers kept, each trial has its
own; whatever it draws comes from torch's own random numbers, which are those of the trial."""
