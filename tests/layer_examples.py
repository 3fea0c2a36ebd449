"""Every layer by an example, laid out as a block and run in double precision: a composite layer runs with its branches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import torch
from part_examples import examples, varied

from dlbench.engine.rng import stream
from dlbench.parts import CATALOGS
from dlbench.parts.arguments import given
from dlbench.parts.layers.base import LayerContext, ShapeError
from dlbench.parts.outline import Block, leaves, outline

TRIALS, BATCH = 2, 6
TANH, IDENTITY = {"kind": "tanh"}, {"kind": "identity"}
DENSE = {"kind": "dense", "units": 4, "activation": TANH}
WIDER = {"kind": "dense", "units": 3, "activation": TANH}
CONV = {"kind": "conv", "channels": 2, "kernel": 3, "activation": TANH}

SHAPES: dict[str, tuple[int, ...]] = {"features": (4,), "sequences": (3, 2), "images": (2, 4, 5)}
"""What a layer may be asked to take."""


SPECIAL: dict[str, tuple[dict[str, Any], tuple[int, ...]]] = {
    "batch_norm of single places": ({}, (2, 1, 1)),
    "conv, strides and uneven sides": ({"channels": 2, "kernel": [2, 3], "stride": [2, 1], "bias": False}, (2, 5, 4)),
    "conv, no padding": ({"channels": 2, "kernel": 2, "padding": "valid"}, (1, 3, 4)),
    "conv, padding by number": ({"channels": 2, "kernel": 2, "padding": 1, "activation": TANH}, (1, 2, 3)),
    "max_pool hanging over": ({"kernel": 3, "stride": 2, "padding": "same"}, (1, 4, 5)),
    "avg_pool": ({"kernel": [2, 1]}, (2, 5, 4)),
    "avg_pool hanging over": ({"kernel": 3, "stride": 2, "padding": "same"}, (1, 4, 5)),
    "max_features": ({"pieces": 2}, (6,)),
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
"""Arguments and an input shape by a layer's kind and words that say what is special about it."""

Weights: TypeAlias = Mapping[str, Mapping[str, torch.Tensor]]
"""The weights of a block tree, by block and name, `[trials, ...]` each."""


def kind_of(example: str) -> str:
    """The layer that an example is of."""
    return example.partition(" ")[0].rstrip(",")


def laid(layer: dict[str, Any], shape: Sequence[int]) -> Block:
    """One layer for samples of `shape`."""
    model = {"layers": [layer, {"kind": "flatten"}], "output": {}}
    return outline(model, tuple(shape), 1)[0]


def takes(layer: dict[str, Any], shape: Sequence[int]) -> bool:
    """Whether a layer takes samples of `shape`."""
    try:
        laid(layer, shape)
    except ShapeError:
        return False
    return True


def said(change: dict[str, Any]) -> str:
    """A choice of an argument, in a test's name."""
    return ", ".join(f"{name}={value}" for name, value in change.items())


def of_the_catalogue() -> dict[str, tuple[dict[str, Any], tuple[int, ...]]]:
    """Every layer on every shape that it takes, and on one of them every other choice that its arguments have."""
    found = {}
    every = {name: one for kind in CATALOGS["layers"].names for name, one in examples("layers", kind).items()}
    for kind, layer in every.items():
        fitting = {f"{kind} of {what}": shape for what, shape in SHAPES.items() if takes(layer, shape)}
        found |= {name: (given(layer), shape) for name, shape in fitting.items()}
        for shape in [*fitting.values()][-1:]:
            changed = {f"{kind}, {said(change)}": one for change, one in varied("layers", layer)}
            found |= {name: (given(one), shape) for name, one in changed.items() if takes(one, shape)}
    return found


EXAMPLES = of_the_catalogue() | SPECIAL


def build(example: str) -> Block:
    """The layer of an example at its place in a net."""
    arguments, shape = EXAMPLES[example]
    return laid({"kind": kind_of(example), **arguments}, shape)


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
