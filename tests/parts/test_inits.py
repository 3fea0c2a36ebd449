"""Inits: moments, exact statements, paired draws, and the variance that a deep net keeps."""

from math import sqrt

import pytest
import torch
from part_examples import example, shipped

from dlbench.parts.inits import INITS, Draw, fill
from dlbench.parts.layers import LAYERS

FAN_IN, FAN_OUT = 200, 300

MOMENTS = [
    ({"kind": "zeros"}, 0.0, 0.0),
    ({"kind": "constant", "value": 0.25}, 0.25, 0.0),
    ({"kind": "uniform"}, 0.0, 1 / 3),
    ({"kind": "uniform", "low": 1.0, "high": 4.0}, 2.5, 9 / 12),
    ({"kind": "normal"}, 0.0, 1.0),
    ({"kind": "normal", "mean": 2.0, "std": 0.1}, 2.0, 0.01),
    ({"kind": "xavier"}, 0.0, 2 / (FAN_IN + FAN_OUT)),
    ({"kind": "xavier", "distribution": "normal"}, 0.0, 2 / (FAN_IN + FAN_OUT)),
    ({"kind": "xavier", "distribution": "normal", "fan": "in"}, 0.0, 1 / FAN_IN),
    ({"kind": "xavier", "distribution": "uniform", "fan": "in"}, 0.0, 1 / FAN_IN),
    ({"kind": "he"}, 0.0, 2 / FAN_IN),
    ({"kind": "he", "distribution": "uniform"}, 0.0, 2 / FAN_IN),
    ({"kind": "he", "slope": 0.5}, 0.0, 1.6 / FAN_IN),
    ({"kind": "lecun"}, 0.0, 1 / FAN_IN),
    ({"kind": "lecun", "distribution": "uniform"}, 0.0, 1 / FAN_IN),
    ({"kind": "orthogonal"}, 0.0, 1 / FAN_OUT),
    ({"kind": "orthogonal", "gain": 2.0}, 0.0, 4 / FAN_OUT),
    ({"kind": "identity"}, 1 / FAN_OUT, (1 - 1 / FAN_OUT) / FAN_OUT),
    ({"kind": "lsuv"}, 0.0, 1 / FAN_OUT),
    ({"kind": "torch_default"}, 0.0, 1 / (3 * FAN_IN)),
]

LIMITS = [
    ({"kind": "uniform", "low": -0.5, "high": 0.1}, -0.5, 0.1),
    ({"kind": "xavier"}, -sqrt(6 / (FAN_IN + FAN_OUT)), sqrt(6 / (FAN_IN + FAN_OUT))),
    ({"kind": "xavier", "fan": "in"}, -sqrt(3 / FAN_IN), sqrt(3 / FAN_IN)),
    ({"kind": "he", "distribution": "uniform"}, -sqrt(6 / FAN_IN), sqrt(6 / FAN_IN)),
    ({"kind": "torch_default"}, -1 / sqrt(FAN_IN), 1 / sqrt(FAN_IN)),
]


def draw(seed=0, shape=(FAN_IN, FAN_OUT), fans=(FAN_IN, FAN_OUT)):
    """A weight to be filled, from a stream that the seed begins."""
    return Draw(shape, *fans, torch.Generator().manual_seed(seed))


def test_every_init_has_its_moments_stated():
    """No init of dlbench's own is in the catalogue whose mean and variance nobody states here."""
    assert {settings["kind"] for settings, _, _ in MOMENTS} == set(shipped(INITS))


@pytest.mark.parametrize(("settings", "mean", "variance"), MOMENTS, ids=str)
def test_moments(settings, mean, variance):
    """Mean and variance of 60,000 numbers lie within five standard errors of what is stated."""
    weight = fill(settings, draw()).double()
    count = weight.numel()
    # The error of a variance is sqrt((kurtosis - 1) / n) of it, largest for the normal distribution: sqrt(2 / n).
    assert weight.mean().item() == pytest.approx(mean, abs=5 * sqrt(variance / count) + 1e-9)
    assert weight.var().item() == pytest.approx(variance, rel=5 * sqrt(2 / count), abs=1e-15)


@pytest.mark.parametrize(("settings", "low", "high"), LIMITS, ids=str)
def test_uniform_draws_fill_their_interval(settings, low, high):
    """Uniform draws never leave their interval and come within a thousandth of its ends."""
    weight = fill(settings, draw())
    width = high - low
    assert low - 1e-6 * width <= weight.min().item() < low + 1e-3 * width
    assert high - 1e-3 * width < weight.max().item() <= high + 1e-6 * width


@pytest.mark.parametrize("name", INITS.names)
@pytest.mark.parametrize("shape", [(3, 5), (5, 3), (1, 4), (4,), (6, 2, 3, 3)], ids=str)
def test_any_shape_is_filled_in_float32(name, shape):
    """Every init fills matrices, biases, vectors and kernels: float32, on the CPU, contiguous, finite, the same twice."""
    settings = example("inits", name)
    first, second = (fill(settings, draw(3, shape, (4, 5))) for _ in range(2))
    assert first.shape == shape
    assert first.dtype == torch.float32
    assert first.device.type == "cpu"
    assert first.is_contiguous()
    assert first.isfinite().all()
    assert torch.equal(first, second)


NORMAL = [
    ({"kind": "normal", "mean": 0.0, "std": 0.01}, 0.01),
    ({"kind": "he"}, sqrt(2 / FAN_IN)),
    ({"kind": "lecun"}, sqrt(1 / FAN_IN)),
    ({"kind": "xavier", "distribution": "normal"}, sqrt(2 / (FAN_IN + FAN_OUT))),
    ({"kind": "xavier", "distribution": "normal", "fan": "in"}, sqrt(1 / FAN_IN)),
]
UNIFORM = [
    ({"kind": "he", "distribution": "uniform"}, sqrt(6 / FAN_IN)),
    ({"kind": "lecun", "distribution": "uniform"}, sqrt(3 / FAN_IN)),
    ({"kind": "xavier"}, sqrt(6 / (FAN_IN + FAN_OUT))),
    ({"kind": "torch_default"}, sqrt(1 / FAN_IN)),
]


@pytest.mark.parametrize(
    ("settings", "scale", "reference"),
    [(*case, "normal") for case in NORMAL] + [(*case, "uniform") for case in UNIFORM],
    ids=str,
)
def test_same_seed_same_underlying_draw(settings, scale, reference):
    """With the same seed, inits of one distribution differ by their factor and nothing else, to float32's rounding."""
    torch.testing.assert_close(fill(settings, draw(7)), fill({"kind": reference}, draw(7)) * scale, rtol=2e-7, atol=0)


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        ({"kind": "dense", "units": 300}, (200,)),
        ({"kind": "conv", "channels": 40, "kernel": 3}, (20, 8, 8)),
        ({"kind": "rnn", "units": 300, "recurrent_init": {"kind": "he"}}, (5, 200)),
    ],
    ids=lambda value: value["kind"] if isinstance(value, dict) else "",
)
@pytest.mark.parametrize("slope", [0.0, 1 / 3])
def test_he_takes_the_slope_of_its_layer(layer, shape, slope):
    """He's weights before a leaky ReLU have the deviation of torch's kaiming_normal_ for that slope, within 3 %."""
    settings = {**layer, "activation": {"kind": "leaky_relu", "slope": slope}, "init": {"kind": "he"}}
    made = LAYERS[settings["kind"]].make(**{key: value for key, value in settings.items() if key != "kind"})

    for weight in made.weights(shape).values():
        if weight.is_bias:
            continue
        drawn = fill(weight.init, Draw(weight.shape, weight.fan_in, weight.fan_out, torch.Generator(), weight.slope))
        expected = torch.nn.init.kaiming_normal_(torch.empty(weight.fan_out, weight.fan_in), a=slope)
        assert drawn.std().item() == pytest.approx(expected.std().item(), rel=0.03)


@pytest.mark.parametrize("shape", [(40, 30), (30, 40), (16, 3, 3, 3), (40, 2, 3, 3)], ids=str)
def test_orthogonal_is_orthonormal(shape):
    """The shorter side of the flattened matrix is orthonormal times gain: Q^T Q = gain^2 I, to 1e-5."""
    matrix = fill({"kind": "orthogonal", "gain": 1.5}, draw(0, shape)).double().flatten(1)
    gram = matrix @ matrix.T if matrix.shape[0] <= matrix.shape[1] else matrix.T @ matrix
    torch.testing.assert_close(gram, 1.5**2 * torch.eye(len(gram), dtype=torch.float64), rtol=0, atol=1e-5)


@pytest.mark.parametrize("shape", [(5, 5), (3, 5), (5, 3)], ids=str)
def test_identity_as_torch(shape):
    """The identity, times gain, is that of torch.nn.init, of matrices that are not square too."""
    expected = 0.5 * torch.nn.init.eye_(torch.empty(shape))
    assert torch.equal(fill({"kind": "identity", "gain": 0.5}, draw(0, shape)), expected)


def test_orthogonal_has_no_favourite_direction():
    """Every entry has mean 0 over many draws, which QR alone, without mending its signs, does not give."""
    draws = torch.stack([fill({"kind": "orthogonal"}, draw(seed, (3, 3))) for seed in range(400)])
    # An entry has variance 1/3, so the mean of 400 has standard error 0.029.
    assert draws.mean(dim=0).abs().max().item() < 5 * sqrt(1 / 3 / 400)


DEPTH, WIDTH, DRAWS = 10, 64, 100


@pytest.mark.parametrize(
    ("settings", "activate", "per_layer"),
    [
        ({"kind": "lecun"}, torch.nn.Identity(), 1.0),
        ({"kind": "xavier"}, torch.nn.Identity(), 1.0),
        ({"kind": "orthogonal"}, torch.nn.Identity(), 1.0),
        ({"kind": "he"}, torch.nn.ReLU(), 1.0),
        ({"kind": "he", "distribution": "uniform"}, torch.nn.ReLU(), 1.0),
        ({"kind": "xavier"}, torch.nn.ReLU(), 0.5),
        ({"kind": "torch_default"}, torch.nn.Identity(), 1 / 3),
    ],
    ids=str,
)
def test_variance_through_a_deep_net(settings, activate, per_layer):
    """Averaged over draws, the mean square of pre-activations is multiplied by the stated factor at each layer.

    Linear nets keep it with variance 1 / fan_in, ReLU nets with 2 / fan_in; ReLU halves it with 1 / fan_in.
    """
    x = torch.randn(DRAWS, 8, WIDTH, generator=torch.Generator().manual_seed(1))
    x = x @ draw_layer(settings, 0)
    first = x.square().mean()
    for layer in range(1, DEPTH):
        x = activate(x) @ draw_layer(settings, layer)
    ratios = x.square().mean(dim=(1, 2)) / first
    expected = per_layer ** (DEPTH - 1)
    # One net scatters widely, so the standard error of the mean is taken from the draws themselves.
    error = ratios.std().item() / sqrt(DRAWS)
    assert error < 0.2 * expected
    assert ratios.mean().item() == pytest.approx(expected, abs=4 * error + 0.02 * expected)


def draw_layer(settings, layer):
    """One square weight for each of the draws."""
    seeds = range(layer * DRAWS, (layer + 1) * DRAWS)
    return torch.stack([fill(settings, draw(seed, (WIDTH, WIDTH), (WIDTH, WIDTH))) for seed in seeds])
