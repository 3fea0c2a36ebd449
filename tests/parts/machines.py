"""Small RBMs whose every state can be written down, and their exact expectations, by sums over all of them."""

from __future__ import annotations

import itertools

import torch
from torch import Tensor

from dlbench.parts.pretraining.coder import Coder

TRIALS, VISIBLE, HIDDEN = 3, 5, 4


def machine(seed: int = 0, *, visible: int = VISIBLE, hidden: int = HIDDEN, gaussian: bool = False) -> Coder:
    """A stack of RBMs with weights and biases of a size that matters, in double precision."""
    generator = torch.Generator().manual_seed(seed)
    sizes = [(visible, hidden), (1, visible), (1, hidden)]
    tensors = (torch.randn(TRIALS, *size, generator=generator, dtype=torch.float64) * 0.8 for size in sizes)
    return Coder(*tensors, is_gaussian=gaussian)


def every(units: int) -> Tensor:
    """All states of so many binary units, one a row."""
    return torch.tensor(list(itertools.product([0.0, 1.0], repeat=units)), dtype=torch.float64)


def energies(coder: Coder, trial: int, v: Tensor, h: Tensor) -> Tensor:
    """E(v, h) of every row of `v` with every row of `h`, written out."""
    weights, b, c = coder.weights[trial], coder.visible[trial, 0], coder.hidden[trial, 0]
    table = torch.empty(len(v), len(h), dtype=torch.float64)
    for row, seen in enumerate(v):
        own = ((seen - b) ** 2).sum() / 2 if coder.is_gaussian else -(b @ seen)
        for column, hidden in enumerate(h):
            table[row, column] = own - c @ hidden - seen @ weights @ hidden
    return table


def joint(coder: Coder, trial: int) -> tuple[Tensor, Tensor, Tensor]:
    """All visible and all hidden states of a Bernoulli machine, and P(v, h) `[visible states, hidden states]`."""
    v, h = every(coder.weights.shape[1]), every(coder.weights.shape[2])
    return v, h, torch.softmax(-energies(coder, trial, v, h).reshape(-1), 0).view(len(v), len(h))


def log_z(coder: Coder, trial: int) -> Tensor:
    """log of the sum of exp(-E) over all states of a Bernoulli machine."""
    v, h = every(coder.weights.shape[1]), every(coder.weights.shape[2])
    return torch.logsumexp(-energies(coder, trial, v, h).reshape(-1), 0)
