"""The best loop that one writes by hand for a convolutional net: all data in one tensor, batches by index, Adam fused."""

from __future__ import annotations

import torch
from torch import nn

from benchmarks import mnist
from benchmarks.loops import train_in_turn
from benchmarks.timer import Timer


def run(lap: Timer, *, samples: int, trials: int, channels_last: bool) -> None:
    """`trials` nets one after the other; a lap is an epoch of each over `samples`.

    `channels_last` is the memory format that torch's own guide advises for convolutions.
    """
    layout = torch.channels_last if channels_last else torch.contiguous_format
    pixels, y = mnist.tensors(samples)
    x = pixels.view(-1, 1, 28, 28).to(memory_format=layout)
    models = [model().to(memory_format=layout) for _ in range(trials)]
    train_in_turn(lap, models, x, y)


def model() -> nn.Sequential:
    """3x3x32, pool, 3x3x64, pool, dense, as plain PyTorch writes it."""
    return nn.Sequential(
        nn.Conv2d(1, 32, 3, padding="same"),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding="same"),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(7 * 7 * 64, mnist.CLASSES),
    )
