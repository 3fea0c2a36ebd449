"""Which modules of a model are rows of its probes, and which of its parameters are whose."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import torch
from torch import nn
from torch.nn.parameter import UninitializedBuffer, UninitializedParameter
from torch.nn.utils.parametrize import is_parametrized

from dlbench.errors import UsageError

WRAPPERS = ("module", "_orig_mod")
"""What DistributedDataParallel and torch.compile put before the names of the modules that they wrap."""


@dataclass(frozen=True)
class RecordedLayer:
    """A module with parameters of its own: one row of the probes."""

    name: str
    kind: str
    module: nn.Module
    weights: tuple[nn.Parameter, ...]
    """Its parameters but for biases, which have no part in the norms; all of them where it has nothing else."""
    parameters: int
    """Numbers of all its parameters, biases included."""

    @property
    def is_frozen(self) -> bool:
        """Whether none of its weights is trained, as it is now."""
        return not any(one.requires_grad for one in self.weights)

    @property
    def shape(self) -> list[int]:
        """That of its first weight."""
        return list(self.weights[0].shape)


@dataclass(frozen=True)
class LayeredModel:
    """A model with its layers, where a library keeps parameters elsewhere than in the modules that use them, as Keras does."""

    root: nn.Module
    layers: Sequence[RecordedLayer]


Model: TypeAlias = nn.Module | Sequence[nn.Module] | Mapping[str, nn.Module] | LayeredModel
"""One module, or several that are trained together, such as the two nets of a GAN."""


def roots_of(model: Any) -> list[tuple[str, nn.Module]]:
    """The modules that were given, by the prefixes of their names; raises UsageError where one is none."""
    if isinstance(model, LayeredModel):
        model = model.root
    if isinstance(model, nn.Module):
        return [("", model)]
    named = model.items() if isinstance(model, Mapping) else enumerate(model) if isinstance(model, Iterable) else ()
    roots = [(f"{name}.", module) for name, module in named]
    if not roots and isinstance(model, Sequence | Mapping) and not model:
        raise UsageError("record: the list of models is empty, so there is nothing to record")
    wrong = next((module for _, module in roots if not isinstance(module, nn.Module)), None if roots else model)
    if wrong is not None:
        raise UsageError(
            "record: the model must be a torch.nn.Module, or a list or dict of modules, "
            f"and this is of the type {type(wrong).__name__}"
        )
    return roots


def layers_of(roots: Sequence[tuple[str, nn.Module]]) -> list[RecordedLayer]:
    """The layers of a model in the order in which it names them.

    A module or a parameter that stands in several places is the first one's; one without numbers, or with whole ones, as tables
    and quantised weights have them, is nobody's. Raises UsageError where there are no parameters, lazy ones that have no shape
    yet, or some on the device `meta`.
    """
    known: set[int] = set()
    layers = []
    for name, module in _modules(roots):
        own = {key: one for key, one in _parameters(module) if id(one) not in known}
        known |= {id(one) for one in own.values()}
        if lazy := [key for key, one in own.items() if isinstance(one, UninitializedParameter | UninitializedBuffer)]:
            raise UsageError(
                f"record: '{name}.{lazy[0]}' has no shape yet, as modules of torch's Lazy kinds do; "
                "run the model on one batch first"
            )
        if empty := [key for key, one in own.items() if one.is_meta]:
            raise UsageError(
                f"record: '{name}.{empty[0]}' has no numbers yet, being on the device meta; move the model first"
            )
        own = {key: one for key, one in own.items() if one.numel() and (one.is_floating_point() or one.is_complex())}
        if own:
            weights = [one for key, one in own.items() if "bias" not in key] or list(own.values())
            numbers = sum(one.numel() for one in own.values())
            layers.append(RecordedLayer(name, type(module).__name__, module, tuple(weights), numbers))
    if not layers:
        raise UsageError("record: the model has no parameters with numbers to train, so there is nothing to record")
    return layers


def _parameters(module: nn.Module) -> Iterator[tuple[str, nn.Parameter]]:
    """A module's own parameters, those among them of which it computes a weight, as weight norm and spectral norm do."""
    yield from module.named_parameters(recurse=False)
    for name, originals in getattr(module, "parametrizations", {}).items() if is_parametrized(module) else ():
        for key, one in originals.named_parameters(recurse=False):
            yield f"{name}.{key}", one


def _modules(roots: Sequence[tuple[str, nn.Module]]) -> Iterator[tuple[str, nn.Module]]:
    seen: set[nn.Module] = set()
    for prefix, root in roots:
        for path, module in root.named_modules(memo=seen):
            name = ".".join(part for part in f"{prefix}{path}".split(".") if part and part not in WRAPPERS)
            yield name or type(module).__name__, module


def is_compiled(roots: Sequence[tuple[str, nn.Module]]) -> bool:
    """Whether any module is compiled: a hook in it would have it compiled again, so its outputs stay unseen."""
    return any(
        isinstance(module, torch.jit.ScriptModule)
        or hasattr(module, "_orig_mod")
        or getattr(module, "_compiled_call_impl", None) is not None
        or getattr(module, "_compiler_ctx", None)
        is not None  # Lightning unwraps a compiled module and keeps what it was
        for _, root in roots
        for module in root.modules()
    )


def described(layers: Sequence[RecordedLayer], outputs: Mapping[int, tuple[int, ...]]) -> dict[str, Any]:
    """The layers as the `stack` event tells of them; `outputs` are the shapes without the batch, where they were seen.

    A layer that is frozen has no weight there, so that nobody takes a gradient that is missing for one that is no number.
    """
    return {
        "layers": [
            {"name": one.name, "kind": one.kind, "weight": None if one.is_frozen else one.shape} for one in layers
        ],
        "net": [
            {
                "name": one.name,
                "kind": one.kind,
                "output": list(outputs.get(id(one.module), ())),
                "parameters": one.parameters,
            }
            for one in layers
        ],
    }


def rows_in_order(layers: Sequence[RecordedLayer], called: Iterable[int]) -> list[int]:
    """The rows as the first pass went through them, from the input to the output.

    What was not called, and what has layers inside of it, comes after whatever the model names before it.
    """
    parents = {row for row, layer in enumerate(layers) if any(True for _ in layer.module.children())}
    first = [row for row in called if row not in parents]
    groups: dict[int, list[int]] = {row: [row] for row in first}
    leading: list[int] = []
    group = leading
    for row in range(len(layers)):
        if row in groups:
            group = groups[row]
        else:
            group.append(row)
    return [*leading, *(row for one in first for row in groups[one])]
