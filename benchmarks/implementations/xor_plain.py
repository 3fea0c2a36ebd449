"""The nine-layer lesson as anybody writes it: one net, one loop, once a trial."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from benchmarks.timer import Timer

SAMPLES = 4


def run(lap: Timer, *, steps: int) -> None:
    """One trial on XOR: 2-5, nine times 5-5, 5-1, sigmoids, U(-1, 1), zero biases, SGD 0.1, `steps` full batches a lap."""
    x, y = steps_of(1)
    model = nine_layers()
    loss_of = nn.BCELoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    while True:
        lap.start()
        for _ in range(steps):
            optimizer.zero_grad()
            loss = loss_of(model(x), y)
            loss.backward()
            optimizer.step()


def steps_of(steps: int) -> tuple[Tensor, Tensor]:
    """The four points so many times, `[4 * steps, 2]`, and their answers: an epoch of as many batches."""
    x = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    return x.repeat(steps, 1), (x.sum(1, keepdim=True) == 1).float().repeat(steps, 1)


def nine_layers() -> nn.Sequential:
    """The lecture's net."""
    sizes = [2, *[5] * 10, 1]
    layers: list[nn.Module] = []
    for fan_in, fan_out in pairwise(sizes):
        linear = nn.Linear(fan_in, fan_out)
        nn.init.uniform_(linear.weight, -1.0, 1.0)
        nn.init.zeros_(linear.bias)
        layers += [linear, nn.Sigmoid()]
    return nn.Sequential(*layers)
