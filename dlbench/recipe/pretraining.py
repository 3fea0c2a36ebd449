"""What is wrong with a recipe's `pretrain`, seen beside its net and its data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from dlbench.parts.datasets.base import Source
from dlbench.parts.outline import Block
from dlbench.parts.pretrained import PretrainError, pretrained_blocks
from dlbench.plan.pretraining import layer_steps, samples_seen
from dlbench.recipe import limits
from dlbench.recipe.source_map import KeyPath


def pretrain_problems(
    settings: dict[str, Any], blocks: Sequence[Block], source: Source
) -> Iterator[tuple[KeyPath, str]]:
    """Every mistake, with its path below `train.pretrain`; none where nothing is pre-trained."""
    pretrain = settings["train"]["pretrain"]
    if pretrain is None:
        return
    try:
        pretrained_blocks(blocks, pretrain)
    except PretrainError as error:
        yield (), str(error)
    samples, batch = samples_seen(pretrain, source), pretrain["batch_size"]
    if batch > samples:
        yield ("batch_size",), f"a batch of {batch:,} is more than the {samples:,} samples to pre-train on"
    if too_many := limits.beyond(layer_steps(pretrain, samples), limits.STEPS, "steps a layer"):
        yield ("epochs",), too_many
    normalize = settings["data"]["normalize"]
    if pretrain["visible"] == "bernoulli" and normalize != "none":
        what = f'bernoulli units lie between 0 and 1, which data.normalize = "{normalize}" leaves'
        yield ("visible",), f'{what}; take visible = "gaussian", or do not normalize'
