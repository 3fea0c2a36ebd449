"""The layers inside of a module: those that have weights, and what of their outputs can be seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from dlbench.parts.layers.base import InnerLayer, Shape
from dlbench.parts.lazy import torch
from dlbench.parts.modules.building import seeded
from dlbench.parts.modules.running import Seen, first_tensor

if TYPE_CHECKING:
    from torch import nn


def inside_of(module: nn.Module, shape: Shape, samples: tuple[int, int]) -> tuple[list[InnerLayer], list[Seen]]:
    """The inner layers in the order in which they are called, what is never called behind; and how the seen ones are seen.

    The seen ones are those with an `output`, in their order.
    """
    weights = _weights_by_owner(module)
    owners = {name: module.get_submodule(name) for name in weights}
    order, shapes = _called(module, list(owners.values()), shape, samples)
    names = [
        *(list(owners)[place] for place in order),
        *(name for place, name in enumerate(owners) if place not in shapes),
    ]
    inside, watched = [], []
    for name in names:
        own = owners[name]
        seen = _seen(own, shapes.get(list(owners).index(name), []), samples)
        inside.append(_inner(name, type(own).__name__, weights[name], None if seen is None else seen[1]))
        watched += [] if seen is None else [seen[0]]
    return inside, watched


def _weights_by_owner(module: nn.Module) -> dict[str, dict[str, nn.Parameter]]:
    """By name the modules that own parameters that are trained, with these; a parameter is the first one's that has it."""
    known: set[int] = set()
    found = {}
    for name, inner in module.named_modules():
        every = inner.named_parameters(recurse=False)
        own = {key: one for key, one in every if one.requires_grad and id(one) not in known}
        known |= {id(one) for one in own.values()}
        if own:
            found[name] = own
    return found


def _called(
    module: nn.Module, owners: Sequence[nn.Module], shape: Shape, samples: Sequence[int]
) -> tuple[list[int], dict[int, list[Shape]]]:
    """Which of them were called, in the order of their first return, and the shapes that they put out for each size of a batch."""
    shapes: dict[int, list[Shape]] = {}
    for size in samples:
        seen: dict[int, Shape] = {}

        def note(own: nn.Module, inputs: object, output: object, seen: dict[int, Shape] = seen) -> None:
            del inputs
            y = first_tensor(output)
            if isinstance(y, torch.Tensor) and y.is_floating_point():
                seen.setdefault(next(place for place, one in enumerate(owners) if one is own), tuple(y.shape))

        handles = [own.register_forward_hook(note) for own in owners]
        try:
            # With a gradient, as in training: without one some modules go another way, past their own inner ones.
            with seeded(0):
                module.eval()(torch.zeros(size, *shape))
        finally:
            for handle in handles:
                handle.remove()
        for place, own in seen.items():
            shapes.setdefault(place, []).append(own)
    return list(shapes), shapes


def _seen(module: nn.Module, shapes: Sequence[Shape], samples: tuple[int, int]) -> tuple[Seen, Shape] | None:
    """How the outputs of a module are arranged by samples, and the shape of one."""
    if len(shapes) != len(samples) or len(shapes[0]) != len(shapes[1]):
        return None
    for axis, (first, second) in enumerate(zip(*shapes, strict=True)):
        if first != second:
            places, rest = divmod(first, samples[0])
            if rest or second != places * samples[1]:
                return None
            others = (*shapes[0][:axis], *shapes[0][axis + 1 :])
            return Seen(module, axis, places), others if places == 1 else (places, *others)
    return None


def _inner(name: str, kind: str, own: Mapping[str, nn.Parameter], output: Shape | None) -> InnerLayer:
    weights = [key for key in own if "bias" not in key] or list(own)
    return InnerLayer(
        name,
        kind,
        tuple(f"{name}.{weight}".lstrip(".") for weight in weights),
        tuple(own[weights[0]].shape),
        output,
        sum(one.numel() for one in own.values()),
    )
