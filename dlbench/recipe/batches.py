"""Batches that a layer of the net cannot learn from, found before anything trains."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from dlbench.parts.datasets.base import Source
from dlbench.parts.layers.base import FromBatch
from dlbench.parts.outline import Block, leaves
from dlbench.plan.duration import batch_size, last_batch
from dlbench.recipe.source_map import KeyPath


def batch_problems(settings: dict[str, Any], blocks: Sequence[Block], source: Source) -> Iterator[tuple[KeyPath, str]]:
    """The smallest batch of an epoch, where it has fewer samples than some layer needs, and the ways out."""
    needs = {
        block.name: block.layer.smallest_batch(block.input)
        for block in leaves(blocks)
        if isinstance(block.layer, FromBatch)
    }
    name, need = max(needs.items(), key=lambda one: one[1], default=("", 0))
    train, samples = settings["train"], source.train
    size, least = batch_size(train, samples), last_batch(train, samples)
    if least >= need or size > samples:
        return
    reason = f"{name} needs at least {need} in training"
    if samples < need:
        place = next((key for key in ("limit", "limit_per_class") if settings["data"][key]), "kind")
        yield ("data", place), f"there {_samples(samples)} to train on, but {reason}; take more"
    elif size < need:
        yield ("train", "batch_size"), f"a batch has {size} sample, but {reason}; take a batch_size of {need} or more"
    else:
        ways = f"set train.drop_last = true, or another batch_size such as {_next_size(size, samples, need)}"
        what = f"{samples:,} samples in batches of {size:,} leave {least} for the last one, but {reason}; {ways}"
        yield ("train", "batch_size"), what


def _samples(count: int) -> str:
    return "is 1 sample" if count == 1 else f"are {count} samples"


def _next_size(size: int, samples: int, need: int) -> int:
    """The next larger batch that leaves nothing, or enough, for the last one."""
    return next(own for own in range(size + 1, samples + 1) if not 0 < samples % own < need)
