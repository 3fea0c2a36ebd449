"""Activations: elementwise functions of a tensor, each with the bounds that tell when a unit is saturated."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Annotated, TypeAlias

from annotated_types import Ge, Gt

from dlbench.catalog import Catalog
from dlbench.parts import elementwise
from dlbench.parts.arguments import Number, Settings, given, spread
from dlbench.parts.lazy import torch
from dlbench.parts.torch_code import NoTorchCodeError

if TYPE_CHECKING:
    from torch import Tensor

Function: TypeAlias = "Callable[[Tensor], Tensor]"
Backward: TypeAlias = "Callable[[Tensor, Tensor], Tensor]"
Bounds: TypeAlias = tuple[Number | None, Number | None]

ACTIVATIONS: Catalog[Callable[..., Tensor]] = Catalog("activations", title="the non-linearity of a layer")
"""Trait `bounds`: (lower, upper), the values that the function never leaves and flattens out at, `None` where there is no
such value; a function of the arguments where it depends on them, which are `[trials]` where those of a stack differ. Trait
`backward`, where there is one: the gradient for x out of the gradient for y and y itself, for layers that go backward by
hand. Trait `elementwise=False` of what sees all units together. Trait `slope`, where the function is a line below 0 and x above:
the line's slope out of the arguments. Trait `torch`: how it is written with torch, `{x}` standing for its argument, as
"torch.relu({x})"; a function of the arguments where it has some."""

UNITS = 2
"""The axis of a layer's units, or of an image's channels, in `[trials, batch, units, ...]`."""

SELU_SCALE = 1.0507009873554805
SELU_ALPHA = 1.6732632423543772


def bind(settings: Settings) -> Function:
    """The activation that settings such as `{"kind": "leaky_relu", "slope": 0.3}` name, as a function of one tensor.

    Made anew at every call, never shared between places, so that probes can tell layers apart.
    """
    return partial(ACTIVATIONS[settings["kind"]].make, **given(settings))


def bounds(settings: Settings) -> Bounds:
    """Where the activation that the settings name saturates: (lower, upper), `None` where it does not."""
    trait: Bounds | Callable[..., Bounds] = ACTIVATIONS[settings["kind"]].traits["bounds"]
    if not callable(trait):
        return trait
    return trait(**given(settings))


def slope(settings: Settings) -> Number:
    """The slope below 0 of the rectifier that the settings name, which its inits make up for; 0 of all others."""
    trait: Callable[..., Number] | None = ACTIVATIONS[settings["kind"]].traits.get("slope")
    return 0.0 if trait is None else trait(**given(settings))


def backward(settings: Settings) -> Backward | None:
    """The hand-written way backward through the activation that the settings name, if it has one."""
    found: Backward | None = ACTIVATIONS[settings["kind"]].traits.get("backward")
    return found


def torch_code(settings: Settings) -> str:
    """How the activation that the settings name is written with torch, `{x}` standing for its argument.

    Raises `NoTorchCodeError` where it does not say.
    """
    code: str | Callable[..., str] | None = ACTIVATIONS[settings["kind"]].traits.get("torch")
    if code is None:
        raise NoTorchCodeError(
            f"the activation '{settings['kind']}' does not say how it is written with torch; "
            'register it with the trait torch = "...{x}..."'
        )
    return code(**given(settings)) if callable(code) else code


def _sigmoid_backward(gradient: Tensor, y: Tensor) -> Tensor:
    result: Tensor = torch.ops.aten.sigmoid_backward(gradient, y)  # gradient y (1 - y) in one pass
    return result


def _softmax_backward(gradient: Tensor, y: Tensor) -> Tensor:
    return y * (gradient - (gradient * y).sum(dim=UNITS, keepdim=True))


def _tanh_backward(gradient: Tensor, y: Tensor) -> Tensor:
    result: Tensor = torch.ops.aten.tanh_backward(gradient, y)  # gradient (1 - y^2) in one pass
    return result


def _relu_backward(gradient: Tensor, y: Tensor) -> Tensor:
    result: Tensor = torch.ops.aten.threshold_backward(gradient, y, 0)  # gradient where y > 0
    return result


@ACTIVATIONS.add(bounds=(0.0, 1.0), backward=_sigmoid_backward, torch="torch.sigmoid({x})")
def sigmoid(x: Tensor) -> Tensor:
    """The logistic function 1 / (1 + exp(-x)); its derivative never exceeds 1/4."""
    return elementwise.sigmoid(x)


@ACTIVATIONS.add(bounds=(0.0, 1.0), backward=_softmax_backward, elementwise=False, torch="torch.softmax({x}, dim=1)")
def softmax(x: Tensor) -> Tensor:
    """exp(x) over its sum across the units of a layer, or the channels at each place of an image: shares of 1 (Bridle 1990)."""
    return torch.softmax(x, dim=UNITS)


@ACTIVATIONS.add(bounds=(-1.0, 1.0), backward=_tanh_backward, torch="torch.tanh({x})")
def tanh(x: Tensor) -> Tensor:
    """The hyperbolic tangent, a sigmoid around 0 with derivative 1 there (LeCun et al. 1998)."""
    return torch.tanh(x)


@ACTIVATIONS.add(bounds=(0.0, None), backward=_relu_backward, torch="torch.relu({x})")
def relu(x: Tensor) -> Tensor:
    """The rectified linear unit max(0, x) (Nair & Hinton 2010)."""
    return torch.relu(x)


def _bounds_of_leak(slope: Number) -> Bounds:
    return (0.0 if isinstance(slope, (int, float)) and slope == 0 else None, None)


@ACTIVATIONS.add(
    bounds=_bounds_of_leak,
    slope=lambda slope: slope,
    torch=lambda slope: f"F.leaky_relu({{x}}, {slope!r})",
)
def leaky_relu(x: Tensor, *, slope: Annotated[Number, Ge(0)] = 0.01) -> Tensor:
    """x where positive, slope * x elsewhere (Maas et al. 2013); 'very leaky' is slope 1/3.

    slope: the factor on negative numbers.
    """
    if isinstance(slope, (int, float)):
        return torch.nn.functional.leaky_relu(x, slope)
    return torch.where(x > 0, x, x * spread(slope, x))


@ACTIVATIONS.add(bounds=lambda alpha: (-alpha, None), torch=lambda alpha: f"F.elu({{x}}, {alpha!r})")
def elu(x: Tensor, *, alpha: Annotated[Number, Gt(0)] = 1.0) -> Tensor:
    """x where positive, alpha (exp(x) - 1) elsewhere: the exponential linear unit (Clevert et al. 2016).

    alpha: how far below 0 it goes, as -alpha.
    """
    # Without the clamp, the branch not taken would overflow and its gradient be 0 * inf.
    return torch.where(x > 0, x, spread(alpha, x) * torch.expm1(x.clamp(max=0)))


@ACTIVATIONS.add(bounds=(-SELU_SCALE * SELU_ALPHA, None), torch="F.selu({x})")
def selu(x: Tensor) -> Tensor:
    """The self-normalizing ELU, which pulls mean and variance towards 0 and 1 (Klambauer et al. 2017).

    1.0507 x where positive, 1.0507 * 1.6733 (exp(x) - 1) elsewhere; made for init `lecun`.
    """
    return SELU_SCALE * elu(x, alpha=SELU_ALPHA)


@ACTIVATIONS.add(bounds=(0.0, None), torch="F.softplus({x})")
def softplus(x: Tensor) -> Tensor:
    """log(1 + exp(x)), a ReLU without the corner; its derivative is the sigmoid (Dugas et al. 2001)."""
    return elementwise.softplus(x)


@ACTIVATIONS.add(bounds=(-1.0, 1.0), torch="F.softsign({x})")
def softsign(x: Tensor) -> Tensor:
    """x / (1 + |x|), which saturates more slowly than tanh (Bergstra et al. 2009)."""
    return torch.nn.functional.softsign(x)


@ACTIVATIONS.add(bounds=(None, None), torch="F.gelu({x})")
def gelu(x: Tensor) -> Tensor:
    """x times the normal distribution function of x (Hendrycks & Gimpel 2016).

    It dips below 0 and comes back, so that no value of the output tells that a unit is saturated.
    """
    return 0.5 * x * (1 + torch.erf(x * math.sqrt(0.5)))


@ACTIVATIONS.add(bounds=(None, None), torch="F.silu({x})")
def silu(x: Tensor) -> Tensor:
    """x * sigmoid(x), also called swish (Elfwing et al. 2018, Ramachandran et al. 2017).

    It dips below 0 and comes back, so that no value of the output tells that a unit is saturated.
    """
    return x * elementwise.sigmoid(x)


@ACTIVATIONS.add(bounds=(None, None), backward=lambda gradient, _: gradient, torch="{x}")
def identity(x: Tensor) -> Tensor:
    """x itself: a linear layer."""
    return x
