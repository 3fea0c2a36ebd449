"""skorch, scikit-learn's face on torch, without validation split and callbacks."""

from __future__ import annotations

import torch
from skorch import NeuralNetClassifier
from torch import nn

from benchmarks import mnist
from benchmarks.timer import Timer


def run(lap: Timer, *, samples: int) -> None:
    """One trial; a lap is an epoch over `samples`, which are one tensor in memory."""
    x, y = mnist.tensors(samples)
    net = NeuralNetClassifier(
        mnist.model,
        criterion=nn.CrossEntropyLoss,
        optimizer=torch.optim.Adam,
        lr=1e-3,
        batch_size=mnist.BATCH,
        iterator_train__shuffle=True,
        train_split=None,
        callbacks="disable",
        verbose=0,
    ).initialize()
    while True:
        lap.start()
        net.partial_fit(x, y, epochs=1)
