"""Checkpoints: a stack's whole state in one file, renamed into place, loaded without pickle's powers."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from dlbench.run.atomic import replacing

CHECKPOINT_VERSION = 1


@dataclass
class Checkpoint:
    """A stack between two steps: everything that the steps to come depend on.

    The order of batches is a function of (seed, epoch) and needs no state; dropout's streams do. `losses` sums the batch
    losses of `losses_count` steps since the last evaluation. What viewers have done to the training is `rates`, the learning
    rate of each trial, and `dropped`; how far breakpoints have come is `watch`, how far early stopping has `stopping`. `pretraining` knows
    which layers have learned before step 0.
    """

    trials: list[str]
    step: int
    weights: Tensor
    states: dict[str, Tensor]
    buffers: dict[str, dict[str, Tensor]]
    generators: dict[str, list[Tensor]]
    losses: list[float]
    losses_count: int
    last_loss: list[float]
    diverged: list[bool]
    seconds: float
    probe_seconds: float
    rates: list[float] = field(default_factory=list)
    dropped: list[bool] = field(default_factory=list)
    watch: dict[str, dict[str, list[Any]]] = field(default_factory=dict)
    stopping: dict[str, Any] = field(default_factory=dict)
    pretraining: dict[str, Any] = field(default_factory=dict)
    v: int = CHECKPOINT_VERSION


def save(checkpoint: Checkpoint, path: Path) -> None:
    """Write a checkpoint so that a kill at any instant leaves either the old file or the new one, whole."""
    with replacing(path) as file:
        torch.save(dict(vars(checkpoint)), file)


def load(path: Path, trials: list[str]) -> Checkpoint | None:
    """The checkpoint at `path`, its tensors on the CPU, or `None` when there is none that these trials can go on from."""
    try:
        fields: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        return None
    if fields.get("v") != CHECKPOINT_VERSION or fields.get("trials") != trials:
        return None
    return Checkpoint(**fields)
