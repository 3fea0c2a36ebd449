"""Every layer by an example, laid out as a block and run in double precision: a composite layer runs with its branches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import torch

from dlbench.engine.rng import stream
from dlbench.parts.layers.base import LayerContext
from dlbench.parts.outline import Block, leaves, outline

TRIALS, BATCH = 2, 6
TANH, IDENTITY = {"kind": "tanh"}, {"kind": "identity"}
DENSE = {"kind": "dense", "units": 4, "activation": TANH}
WIDER = {"kind": "dense", "units": 3, "activation": TANH}
CONV = {"kind": "conv", "channels": 2, "kernel": 3, "activation": TANH}

EXAMPLES: dict[str, tuple[dict[str, Any], tuple[int, ...]]] = {
    "dense": ({"units": 3, "activation": TANH}, (4,)),
    "activation": ({"activation": {"kind": "softplus"}}, (4,)),
    "flatten": ({}, (2, 3, 3)),
    "dropout": ({"keep": 0.6}, (5,)),
    "batch_norm": ({}, (4,)),
    "batch_norm of images": ({}, (2, 3, 3)),
    "batch_norm of single places": ({}, (2, 1, 1)),
    "layer_norm": ({}, (4,)),
    "layer_norm of images": ({}, (2, 3, 2)),
    "layer_norm of sequences": ({}, (2, 3)),
    "conv": ({"channels": 3, "kernel": 3, "activation": TANH}, (2, 4, 4)),
    "conv, strides and uneven sides": ({"channels": 2, "kernel": [2, 3], "stride": [2, 1], "bias": False}, (2, 5, 4)),
    "conv, no padding": ({"channels": 2, "kernel": 2, "padding": "valid"}, (1, 3, 4)),
    "conv, padding by number": ({"channels": 2, "kernel": 2, "padding": 1, "activation": TANH}, (1, 2, 3)),
    "max_pool": ({"kernel": 2}, (2, 5, 4)),
    "max_pool hanging over": ({"kernel": 3, "stride": 2, "padding": "same"}, (1, 4, 5)),
    "avg_pool": ({"kernel": [2, 1]}, (2, 5, 4)),
    "avg_pool hanging over": ({"kernel": 3, "stride": 2, "padding": "same"}, (1, 4, 5)),
    "global_pool": ({}, (3, 2, 3)),
    "global_pool by max": ({"pool": "max"}, (3, 2, 3)),
    "max_features": ({"pieces": 2}, (6,)),
    "max_features of images": ({"pieces": 3}, (6, 2, 2)),
    "max_features of sequences": ({"pieces": 2}, (3, 4)),
    "maxout": ({"units": 3, "pieces": 3}, (4,)),
    "rnn": ({"units": 3}, (4, 2)),
    "lstm": ({"units": 3, "sequences": True}, (3, 2)),
    "gru": ({"units": 3}, (2, 3, 2)),
    "residual": ({"layers": [DENSE, WIDER, DENSE], "activation": {"kind": "softplus"}}, (4,)),
    "residual, projected": ({"layers": [DENSE, WIDER]}, (4,)),
    "residual of images": ({"layers": [{**CONV, "repeat": 2}, {"kind": "batch_norm"}]}, (2, 3, 3)),
    "residual of images, projected": ({"layers": [{**CONV, "channels": 3, "stride": 2}]}, (2, 5, 3)),
    "sequential": ({"layers": [DENSE, {"kind": "layer_norm"}, WIDER]}, (4,)),
    "split": ({"branches": [[DENSE], [], [WIDER, DENSE]]}, (4,)),
    "split, added": ({"branches": [[DENSE], [{"kind": "dropout", "keep": 0.5}]], "merge": "add"}, (4,)),
    "split, mean": ({"branches": [[DENSE], [], [WIDER, DENSE]], "merge": "mean"}, (4,)),
    "split of images": ({"branches": [[CONV], [{"kind": "max_pool", "kernel": 1}]]}, (1, 2, 3)),
    "split of sequences": ({"branches": [[], [{"kind": "layer_norm"}]]}, (2, 3)),
}
"""Arguments and an input shape by a layer's kind, after which words may say what is special about it."""

Weights: TypeAlias = Mapping[str, Mapping[str, torch.Tensor]]
"""The weights of a block tree, by block and name, `[trials, ...]` each."""


def kind_of(example: str) -> str:
    """The layer that an example is of."""
    return example.partition(" ")[0].rstrip(",")


def build(example: str) -> Block:
    """The layer of an example at its place in a net."""
    arguments, shape = EXAMPLES[example]
    return laid({"kind": kind_of(example), **arguments}, shape)


def laid(layer: dict[str, Any], shape: Sequence[int]) -> Block:
    """One layer for samples of `shape`."""
    model = {"layers": [layer, {"kind": "flatten"}], "output": {}}
    return outline(model, tuple(shape), 1)[0]


def tensors(block: Block, trials: int = TRIALS) -> tuple[torch.Tensor, dict[str, dict[str, torch.Tensor]]]:
    """An input and weights in double precision, which want gradients."""
    generator = torch.Generator().manual_seed(0)

    def draw(*size: int) -> torch.Tensor:
        return torch.randn(size, generator=generator, dtype=torch.float64).requires_grad_()

    x = draw(trials, BATCH, *block.input)
    return x, {
        leaf.name: {name: draw(trials, *weight.shape) for name, weight in leaf.weights.items()}
        for leaf in leaves([block])
    }


def places(block: Block, *, training: bool, trials: Sequence[int] = range(TRIALS)) -> dict[str, LayerContext]:
    """Places whose streams are fresh, so that every call draws the same."""
    return {
        leaf.name: LayerContext(
            training,
            [stream(trial, "dropout", leaf.name) for trial in trials],
            {
                name: torch.full((len(trials), *buffer.shape), buffer.fill, dtype=torch.float64)
                for name, buffer in leaf.buffers.items()
            },
        )
        for leaf in leaves([block])
    }


def run(block: Block, x: torch.Tensor, weights: Weights, here: Mapping[str, LayerContext]) -> torch.Tensor:
    """What a layer makes of `x`, through its branches where it has some."""
    if not block.branches:
        return block.layer.forward(x, weights[block.name], here[block.name])
    outputs = []
    for branch in block.branches:
        y = x
        for inner in branch:
            y = run(inner, y, weights, here)
        outputs.append(y)
    return block.layer.merge(outputs)
