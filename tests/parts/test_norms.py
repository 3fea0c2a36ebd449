"""Batch and layer normalization against their definitions and torch.nn."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from layer_examples import BATCH, TRIALS, laid, places, run, tensors
from torch import nn

from dlbench.parts import make
from dlbench.parts.layers.base import LayerContext


def test_batch_norm_gives_mean_zero_and_variance_v_over_v_plus_eps() -> None:
    """Normalized features have mean 0 and variance v / (v + eps), to 1e-6."""
    layer = make("layers", {"kind": "batch_norm"})
    x = 0.01 * torch.randn(1, 500, 4, dtype=torch.float64) + 4
    weights = {"gamma": torch.ones(1, 4, dtype=torch.float64), "beta": torch.zeros(1, 4, dtype=torch.float64)}
    buffers = {"mean": torch.zeros(1, 4, dtype=torch.float64), "variance": torch.ones(1, 4, dtype=torch.float64)}
    y = layer.forward(x, weights, LayerContext(True, (), buffers))
    variance = x.var(dim=1, correction=0)

    torch.testing.assert_close(y.mean(dim=1), torch.zeros(1, 4, dtype=torch.float64), rtol=0, atol=1e-6)
    torch.testing.assert_close(y.var(dim=1, correction=0), variance / (variance + 1e-5), rtol=1e-6, atol=1e-6)


def test_before_batch_norm_a_bias_has_no_gradient_and_a_scale_no_effect() -> None:
    """In float64, a bias before batch norm has gradient 0 to 1e-12, and the scale of the weights no effect to 1e-9."""
    dense_block = laid({"kind": "dense", "units": 5}, (4,))
    norm = laid({"kind": "batch_norm", "eps": 1e-14}, (5,))
    x, weights = tensors(dense_block)
    _, own = tensors(norm)
    downstream = torch.randn(TRIALS, BATCH, 5, dtype=torch.float64)

    def normalized(used: dict[str, torch.Tensor]) -> torch.Tensor:
        y = run(dense_block, x, {"dense1": used}, places(dense_block, training=True))
        return run(norm, y, own, places(norm, training=True))

    used = weights["dense1"]
    y = normalized(used)
    of_weight, of_bias = torch.autograd.grad((y * downstream).sum(), [used["weight"], used["bias"]])

    assert of_weight.abs().max() > 1e-3
    assert of_bias.abs().max() < 1e-12
    scaled = normalized({name: 7 * weight for name, weight in used.items()})
    torch.testing.assert_close(scaled, y, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("training", [True, False], ids=["training", "test"])
@pytest.mark.parametrize(("shape", "of_torch"), [((5,), nn.BatchNorm1d), ((3, 4, 2), nn.BatchNorm2d)], ids=["1d", "2d"])
def test_batch_norm_as_torch(shape: tuple[int, ...], of_torch: type[Any], training: bool) -> None:
    """Output, gradients and running statistics are those of torch's BatchNorm, trial by trial, in float64 to 1e-12."""
    block = laid({"kind": "batch_norm"}, shape)
    x, weights = tensors(block)
    here = places(block, training=True)
    run(block, 3 * x.detach() + 1, weights, here)  # so that the running statistics are not those of the start
    here["batch_norm1"].training = training
    y = run(block, x, weights, here)
    downstream = torch.randn(y.shape, dtype=torch.float64)
    own = weights["batch_norm1"]
    ours = torch.autograd.grad((y * downstream).sum(), [x, own["gamma"], own["beta"]])
    for trial in range(TRIALS):
        norm = of_torch(shape[0], dtype=torch.float64)
        norm.load_state_dict({**norm.state_dict(), "weight": own["gamma"][trial], "bias": own["beta"][trial]})
        norm(3 * x[trial].detach() + 1)
        expected = norm.train(training)(x[trial])
        theirs = torch.autograd.grad((expected * downstream[trial]).sum(), [x, norm.weight, norm.bias])

        torch.testing.assert_close(y[trial], expected, rtol=1e-12, atol=1e-12)
        torch.testing.assert_close(here["batch_norm1"].buffers["mean"][trial], norm.running_mean)
        torch.testing.assert_close(here["batch_norm1"].buffers["variance"][trial], norm.running_var)
        torch.testing.assert_close(ours[0][trial], theirs[0][trial], rtol=1e-12, atol=1e-12)
        torch.testing.assert_close(ours[1][trial], theirs[1], rtol=1e-12, atol=1e-12)
        torch.testing.assert_close(ours[2][trial], theirs[2], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("shape", [(5,), (3, 4, 2), (4, 3)], ids=["features", "images", "sequences"])
def test_layer_norm_as_torch(shape: tuple[int, ...]) -> None:
    """Output and gradients are those of torch.nn.LayerNorm, over the last axis of sequences, in float64 to 1e-12."""
    block = laid({"kind": "layer_norm", "eps": 1e-3}, shape)
    x, weights = tensors(block)
    own = weights["layer_norm1"]
    y = run(block, x, weights, places(block, training=True))
    downstream = torch.randn(y.shape, dtype=torch.float64)
    ours = torch.autograd.grad((y * downstream).sum(), [x, own["gamma"], own["beta"]])
    for trial in range(TRIALS):
        norm = nn.LayerNorm(shape[1:] if len(shape) == 2 else shape, eps=1e-3, dtype=torch.float64)
        norm.load_state_dict({"weight": own["gamma"][trial], "bias": own["beta"][trial]})
        expected = norm(x[trial])
        theirs = torch.autograd.grad((expected * downstream[trial]).sum(), [x, norm.weight, norm.bias])

        torch.testing.assert_close(y[trial], expected, rtol=1e-12, atol=1e-12)
        torch.testing.assert_close(ours[0][trial], theirs[0][trial], rtol=1e-12, atol=1e-12)
        torch.testing.assert_close(ours[1][trial], theirs[1], rtol=1e-12, atol=1e-12)
        torch.testing.assert_close(ours[2][trial], theirs[2], rtol=1e-12, atol=1e-12)


def test_layer_norm_gives_every_sample_mean_zero_and_variance_v_over_v_plus_eps() -> None:
    """Normalized samples have mean 0 and variance v / (v + eps), to 1e-12, whoever else is in the batch."""
    block = laid({"kind": "layer_norm"}, (2, 3, 3))
    x = 0.01 * torch.randn(1, BATCH, 2, 3, 3, dtype=torch.float64) + 4
    ones, zeros = torch.ones(1, 2, 3, 3, dtype=torch.float64), torch.zeros(1, 2, 3, 3, dtype=torch.float64)
    y = run(block, x, {"layer_norm1": {"gamma": ones, "beta": zeros}}, places(block, training=True, trials=[0]))
    variance = x.flatten(2).var(dim=2, correction=0)

    torch.testing.assert_close(y.flatten(2).mean(dim=2), torch.zeros(1, BATCH, dtype=torch.float64), rtol=0, atol=1e-12)
    torch.testing.assert_close(y.flatten(2).var(dim=2, correction=0), variance / (variance + 1e-5), rtol=1e-9, atol=0)
