"""Dropout against its definition."""

from __future__ import annotations

import pytest
import torch

from dlbench.engine.rng import stream
from dlbench.parts import make
from dlbench.parts.layers.base import LayerContext


@pytest.mark.parametrize("keep", [0.5, 0.7, 0.9])
def test_dropout_keeps_the_mean_and_has_the_binomial_variance(keep: float) -> None:
    """Of x = 3, dropout makes values of mean 3 and variance 9 (1 - keep) / keep, within five standard errors."""
    layer = make("layers", {"kind": "dropout", "keep": keep})
    samples = 200_000
    y = layer.forward(torch.full((1, 1, samples), 3.0), {}, LayerContext(True, [stream(0, "dropout", "a")]))
    variance = 9 * (1 - keep) / keep

    assert y.mean().item() == pytest.approx(3, abs=5 * (variance / samples) ** 0.5)
    assert y.var().item() == pytest.approx(variance, rel=0.02)
    assert torch.unique(y).tolist() == pytest.approx([0.0, 3 / keep])


def test_dropout_is_the_identity_at_test_and_with_keep_one() -> None:
    """At test, or when everything is kept, dropout changes no bit."""
    x = torch.randn(2, 3, 4)
    half, all_kept = make("layers", {"kind": "dropout", "rate": 0.5}), make("layers", {"kind": "dropout", "keep": 1.0})

    assert torch.equal(half.forward(x, {}, LayerContext(training=False)), x)
    assert torch.equal(all_kept.forward(x, {}, LayerContext(training=True)), x)


def test_dropout_that_stays_on_at_test_drops_there_too() -> None:
    """With `at_test`, what comes out at test is what comes out in training, by the same stream."""
    x = torch.ones(1, 50, 4)
    layer = make("layers", {"kind": "dropout", "keep": 0.5, "at_test": True})
    train, test = (layer.forward(x, {}, LayerContext(now, [stream(1, "dropout", "a")])) for now in (True, False))

    assert torch.equal(train, test)
    assert set(test.unique().tolist()) == {0.0, 2.0}


def test_dropout_uses_one_mask_forward_and_backward() -> None:
    """The gradient is 1 / keep exactly where the output is not zero, and 0 exactly where it is."""
    layer = make("layers", {"kind": "dropout", "keep": 0.5})
    x = torch.ones(1, 50, 4, requires_grad=True)
    y = layer.forward(x, {}, LayerContext(training=True, generators=[stream(1, "dropout", "a")]))
    (gradient,) = torch.autograd.grad(y.sum(), x)

    assert torch.equal(gradient, y.detach())
    assert set(gradient.unique().tolist()) == {0.0, 2.0}


@pytest.mark.parametrize("both", [{}, {"keep": 0.5, "rate": 0.5}])
def test_dropout_takes_exactly_one_of_keep_and_rate(both: dict[str, float]) -> None:
    """Neither or both is an error that says which is which."""
    with pytest.raises(ValueError, match="exactly one of 'keep'"):
        make("layers", {"kind": "dropout", **both})
