"""How long a training is: from a recipe's words for batches and epochs to numbers of samples and steps."""

from __future__ import annotations

from math import ceil
from typing import Any


def batch_size(train: dict[str, Any], samples: int) -> int:
    """The samples of a batch that `[train]` asks for, of `samples` that there are: `"full"` is all of them."""
    size: int = samples if train["batch_size"] == "full" else train["batch_size"]
    return size


def steps_per_epoch(train: dict[str, Any], samples: int) -> int:
    """The batches of an epoch, of which the last may be smaller, or is left out with `drop_last`."""
    size = batch_size(train, samples)
    return max(1, samples // size) if train.get("drop_last") else ceil(samples / size)


def total_steps(train: dict[str, Any], samples: int) -> int:
    """The steps that `[train]` asks for; an epoch has a step a batch."""
    steps: int = train["steps"] or train["epochs"] * steps_per_epoch(train, samples)
    return steps


def last_batch(train: dict[str, Any], samples: int) -> int:
    """The samples of the smallest batch that is trained on: the last of an epoch, where the training comes that far."""
    size, epoch = batch_size(train, samples), steps_per_epoch(train, samples)
    rest = samples - (epoch - 1) * size
    return rest if rest < size and total_steps(train, samples) >= epoch else size
