"""JAX as its users would write many small nets: one trial's step, `vmap` over the trials, `scan` over the steps, compiled."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp

from benchmarks.cores import keep_to
from benchmarks.timer import Timer

Weights = list[tuple[Any, Any]]
SIZES = [2, *[5] * 10, 1]
X = jnp.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
Y = jnp.array([[0.0], [1.0], [1.0], [0.0]])
RATE = 0.1


def run(lap: Timer, *, trials: int, steps: int) -> None:
    """`trials` nine-layer nets on XOR, as `xor_plain` has one; a lap is `steps` full batches of all, without compiling."""
    weights = [_layer(trials, number, *sizes) for number, sizes in enumerate(pairwise(SIZES))]
    train = jax.jit(lambda own: jax.lax.scan(_step, own, length=steps))
    jax.block_until_ready(train(weights))
    while True:
        keep_to(lap.wait().threads)
        lap.start()
        weights, losses = train(weights)
        jax.block_until_ready(losses)


def _layer(trials: int, number: int, fan_in: int, fan_out: int) -> tuple[Any, Any]:
    drawn = jax.random.uniform(jax.random.key(number), (trials, fan_in, fan_out), minval=-1.0, maxval=1.0)
    return drawn, jnp.zeros((trials, fan_out))


def _loss(weights: Weights) -> Any:
    """Binary cross-entropy of one trial, from its logits."""
    x: Any = X
    for weight, bias in weights[:-1]:
        x = jax.nn.sigmoid(x @ weight + bias)
    weight, bias = weights[-1]
    logits = x @ weight + bias
    return jnp.mean(jax.nn.softplus(logits) - Y * logits)


def _step(weights: Weights, _: None) -> tuple[Weights, Any]:
    losses, gradients = jax.vmap(jax.value_and_grad(_loss))(weights)
    return jax.tree.map(lambda weight, gradient: weight - RATE * gradient, weights, gradients), losses
