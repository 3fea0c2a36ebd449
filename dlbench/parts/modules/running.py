"""A module run with the weights of trials: all at once by `torch.vmap`, or one after the other."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from dlbench.parts.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor, nn

State: TypeAlias = "Mapping[str, Tensor]"
"""Parameters or buffers by name, of one trial, or `[trials, ...]`."""

SLOW_RULE = "There is a performance drop"
"""How torch says that an operation inside of vmap goes trial by trial; its results are the same."""


@dataclass(frozen=True)
class Seen:
    """An inner module whose outputs are looked at: which axis of them counts samples, and how many places of it a sample has."""

    module: nn.Module
    axis: int
    places: int

    def arranged(self, output: Tensor, batch: int) -> Tensor:
        """The output with the samples in front, `[batch, ...]`."""
        moved = output.movedim(self.axis, 0)
        return moved.reshape(batch, self.places, *moved.shape[1:]) if self.places > 1 else moved


class Ran(NamedTuple):
    """What came of it: outputs, what is kept now, and the outputs of inner modules."""

    y: Tensor
    kept: dict[str, Tensor]
    inner: list[Tensor]


def run(module: nn.Module, trained: State, kept: State, x: Tensor, watched: Sequence[Seen] = ()) -> Ran:
    """One trial's way through a module, for `x` of `[batch, ...]`; neither the module nor `kept` changes, if it is a copy."""
    outputs: dict[int, Tensor] = {}
    handles = [
        seen.module.register_forward_hook(partial(_note, outputs, number)) for number, seen in enumerate(watched)
    ]
    # Whatever the module has put in place of a buffer is in this dict afterwards.
    state = {**trained, **kept}
    try:
        y = torch.func.functional_call(module, state, (x,))
    finally:
        for handle in handles:
            handle.remove()
    inner = [seen.arranged(outputs[number], len(x)) for number, seen in enumerate(watched)]
    return Ran(y, {name: state[name].detach() for name in kept}, inner)


def _note(outputs: dict[int, Tensor], number: int, module: object, inputs: object, output: Any) -> None:
    """Keep what an inner module puts out at its first call; a copy, since what follows may change it in place."""
    del module, inputs
    if number not in outputs:
        outputs[number] = first_tensor(output).detach().clone()


def first_tensor(output: Any) -> Any:
    """A tensor, or the first of several: recurrent modules put out their state beside it."""
    while isinstance(output, tuple | list) and output:
        output = output[0]
    return output


def together(module: nn.Module, trained: State, kept: State, x: Tensor, watched: Sequence[Seen] = ()) -> Ran:
    """The trials of a stack at once, everything with a leading `[trials]`."""

    def one(trained: State, kept: State, x: Tensor) -> tuple[Tensor, dict[str, Tensor], list[Tensor]]:
        # A plain tuple: vmap knows no classes of ours.
        y, changed, inner = run(module, trained, kept, x, watched)
        return y, changed, inner

    return Ran(*torch.vmap(one)(dict(trained), copied(kept), x))


def taken_twice(module: nn.Module, trained: State, kept: State, x: Tensor, watched: Sequence[Seen] = ()) -> Ran:
    """One trial as `together` computes it beside others: beside itself."""

    def twice(own: State) -> dict[str, Tensor]:
        return {name: torch.cat([each, each]) for name, each in own.items()}

    ran = together(module, twice(trained), twice(kept), torch.cat([x, x]), watched)
    return Ran(ran.y[:1], {name: own[:1] for name, own in ran.kept.items()}, [own[:1] for own in ran.inner])


def one_by_one(
    module: nn.Module,
    trained: State,
    kept: State,
    x: Tensor,
    watched: Sequence[Seen] = (),
    streams: Sequence[torch.Generator] = (),
) -> Ran:
    """The same one trial after the other; each draws its random numbers from its own of the `streams`, if there are any."""
    # Selecting them one by one would cost a gradient of the whole stack for each.
    weights = {name: own.unbind() for name, own in trained.items()}
    ran = []
    for trial, own in enumerate(x.unbind()):
        with drawn_from(streams[trial]) if streams else nullcontext():
            mine = {name: each[trial] for name, each in weights.items()}
            ran.append(run(module, mine, copied({name: each[trial] for name, each in kept.items()}), own, watched))
    return Ran(
        torch.stack([one.y for one in ran]),
        {name: torch.stack([one.kept[name] for one in ran]) for name in kept},
        [torch.stack(each) for each in zip(*(one.inner for one in ran), strict=True)],
    )


def copied(kept: State) -> dict[str, Tensor]:
    """A copy that may be changed in place."""
    return {name: own.clone() for name, own in kept.items()}


@contextmanager
def drawn_from(generator: torch.Generator) -> Iterator[None]:
    """What is drawn without naming a generator comes out of this one, which goes on where that ended."""
    device = generator.device
    usual = torch.default_generator if device.type == "cpu" else torch.cuda.default_generators[device.index or 0]
    before = usual.get_state()
    usual.set_state(generator.get_state())
    try:
        yield
        generator.set_state(usual.get_state())
    finally:
        usual.set_state(before)


@contextmanager
def without_slow_rules() -> Iterator[None]:
    """torch does not say of an operation that vmap has no rule of its own for it: what it does instead is known."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", SLOW_RULE)
        yield
