"""Activations against torch's own modules, written formulas, and finite differences."""

import math

import numpy as np
import pytest
import scipy.special
import torch
from part_examples import example, shipped

from dlbench.parts.activations import ACTIVATIONS, backward, bind, bounds
from dlbench.parts.arguments import PerTrial, marks

MODULES = {
    "sigmoid": torch.nn.Sigmoid,
    "tanh": torch.nn.Tanh,
    "relu": torch.nn.ReLU,
    "leaky_relu": lambda slope=0.01: torch.nn.LeakyReLU(slope),
    "elu": torch.nn.ELU,
    "selu": torch.nn.SELU,
    "softplus": torch.nn.Softplus,
    "softsign": torch.nn.Softsign,
    "gelu": torch.nn.GELU,
    "silu": torch.nn.SiLU,
    "identity": torch.nn.Identity,
}

FORMULAS = {
    "sigmoid": scipy.special.expit,
    "tanh": np.tanh,
    "relu": lambda x: np.maximum(x, 0),
    "leaky_relu": lambda x, slope=0.01: np.where(x > 0, x, slope * x),
    "elu": lambda x, alpha=1.0: np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0))),
    "selu": lambda x: 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(np.minimum(x, 0))),
    "softplus": lambda x: np.logaddexp(0, x),
    "softsign": lambda x: x / (1 + np.abs(x)),
    "gelu": lambda x: x * scipy.special.ndtr(x),
    "silu": lambda x: x * scipy.special.expit(x),
    "identity": lambda x: x,
}

ELEMENTWISE = [part.name for part in ACTIVATIONS if part.traits.get("elementwise", True)]
ACROSS = [part.name for part in ACTIVATIONS if part.name not in ELEMENTWISE]
SETTINGS = [example("activations", name) for name in ELEMENTWISE] + [
    {"kind": "leaky_relu", "slope": 1 / 3},
    {"kind": "leaky_relu", "slope": 0.0},
    {"kind": "elu", "alpha": 0.3},
]

PER_TRIAL = [
    (part.name, name)
    for part in ACTIVATIONS
    for name, parameter in part.arguments.items()
    if any(isinstance(mark, PerTrial) for mark in marks(parameter.annotation))
]


def arguments(settings):
    """The settings without their kind."""
    return {key: value for key, value in settings.items() if key != "kind"}


def label(settings):
    """A short name for a case."""
    return "-".join(map(str, settings.values()))


def grid():
    """Points on both sides of 0 that no finite difference carries across it."""
    return torch.linspace(-9, 9, 362, dtype=torch.float64)


def test_every_activation_has_two_oracles():
    """No activation of dlbench's own that takes number by number is without torch's module and a formula beside it."""
    assert set(MODULES) == set(FORMULAS) == set(shipped(ACTIVATIONS)) - set(ACROSS)


@pytest.mark.parametrize("settings", [one for one in SETTINGS if one["kind"] in MODULES], ids=label)
def test_value_is_that_of_torch_and_of_the_formula(settings):
    """Every activation computes what torch's module and the written formula compute."""
    x = grid()
    y = bind(settings)(x)
    torch.testing.assert_close(y, MODULES[settings["kind"]](**arguments(settings))(x), rtol=1e-12, atol=1e-12)
    formula = FORMULAS[settings["kind"]](x.numpy(), **arguments(settings))
    # softplus is x itself above 20 in torch; on this grid there is nothing to allow for.
    np.testing.assert_allclose(y.numpy(), formula, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("settings", SETTINGS, ids=label)
def test_gradient_is_the_slope(settings):
    """Every activation's gradient is its central difference, to 1e-7 in float64."""
    x = grid().requires_grad_()
    activate = bind(settings)
    (gradient,) = torch.autograd.grad(activate(x).sum(), x)
    width = 1e-5
    with torch.no_grad():
        slope = (activate(x + width) - activate(x - width)) / (2 * width)
    torch.testing.assert_close(gradient, slope, rtol=0, atol=1e-7)


@pytest.mark.parametrize(("kind", "argument"), PER_TRIAL)
def test_a_number_a_trial_is_that_number_in_each(kind, argument):
    """Trials that differ in an argument compute, forward and backward, what each computes alone with its own."""
    numbers = torch.tensor([0.1, 0.5, 2.0], dtype=torch.float64)
    x = torch.stack([torch.cat([grid(), torch.tensor([-1e4, 1e4], dtype=torch.float64)])] * 3)
    stacked = x[:, :, None].clone().requires_grad_()
    y = bind({"kind": kind, argument: numbers})(stacked)
    (gradient,) = torch.autograd.grad(y.sum(), stacked)
    for trial, number in enumerate(numbers.tolist()):
        alone = x[trial].clone().requires_grad_()
        expected = bind({"kind": kind, argument: number})(alone)
        (slope,) = torch.autograd.grad(expected.sum(), alone)
        torch.testing.assert_close(y[trial, :, 0], expected, rtol=1e-12, atol=1e-12)
        torch.testing.assert_close(gradient[trial, :, 0], slope, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("kind", ACTIVATIONS.names)
def test_extreme_inputs_stay_finite(kind):
    """No activation and no gradient of one is NaN or infinite, however large the input is."""
    x = torch.tensor([[[-1e30, -1e4, -100.0, 0.0, 100.0, 1e4, 1e30]]], requires_grad=True)
    y = bind(example("activations", kind))(x)
    (gradient,) = torch.autograd.grad(y.sum(), x)
    assert y.isfinite().all()
    assert gradient.isfinite().all()


@pytest.mark.parametrize("settings", SETTINGS, ids=label)
def test_bounds_are_never_left_and_always_approached(settings):
    """A bound is a value that the function flattens out at; without one it grows, or turns and comes back."""
    part = ACTIVATIONS[settings["kind"]]
    filled = {name: parameter.default for name, parameter in part.arguments.items()} | settings
    low, high = bounds(filled)
    x = torch.tensor([-1e4, *grid().tolist(), 1e4], dtype=torch.float64)
    y = bind(filled)(x)
    flat_below, flat_above = y[0].item(), y[-1].item()
    if low is None:
        assert flat_below < -50 or y.min() < flat_below - 0.1
    else:
        assert y.min() >= low - 1e-12
        assert flat_below == pytest.approx(low, abs=2e-4)
    if high is None:
        assert flat_above > 1e3
    else:
        assert y.max() <= high + 1e-12
        assert flat_above == pytest.approx(high, abs=2e-4)


@pytest.mark.parametrize("shape", [(3, 4, 5), (2, 3, 4, 5, 6)], ids=["units", "channels"])
@pytest.mark.parametrize("kind", ACROSS)
def test_what_sees_all_units_is_torchs_module(kind, shape):
    """Across units, or channels at each place: torch's module, and by hand the gradient that autograd finds; in float64, 1e-12."""
    x = torch.randn(shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64).requires_grad_()
    towards = torch.randn(shape, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    expected = {"softmax": torch.nn.Softmax}[kind](dim=2)(x)
    (gradient,) = torch.autograd.grad(expected, x, towards)
    y = bind({"kind": kind})(x).detach()

    torch.testing.assert_close(y, expected.detach(), rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(backward({"kind": kind})(towards, y), gradient, rtol=1e-12, atol=1e-12)
    assert bounds({"kind": kind}) == (0.0, 1.0)


def test_sigmoid_slope_never_exceeds_a_quarter():
    """The derivative of sigmoid is at most 1/4, and is 1/4 at 0: why nine layers of it do not learn."""
    x = torch.cat([grid(), torch.zeros(1, dtype=torch.float64)]).requires_grad_()
    (slope,) = torch.autograd.grad(bind({"kind": "sigmoid"})(x).sum(), x)
    assert slope.max().item() <= 0.25
    assert slope[-1].item() == 0.25


@pytest.mark.parametrize("scale", [0.5, 1.0, 4.0, 30.0])
def test_through_a_sigmoid_layer_the_signal_shrinks_by_a_quarter_of_the_weights(scale):
    """Of each sample the back-propagated signal leaves a sigmoid layer with at most |W| / 4 of its norm, W by its largest stretch.

    In float64, to 1e-12; |W| is the spectral norm, and the chain over nine layers is bounded by the product.
    """
    generator = torch.Generator().manual_seed(0)
    weights = [scale * torch.randn(6, 6, generator=generator, dtype=torch.float64) for _ in range(9)]
    x = torch.randn(50, 6, generator=generator, dtype=torch.float64, requires_grad=True)
    way = [x]
    for weight in weights:
        way.append(bind({"kind": "sigmoid"})(way[-1] @ weight))
    towards = torch.randn(50, 6, generator=generator, dtype=torch.float64)
    signals = [one.norm(dim=1) for one in torch.autograd.grad((way[-1] * towards).sum(), way)]

    for before, after, weight in zip(signals, signals[1:], weights, strict=False):
        assert torch.all(before <= torch.linalg.matrix_norm(weight, 2) / 4 * after * (1 + 1e-12))


def test_selu_keeps_mean_and_variance():
    """Standard normal input leaves SELU with mean 0 and variance 1, by numerical integration."""
    x = torch.linspace(-12, 12, 240_001, dtype=torch.float64)
    density = torch.exp(-x * x / 2) / math.sqrt(2 * math.pi)
    y = bind({"kind": "selu"})(x)
    assert torch.trapezoid(y * density, x).item() == pytest.approx(0, abs=1e-6)
    assert torch.trapezoid(y * y * density, x).item() == pytest.approx(1, abs=1e-6)


def test_every_place_gets_its_own_function():
    """Two places with the same settings never share a function, so that probes can tell them apart."""
    assert bind({"kind": "relu"}) is not bind({"kind": "relu"})
