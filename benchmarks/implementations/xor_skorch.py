"""The nine-layer lesson in skorch, without validation split and callbacks."""

from __future__ import annotations

import torch
from skorch import NeuralNet
from torch import nn

from benchmarks.implementations.xor_plain import SAMPLES, nine_layers, steps_of
from benchmarks.timer import Timer


def run(lap: Timer, *, steps: int) -> None:
    """One trial; a lap is an epoch of `steps` batches, the four points each."""
    x, y = steps_of(steps)
    net = NeuralNet(
        nine_layers,
        criterion=nn.BCELoss,
        optimizer=torch.optim.SGD,
        lr=0.1,
        batch_size=SAMPLES,
        train_split=None,
        callbacks="disable",
        verbose=0,
    ).initialize()
    while True:
        lap.start()
        net.partial_fit(x, y, epochs=1)
