"""JAX on MNIST: `vmap` over the trials, `scan` over the batches of an epoch, Adam by hand as optax writes it, compiled."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from benchmarks import mnist
from benchmarks.cores import keep_to
from benchmarks.timer import Timer

SIZES = [(784, mnist.HIDDEN), (mnist.HIDDEN, mnist.HIDDEN), (mnist.HIDDEN, mnist.CLASSES)]
FIRST, SECOND, RATE, SMALL = 0.9, 0.999, 1e-3, 1e-8
"""Adam's numbers (Kingma & Ba 2015)."""


def run(lap: Timer, *, trials: int, samples: int) -> None:
    """`trials` nets with batches of their own; a lap is an epoch of all over `samples`, without compiling."""
    pixels, labels = (jnp.asarray(tensor.numpy()) for tensor in mnist.tensors(samples))
    weights = [_layer(trials, number, *sizes) for number, sizes in enumerate(SIZES)]
    zeros = jax.tree.map(jnp.zeros_like, weights)
    state = (weights, zeros, zeros, jnp.zeros(()))

    def step(state: Any, chosen: Any) -> tuple[Any, Any]:
        weights, first, second, count = state
        losses, gradients = jax.vmap(jax.value_and_grad(_loss))(weights, pixels[chosen], labels[chosen])
        count = count + 1
        first = jax.tree.map(lambda m, g: FIRST * m + (1 - FIRST) * g, first, gradients)
        second = jax.tree.map(lambda v, g: SECOND * v + (1 - SECOND) * g * g, second, gradients)
        rate, scale = RATE / (1 - FIRST**count), 1 / (1 - SECOND**count)
        weights = jax.tree.map(lambda w, m, v: w - rate * m / (jnp.sqrt(v * scale) + SMALL), weights, first, second)
        return (weights, first, second, count), losses

    def epoch(state: Any, key: Any) -> tuple[Any, Any]:
        orders = jax.vmap(lambda own: jax.random.permutation(own, samples))(jax.random.split(key, trials))
        result: tuple[Any, Any] = jax.lax.scan(step, state, orders.reshape(trials, -1, mnist.BATCH).swapaxes(0, 1))
        return result

    train, number = jax.jit(epoch), 0
    jax.block_until_ready(train(state, jax.random.key(number)))
    while True:
        number += 1
        keep_to(lap.wait().threads)
        lap.start()
        state, losses = train(state, jax.random.key(number))
        jax.block_until_ready(losses)


def _layer(trials: int, number: int, fan_in: int, fan_out: int) -> tuple[Any, Any]:
    drawn = jax.random.normal(jax.random.key(number), (trials, fan_in, fan_out)) * (2 / fan_in) ** 0.5
    return drawn, jnp.zeros((trials, fan_out))


def _loss(weights: list[tuple[Any, Any]], x: Any, labels: Any) -> Any:
    for weight, bias in weights[:-1]:
        x = jax.nn.relu(x @ weight + bias)
    weight, bias = weights[-1]
    logits = jax.nn.log_softmax(x @ weight + bias)
    return -jnp.mean(jnp.take_along_axis(logits, labels[:, None], axis=1))
