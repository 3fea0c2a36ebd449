"""The encoder layer of a transformer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from annotated_types import Ge, Interval

from dlbench.parts.lazy import torch
from dlbench.parts.modules.base import MODULES

if TYPE_CHECKING:
    from torch import nn

SEQUENCE, IMAGE = 2, 3
"""Axes of a sample."""


@MODULES.add()
def transformer_encoder_layer(
    shape: tuple[int, ...],
    *,
    heads: Annotated[int, Ge(1)] = 1,
    hidden: Annotated[int, Ge(1)] = 64,
    rate: Annotated[float, Interval(ge=0, lt=1)] = 0.0,
    activation: Literal["relu", "gelu"] = "relu",
    norm_first: bool = False,
) -> nn.Module:
    """Self-attention, then two dense layers, each with a residual connection and a layer norm (Vaswani et al. 2017).

    torch's `nn.TransformerEncoderLayer`, of sequences `(time, features)`; of an image every row of every channel is a step of
    time. The shape stays, but that rows of channels lie behind each other. It knows no positions: what comes first and what last
    must be in the features.

    heads: how many attentions stand beside each other; the features must be a multiple of it.
    hidden: how many units the first of the two dense layers has.
    rate: the probability that a unit is dropped, in all four places of the paper.
    activation: what the first dense layer applies.
    norm_first: whether norms come before attention and dense layers, and not after them.
    """
    if len(shape) not in {SEQUENCE, IMAGE}:
        raise ValueError(f"takes a sequence (time, features) or an image (channels, height, width), not {shape}")
    if shape[-1] % heads:
        raise ValueError(f"{shape[-1]} features cannot be shared by {heads} heads; take a divisor of {shape[-1]}")
    layer = torch.nn.TransformerEncoderLayer(
        shape[-1], heads, hidden, rate, activation, batch_first=True, norm_first=norm_first
    )
    return torch.nn.Sequential(torch.nn.Flatten(1, 2), layer) if len(shape) == IMAGE else layer
