"""Whether the trials of a module can go at once: tried on a few of them, and held against one after the other."""

from __future__ import annotations

import random
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dlbench.parts.layers.base import Shape, ShapeError
from dlbench.parts.lazy import torch
from dlbench.parts.modules.building import kept, said, seeded, trained
from dlbench.parts.modules.running import SLOW_RULE, Ran, one_by_one, taken_twice, together
from dlbench.parts.products import ask_for_same_bits

if TYPE_CHECKING:
    from torch import Tensor, nn

TRIALS, BATCH = 3, 4
CLOSE, LEAST = 1e-3, 1e-6
"""How far two ways of computing the same may be apart by rounding: of the largest number of a tensor, and of all tensors."""

LARGEST_CONVOLVED = 8192
"""Numbers that a sample takes at most in a module with convolutions whose trials go at once on a CPU: beyond, one after the other
is faster (`python -m benchmarks.modules`)."""

RANDOM = "it draws random numbers while training, each trial from a stream of its own"
ROUNDED = "on a CPU, all at once, its rounding would depend on how many trials there are"
CONVOLVED = "on a CPU, convolutions of this size are faster so"


@dataclass(frozen=True)
class AtOnce:
    """How trials go at once, if they can: `twice` is whether one that is alone goes twice, as it is rounded otherwise by itself.

    `reason` says why they cannot, or not without being rounded by their company.
    """

    can: bool
    twice: bool
    reason: str | None


@dataclass(frozen=True)
class Tried:
    """What was found out of a module: how its trials go while training and at test.

    `draws` and `draws_at_test`: whether it takes random numbers. `slow_rule`: whether torch would tell of an operation that vmap
    has no rule for. `is_convolved`: whether its convolutions are faster one after the other on a CPU.
    """

    training: AtOnce
    test: AtOnce
    draws: bool
    draws_at_test: bool
    slow_rule: bool
    is_convolved: bool

    @property
    def apart(self) -> str | None:
        """Why trials go one after the other on a CPU while training; `None` where they go at once."""
        return self.training.reason or (CONVOLVED if self.is_convolved else None)

    def at_once(self, *, training: bool, trials: int, on_cpu: bool) -> int:
        """How many trials vmap is to be given for so many: 0 where they go one after the other."""
        if on_cpu and (self.apart or not training):
            # Evaluations have so many samples that at once gains nothing, and would round by the company.
            return 0
        if trials > 1:
            return trials if (self.training if training else self.test).can else 0
        return 2 if on_cpu and self.training.twice else 0


@dataclass(frozen=True)
class _Stack:
    """Trials of a module with a batch each."""

    module: nn.Module
    trained: Mapping[str, Tensor]
    kept: Mapping[str, Tensor]
    x: Tensor

    def rows(self, part: slice) -> _Stack:
        """Some of the trials, with weights of their own."""
        weights = {name: own.detach()[part].clone().requires_grad_() for name, own in self.trained.items()}
        return _Stack(self.module, weights, {name: own[part] for name, own in self.kept.items()}, self.x[part])


def tried(name: str, build: Callable[[int], nn.Module], shape: Shape, smallest: int, most_inside: int) -> Tried:
    """Try some trials of what `build(seed)` builds; raises ShapeError where it cannot be trained at all."""
    ask_for_same_bits()
    stack = _stacked(build, shape, max(smallest, BATCH))
    alone, draws = _trained(name, stack)
    at_test, draws_at_test = _watched(name, lambda: _test(stack, one_by_one))
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        training = AtOnce(False, False, RANDOM) if draws else _at_once(stack, alone, _step)
        test = AtOnce(False, False, RANDOM) if draws_at_test else _at_once(stack, at_test, _test)
    slow = any(SLOW_RULE in str(one.message) for one in told)
    nn = torch.nn
    convolutions = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
    convolves = any(isinstance(one, convolutions) for one in stack.module.modules())
    return Tried(training, test, draws, draws_at_test, slow, convolves and most_inside > LARGEST_CONVOLVED)


def _at_once(
    stack: _Stack, alone: Sequence[Tensor], step: Callable[[_Stack, Callable[..., Ran]], list[Tensor]]
) -> AtOnce:
    """Hold all at once against one after the other, fewer at once, and one that goes twice."""
    try:
        with seeded(0):
            every, fewer = step(stack, together), step(stack.rows(slice(1, None)), together)
            twice = step(stack.rows(slice(1)), taken_twice)
    except Exception as error:  # noqa: BLE001  # whatever vmap says, there is another way
        return AtOnce(False, False, _refused(error))
    if not _are_close(every, alone):
        return AtOnce(False, False, "torch.vmap computes something else")
    if not _are_equal([own[1:] for own in every], fewer):
        return AtOnce(True, False, ROUNDED)
    if _are_equal(every, alone):
        return AtOnce(True, False, None)
    return AtOnce(True, True, None if _are_equal([own[:1] for own in every], twice) else ROUNDED)


def _stacked(build: Callable[[int], nn.Module], shape: Shape, batch: int) -> _Stack:
    built = [build(seed) for seed in range(TRIALS)]
    weights, rest = ([part(one) for one in built] for part in (trained, kept))
    with seeded(0):
        x = torch.randn(TRIALS, batch, *shape)
    return _Stack(
        built[0],
        {name: torch.stack([own[name] for own in weights]).requires_grad_() for name in weights[0]},
        {name: torch.stack([own[name] for own in rest]) for name in rest[0]},
        x,
    )


def _refused(error: Exception) -> str:
    """Why vmap cannot take a module; most often there is an operation that it has no rule for."""
    rule = re.search(r"[Bb]atching rule not implemented for (\S+?)[.]?(\s|$)", str(error))
    return f"torch.vmap has no rule for {rule[1]}" if rule else f"torch.vmap cannot take it: {said(error)}"


def _trained(name: str, stack: _Stack) -> tuple[list[Tensor], bool]:
    """What a step of training gives one trial after the other, and whether random numbers were taken."""
    found, draws = _watched(name, lambda: _step(stack, one_by_one))
    after = dict(zip(stack.kept, found[1:], strict=False))
    if changed := next((key for key, own in stack.kept.items() if own.shape != after[key].shape), None):
        raise ShapeError(f"'{name}' gives its buffer '{changed}' another shape in training; keep it as it is built")
    return found, draws


def _watched(name: str, function: Callable[[], list[Tensor]]) -> tuple[list[Tensor], bool]:
    """What a function gives, and whether torch's random numbers were taken; raises ShapeError where others were."""
    with seeded(0):
        ours, others = torch.get_rng_state(), _drawn_elsewhere()
        try:
            found = function()
        except Exception as error:
            raise ShapeError(f"'{name}' cannot be trained: {said(error)}") from error
        if _drawn_elsewhere() != others:
            raise ShapeError(
                f"'{name}' draws random numbers in its forward that are not torch's; draw them by torch, "
                "so that each trial has its own and goes on with them after a break"
            )
        return found, not torch.equal(torch.get_rng_state(), ours)


def _drawn_elsewhere() -> tuple[object, ...]:
    """How far the random numbers of Python and numpy have come."""
    state: Any = np.random.get_state(legacy=True)  # noqa: NPY002  # what modules of others may use
    return random.getstate(), state[1].tobytes(), state[2]


def _step(stack: _Stack, how: Callable[..., Ran]) -> list[Tensor]:
    """Forward and backward: outputs, buffers, gradients for the input and for weights."""
    x = stack.x.clone().requires_grad_()
    stack.module.train()
    ran = how(stack.module, stack.trained, stack.kept, x)
    if not ran.y.requires_grad:
        raise ValueError("its output has no gradient; forward must not detach it")
    wanted = [x, *stack.trained.values()]
    gradients = torch.autograd.grad(ran.y.square().sum(), wanted, materialize_grads=True)
    return [ran.y.detach(), *ran.kept.values(), *gradients]


def _test(stack: _Stack, how: Callable[..., Ran]) -> list[Tensor]:
    """The outputs at test."""
    stack.module.eval()
    with torch.no_grad():
        return [how(stack.module, stack.trained, stack.kept, stack.x).y]


def _are_equal(found: Sequence[Tensor], expected: Sequence[Tensor]) -> bool:
    return len(found) == len(expected) and all(map(torch.equal, found, expected))


def _are_close(found: Sequence[Tensor], expected: Sequence[Tensor]) -> bool:
    """Whether they are apart by rounding only; a gradient that is nothing else is small beside the others."""
    if len(found) != len(expected):
        return False
    scales = [float(one.double().abs().max()) if one.numel() else 0.0 for one in expected]
    bounds = [max(CLOSE * scale, LEAST * max(scales)) for scale in scales]
    return all(
        bool(((one.double() - other.double()).abs() <= bound).all())
        for one, other, bound in zip(found, expected, bounds, strict=True)
    )
