"""The best loop that one writes by hand for several nets: all data in one tensor, batches by index, Adam fused."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from benchmarks import mnist
from benchmarks.timer import Timer


def train_in_turn(lap: Timer, models: Sequence[nn.Module], x: Tensor, y: Tensor) -> None:
    """Nets one after the other, for ever; a lap is an epoch of each over `x` `[samples, ...]` and labels `y` `[samples]`."""
    optimizers = [torch.optim.Adam(one.parameters(), lr=1e-3, fused=True) for one in models]
    loss_of = nn.CrossEntropyLoss()
    while True:
        lap.start()
        for one, optimizer in zip(models, optimizers, strict=True):
            for index in torch.split(torch.randperm(len(y)), mnist.BATCH):
                optimizer.zero_grad()
                loss = loss_of(one(x[index]), y[index])
                loss.backward()
                optimizer.step()
