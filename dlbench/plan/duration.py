"""How long a training is: from a recipe's words for batches and epochs to numbers of samples and steps."""

from __future__ import annotations

from math import ceil
from typing import Any


def batch_size(train: dict[str, Any], samples: int) -> int:
    """The samples of a batch that `[train]` asks for, of `samples` that there are: `"full"` is all of them."""
    size: int = samples if train["batch_size"] == "full" else train["batch_size"]
    return size


def total_steps(train: dict[str, Any], samples: int) -> int:
    """The steps that `[train]` asks for; an epoch has a step a batch, the last batch may be smaller."""
    steps: int = train["steps"] or train["epochs"] * ceil(samples / batch_size(train, samples))
    return steps
