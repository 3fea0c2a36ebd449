"""The nine-layer lesson in Keras on torch, with `fit` as its guide has it."""

from __future__ import annotations

import os

os.environ["KERAS_BACKEND"] = "torch"

import keras

from benchmarks.implementations.xor_plain import SAMPLES, steps_of
from benchmarks.timer import Timer

FOR_EVER = 1_000_000


def run(lap: Timer, *, steps: int) -> None:
    """One trial; a lap is an epoch of `steps` batches, the four points each."""
    x, y = steps_of(steps)
    draws = keras.initializers.RandomUniform(-1.0, 1.0)
    hidden = [keras.layers.Dense(5, activation="sigmoid", kernel_initializer=draws) for _ in range(10)]
    last = keras.layers.Dense(1, activation="sigmoid", kernel_initializer=draws)
    model = keras.Sequential([keras.Input((2,)), *hidden, last])
    model.compile(optimizer=keras.optimizers.SGD(0.1), loss=keras.losses.BinaryCrossentropy())
    begin = keras.callbacks.LambdaCallback(on_epoch_begin=lambda *_: lap.start())
    model.fit(x.numpy(), y.numpy(), batch_size=SAMPLES, epochs=FOR_EVER, shuffle=False, verbose=0, callbacks=[begin])
