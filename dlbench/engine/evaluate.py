"""Loss and accuracy of every trial on whole splits, without dropout and with running statistics."""

from __future__ import annotations

from collections.abc import Sequence

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


def _evaluate(net: Net, split: Split, loss: Loss) -> Tensor:
    trials = net.trials
    batch = max(1, ROOM // (trials * net.widest))
    total = torch.zeros(2, trials, dtype=precise(split.x.device), device=split.x.device)
    for start in range(0, len(split), batch):
        x, labels = split.x[start : start + batch], split.labels[start : start + batch]
        logits = net.forward(x.expand(trials, *x.shape), training=False)
        targets = loss.targets(labels.expand(trials, -1))
        total[0] += loss.losses(logits, targets) * len(labels)
        total[1] += loss.right(logits, targets)
    return total / len(split)
