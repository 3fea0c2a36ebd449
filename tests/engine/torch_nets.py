"""Nets of torch.nn's own modules with the weights that a trial has now, nested ones too: an oracle for whole nets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from dlbench.engine.trainer import Trainer
from dlbench.parts.outline import Block

ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "identity": nn.Identity,
    "relu": nn.ReLU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "softmax": partial(nn.Softmax, dim=1),
}
Weights = Mapping[str, Tensor]
"""One layer's of one trial, by name."""


def torch_net(trainer: Trainer, trial: int) -> nn.Module:
    """The oracle of a trial; the trainer has one net for all its trials, or one a trial."""
    nets = trainer._nets
    net, row = (nets[0], trial) if len(nets) == 1 else (nets[trial], 0)
    weights = {
        block: {name: tensor[row].detach() for name, tensor in own.items()} for block, own in net._weights.items()
    }
    return chain(trainer.blocks, weights)


def train(trainer: Trainer, net: nn.Module, trial: int, optimizer: torch.optim.Optimizer) -> list[float]:
    """Train the oracle on the very batches of the trial; the losses of all steps."""
    losses = []
    for step in range(trainer.steps):
        x, labels = trainer._batches.take(step)
        loss = nn.functional.cross_entropy(net(x[trial]), labels[trial])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def chain(blocks: Sequence[Block], weights: Mapping[str, Weights]) -> nn.Sequential:
    """Layers in a row."""
    return nn.Sequential(*(module(block, weights) for block in blocks))


def module(block: Block, weights: Mapping[str, Weights]) -> nn.Module:
    """One layer."""
    kind = block.settings["kind"]
    if kind == "sequential":
        return chain(block.branches[0], weights)
    if kind == "residual":
        body, shortcut = (chain(branch, weights) for branch in block.branches)
        return Merged([body, shortcut], sum, activation(block))
    if kind == "split":
        merges: dict[str, Callable[[list[Tensor]], Any]] = {
            "concat": lambda outputs: torch.cat(outputs, dim=1),
            "add": sum,
            "mean": lambda outputs: torch.stack(outputs).mean(0),
        }
        branches = [chain(branch, weights) for branch in block.branches]
        return Merged(branches, merges[block.settings.get("merge", "concat")], nn.Identity())
    return SINGLE[kind](block, weights[block.name])


class Merged(nn.Module):
    """Branches side by side, and what becomes of them."""

    def __init__(self, branches: list[nn.Sequential], merge: Callable[[list[Tensor]], Any], after: nn.Module) -> None:
        super().__init__()
        self.branches = nn.ModuleList(branches)
        self.merge, self.after = merge, after

    def forward(self, x: Tensor) -> Tensor:
        """Any `[batch, ...]`."""
        result: Tensor = self.after(self.merge([branch(x) for branch in self.branches]))
        return result


class Maxout(nn.Module):
    """The largest of several linear layers."""

    def __init__(self, pieces: Sequence[nn.Linear]) -> None:
        super().__init__()
        self.pieces = nn.ModuleList(pieces)

    def forward(self, x: Tensor) -> Tensor:
        """`[batch, features]`."""
        return torch.stack([piece(x) for piece in self.pieces]).amax(0)


def activation(block: Block) -> nn.Module:
    """The one that a layer applies."""
    return ACTIVATIONS[block.settings.get("activation", {"kind": "identity"})["kind"]]()


def filled(own: nn.Module, weights: Mapping[str, Tensor]) -> nn.Module:
    """A module of torch's with its parameters, by torch's names; what it has besides stays."""
    own.load_state_dict({**own.state_dict(), **weights})
    return own


def linear(weight: Tensor, bias: Tensor | None) -> nn.Linear:
    """A dense layer's product: dlbench's weights are `[in, out]`."""
    own = nn.Linear(*weight.shape, bias=bias is not None)
    filled(own, {"weight": weight.T} | ({} if bias is None else {"bias": bias.flatten()}))
    return own


def dense(block: Block, weights: Weights) -> nn.Module:
    """nn.Linear and its activation."""
    return nn.Sequential(linear(weights["weight"], weights.get("bias")), activation(block))


def conv(block: Block, weights: Weights) -> nn.Module:
    """Zeros around, nn.Conv2d and its activation; TensorFlow's 'same' has the odd zero below and to the right."""
    layer: Any = block.layer
    sides = [
        max((-(-size // stride) - 1) * stride + kernel - size, 0)
        for size, kernel, stride in zip(block.input[1:], layer.kernel, layer.stride, strict=True)
    ]
    (top, bottom), (left, right) = ((total // 2, total - total // 2) for total in sides)
    own = nn.Conv2d(block.input[0], layer.channels, layer.kernel, layer.stride, bias="bias" in weights)
    return nn.Sequential(nn.ZeroPad2d((left, right, top, bottom)), filled(own, weights), activation(block))


def maxout(block: Block, weights: Weights) -> nn.Module:
    """Linear layers, the pieces side by side in the weight."""
    pieces = block.settings["pieces"]
    parts = zip(weights["weight"].chunk(pieces, 1), weights["bias"].chunk(pieces, 1), strict=True)
    return Maxout([linear(weight, bias) for weight, bias in parts])


def norm(kind: Callable[[Block], nn.Module]) -> Callable[[Block, Weights], nn.Module]:
    """A normalization with its scale and shift."""
    return lambda block, weights: filled(kind(block), {"weight": weights["gamma"], "bias": weights["beta"]})


def batch_norm(block: Block) -> nn.Module:
    """For features or for images."""
    return (nn.BatchNorm2d if len(block.input) == 3 else nn.BatchNorm1d)(block.input[0])


def pool(block: Block, own: type[Any]) -> nn.Module:
    """nn.MaxPool2d or nn.AvgPool2d."""
    layer: Any = block.layer
    pooling: nn.Module = own(layer.kernel, layer.stride)
    return pooling


SINGLE: dict[str, Callable[[Block, Weights], nn.Module]] = {
    "dense": dense,
    "conv": conv,
    "maxout": maxout,
    "flatten": lambda block, weights: nn.Flatten(),
    "activation": lambda block, weights: activation(block),
    "max_pool": lambda block, weights: pool(block, nn.MaxPool2d),
    "avg_pool": lambda block, weights: pool(block, nn.AvgPool2d),
    "global_pool": lambda block, weights: nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()),
    "batch_norm": norm(batch_norm),
    "layer_norm": norm(lambda block: nn.LayerNorm(block.input)),
}
"""The layers that hold no others, by kind."""
