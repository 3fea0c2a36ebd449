"""Which stacks the native loop trains (`engine/native/`): small chains of dense layers on a CPU; and why it trains no others."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from dlbench.parts.datasets import describe
from dlbench.parts.datasets.base import Source
from dlbench.parts.outline import Block, outline
from dlbench.parts.tasks import task_of
from dlbench.plan.duration import batch_size

# Their order makes the numbers by which engine/native/loop.c knows them.
ACTIVATIONS = (
    "identity",
    "sigmoid",
    "tanh",
    "relu",
    "leaky_relu",
    "elu",
    "selu",
    "softplus",
    "softsign",
    "silu",
    "softmax",
)
LOSSES = ("cross_entropy", "bce", "mse", "l1", "huber")
OPTIMIZERS = ("sgd", "momentum", "nesterov", "adam", "adamw", "rmsprop")
REGULARIZERS = ("l2", "l1", "clip_norm", "clip_value", "max_norm")

MOST_PARAMETERS = 5000
"""Weights of a net beyond which one trial alone is faster by torch; five trials are up to twice as many (docs/design.md)."""
MOST_PRODUCTS = 80_000
"""Products of a weight and a number that a step takes on its way forward, for each layer with weights, beyond which the same holds:
torch's step takes its time by the layer as long as it is small."""
MOST_FEATURES = 1024
"""Numbers of a sample beyond which it is no small net, however few units see them."""


def why_torch_trains(settings: dict[str, Any]) -> str | None:
    """The same of a candidate's settings alone."""
    source = describe(settings["data"])
    return why_torch(settings, outline(settings["model"], source.shape, task_of(source, settings).outputs), source)


def why_torch(settings: dict[str, Any], blocks: Sequence[Block], source: Source) -> str | None:
    """What keeps trials with these settings from the native loop, in words; `None` where nothing does.

    It goes by what all trials of a stack agree on (`plan/structure.py`), never by how many they are: else the bits of one would
    depend on its company.
    """
    return next(_reasons(settings, blocks, source), None)


def _reasons(settings: dict[str, Any], blocks: Sequence[Block], source: Source) -> Iterator[str]:
    yield from _reasons_of_numbers(settings, source)
    for block in blocks:
        yield from _reasons_of(block)
    train = settings["train"]
    loss = train.get("loss") or {"kind": "mse" if source.task == "regression" else "cross_entropy"}
    if loss["kind"] not in LOSSES:
        yield f"loss {loss['kind']}"
    optimizer = train["optimizer"]
    if optimizer["kind"] not in OPTIMIZERS:
        yield f"optimizer {optimizer['kind']}"
    if optimizer.get("centered"):
        yield f"{optimizer['kind']} with centered"
    for own in train["regularizers"]:
        if own["kind"] not in REGULARIZERS:
            yield f"regularizer {own['kind']}"
    parameters = sum(block.parameters for block in blocks)
    if parameters > MOST_PARAMETERS:
        yield f"{parameters:,} parameters, more than {MOST_PARAMETERS:,}"
    products = parameters * batch_size(train, source.train)
    if products > MOST_PRODUCTS * sum(bool(block.weights) for block in blocks):
        yield f"{products:,} products a step, more than {MOST_PRODUCTS:,} a layer"
    if max(block.widest for block in blocks) > MOST_FEATURES:
        yield f"layers of more than {MOST_FEATURES:,} numbers"


def _reasons_of_numbers(settings: dict[str, Any], source: Source) -> Iterator[str]:
    """It computes in float32, and with samples in memory."""
    if settings["train"].get("precision") == "bfloat16":
        yield "precision bfloat16"
    if source.on_disk:
        yield "its data stays on disk"


def _reasons_of(block: Block) -> Iterator[str]:
    """What of one block it cannot do."""
    kind, activation = block.settings["kind"], block.settings.get("activation") or {"kind": "identity"}
    if kind not in {"dense", "activation", "flatten"}:
        yield f"layer {block.name}"
    elif activation["kind"] not in ACTIVATIONS:
        yield f"activation {activation['kind']} of {block.name}"
    elif kind == "activation" and len(block.input) != 1:
        yield f"{block.name} on {json.dumps(list(block.input))}"
