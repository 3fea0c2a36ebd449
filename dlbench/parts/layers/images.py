"""What layers on images share: sides of a window, where it fits, and how a stack's images become torch's four axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

from dlbench.parts.layers.base import Shape, ShapeError
from dlbench.parts.lazy import torch

Pair: TypeAlias = tuple[int, int]
Padding: TypeAlias = Literal["same", "valid"]


def pair(sides: int | Sequence[int]) -> Pair:
    """`(height, width)`."""
    if isinstance(sides, int):
        return sides, sides
    height, width = sides
    return height, width


def around(size: int, kernel: int, stride: int, padding: Padding | int) -> Pair:
    """How many numbers are put before and after `size` others.

    `same` puts as many as make `ceil(size / stride)` places for the kernel; of an odd number the one more comes after, as in
    TensorFlow (and in torch, which knows it for a stride of 1). `valid` puts none, a number that many on both sides.
    """
    if isinstance(padding, int):
        return padding, padding
    if padding == "valid":
        return 0, 0
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


def places(name: str, shape: Shape, kernel: Pair, stride: Pair, padding: Padding | int) -> Pair:
    """At how many `(rows, columns)` a kernel is laid on images of `shape`; raises `ShapeError` where it finds no room."""
    if len(shape) != 3:
        raise ShapeError(refusal(name, shape))
    padded = [
        size + sum(around(size, side, step, padding))
        for size, side, step in zip(shape[1:], kernel, stride, strict=True)
    ]
    if any(size < side for size, side in zip(padded, kernel, strict=True)):
        raise ShapeError(
            f"'{name}' has a kernel of {kernel}, larger than its input {shape} (padding = {_written(padding)}); "
            'make the kernel smaller, or write padding = "same"'
        )
    rows, columns = ((size - side) // step + 1 for size, side, step in zip(padded, kernel, stride, strict=True))
    return rows, columns


def refusal(name: str, shape: Shape) -> str:
    """What a layer on images says to anything else."""
    return (
        f"'{name}' takes images (channels, height, width), but gets {shape}; "
        'put it before any { kind = "flatten" }, on data that are images'
    )


def _written(padding: Padding | int) -> str:
    return str(padding) if isinstance(padding, int) else f'"{padding}"'


def folded(x: torch.Tensor) -> torch.Tensor:
    """`[trials, batch, channels, ...]` as `[batch, trials * channels, ...]`: no copy for one trial, or where `unfolded` made it."""
    return x.transpose(0, 1).flatten(1, 2)


def unfolded(y: torch.Tensor, trials: int) -> torch.Tensor:
    """`[batch, trials * channels, ...]` as `[trials, batch, channels, ...]`, a view."""
    return y.view(len(y), trials, y.shape[1] // trials, *y.shape[2:]).transpose(0, 1)
