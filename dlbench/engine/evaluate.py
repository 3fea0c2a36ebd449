"""Loss and accuracy of every trial on whole splits, without dropout and with running statistics."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from dlbench.engine.batches import Split
from dlbench.engine.devices import precise
from dlbench.engine.loss import Loss
from dlbench.engine.net import Net

ROOM = 1 << 24
"""Numbers that one layer's output may hold during an evaluation; decides the size of its batches."""


@torch.no_grad()
def evaluate(nets: Sequence[Net], split: Split, loss: Loss) -> Tensor:
    """Mean loss and accuracy over a split, `[2, trials]`, still on the device."""
    return torch.cat([_evaluate(net, split, loss) for net in nets], dim=1)


@torch.no_grad()
def predict(nets: Sequence[Net], split: Split) -> Tensor:
    """The logits of every trial for a split, `[trials, samples, outputs]`: the same that `evaluate` judges by."""
    return torch.cat([torch.cat([logits for logits, _ in _batches(net, split)], dim=1) for net in nets])


def _evaluate(net: Net, split: Split, loss: Loss) -> Tensor:
    total = torch.zeros(2, net.trials, dtype=precise(split.x.device), device=split.x.device)
    for logits, labels in _batches(net, split):
        targets = loss.targets(labels.expand(net.trials, -1))
        total[0] += loss.losses(logits, targets) * len(labels)
        total[1] += loss.right(logits, targets)
    return total / len(split)


def _batches(net: Net, split: Split) -> Iterator[tuple[Tensor, Tensor]]:
    """Logits `[trials, batch, outputs]` and labels `[batch]`, as many samples at once as there is room for."""
    batch = max(1, ROOM // (net.trials * net.widest))
    for start in range(0, len(split), batch):
        x, labels = split.x[start : start + batch], split.labels[start : start + batch]
        yield net.forward(x.expand(net.trials, *x.shape), training=False), labels
