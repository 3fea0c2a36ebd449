"""Keras on torch, with `fit` as its guide has it."""

from __future__ import annotations

import os

os.environ["KERAS_BACKEND"] = "torch"

import keras

from benchmarks import mnist
from benchmarks.timer import Timer

FOR_EVER = 1_000_000


def run(lap: Timer, *, samples: int) -> None:
    """One trial; a lap is an epoch over `samples`, which are one array in memory."""
    x, y = mnist.tensors(samples)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((784,)),
            layers.Dense(mnist.HIDDEN, activation="relu"),
            layers.Dense(mnist.HIDDEN, activation="relu"),
            layers.Dense(mnist.CLASSES),
        ]
    )
    loss_of = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=keras.optimizers.Adam(1e-3), loss=loss_of)
    begin = keras.callbacks.LambdaCallback(on_epoch_begin=lambda *_: lap.start())
    model.fit(x.numpy(), y.numpy(), batch_size=mnist.BATCH, epochs=FOR_EVER, shuffle=True, verbose=0, callbacks=[begin])
