"""Probes: what every layer looks like at one step, measured on the device and copied to the host once.

They read what the training step computed anyway, draw no random numbers and change no bit of the training.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dlbench.parts.activations import bounds
from dlbench.parts.net import Block
from dlbench.parts.rows import Slot

HISTOGRAM_LOW, HISTOGRAM_HIGH, HISTOGRAM_WIDTH = -64, 16, 2
"""Histograms count log2 of the absolute gradient from 2^-64 to 2^16, two powers a bin; what lies beyond counts in the end bins."""

BINS = (HISTOGRAM_HIGH - HISTOGRAM_LOW) // HISTOGRAM_WIDTH

MEASURES = (
    "gradient_norm",
    "weight_norm",
    "update_ratio",
    "activation_mean",
    "activation_deviation",
    "zero_share",
    "saturated_share",
)

SATURATED = 0.01
"""A unit is saturated within this share of its activation's range from one of its bounds."""


class Probe:
    """Measures the probed blocks of a stack at chosen steps; one row of results a trial and block."""

    def __init__(self, blocks: Sequence[Block], slots: Sequence[Slot], *, histograms: bool) -> None:
        self._blocks = [block for block in blocks if block.probed]
        watched = {slot.name: slot for slot in slots}
        self._slots = [
            watched[f"{block.name}.{next(iter(block.weights))}"] if block.weights else None for block in self._blocks
        ]
        self._bounds = [bounds(block.settings["activation"]) if "activation" in block.settings else (None, None)
                        for block in self._blocks]
        self._histograms = histograms

    @torch.no_grad()
    def measure(self, before: Tensor, after: Tensor, gradient: Tensor, taps: Sequence[Tensor]) -> dict[str, Any]:
        """The measures of one step as lists `[trials][layers]`, `None` where a layer has no such thing.

        `before` and `after` are the rows of weights around the step, `gradient` the rows that made it (all `[trials,
        parameters]`), `taps` the outputs of the probed blocks `[trials, batch, ...]`. The norms are Euclidean; deviation is
        over batch and units together.
        """
        columns: list[Tensor] = []
        for slot, (low, high), tap in zip(self._slots, self._bounds, taps, strict=True):
            columns += _weight_measures(slot, before, after, gradient)
            columns += _activation_measures(tap.flatten(1), low, high)
        stacked = torch.stack(columns)
        parts = [stacked.reshape(-1)]
        if self._histograms:
            parts.append(self._count(gradient).reshape(-1))
        host = torch.cat(parts).cpu().numpy()  # the one copy from device to host
        return self._named(host, trials=gradient.shape[0])

    def _count(self, gradient: Tensor) -> Tensor:
        """Counts `[layers, trials, BINS + 1]`, the exact zeros last; layers without a weight count nothing."""
        empty = gradient.new_zeros(gradient.shape[0], BINS + 1)
        return torch.stack(
            [empty if slot is None else log_histogram(gradient[:, slot.start : slot.stop]) for slot in self._slots]
        )

    def _named(self, host: NDArray[np.float32], trials: int) -> dict[str, Any]:
        layers, measures = len(self._blocks), len(MEASURES)
        size = layers * measures * trials
        table = host[:size].reshape(layers, measures, trials).transpose(1, 2, 0)
        result: dict[str, Any] = {name: _rounded(values) for name, values in zip(MEASURES, table, strict=True)}
        if self._histograms:
            counts = host[size:].reshape(layers, trials, BINS + 1).transpose(1, 0, 2).astype(np.int64)
            result["gradient_histogram"] = counts[:, :, :BINS].tolist()
            result["gradient_zeros"] = counts[:, :, BINS].tolist()
        return result


def _weight_measures(slot: Slot | None, before: Tensor, after: Tensor, gradient: Tensor) -> list[Tensor]:
    """Gradient norm, weight norm and update/weight ratio of one layer's weight, `[trials]` each."""
    if slot is None:
        return [torch.full_like(before[:, 0], torch.nan)] * 3
    part = slice(slot.start, slot.stop)
    weight = _norm(before[:, part])
    return [_norm(gradient[:, part]), weight, _norm(after[:, part] - before[:, part]) / weight]


def _norm(rows: Tensor) -> Tensor:
    """Euclidean norm of each row, scaled by the largest entry so that squares of tiny gradients do not underflow."""
    scale = rows.abs().amax(dim=1, keepdim=True)
    safe = torch.where(scale > 0, scale, torch.ones_like(scale))
    norms: Tensor = torch.linalg.vector_norm(rows / safe, dim=1) * safe[:, 0]
    return norms


def _activation_measures(tap: Tensor, low: float | None, high: float | None) -> list[Tensor]:
    """Mean, deviation, share of exact zeros and share saturated of one layer's output `[trials, numbers]`."""
    deviation, mean = torch.std_mean(tap, dim=1, correction=0)
    zeros = (tap == 0).float().mean(dim=1)
    return [mean, deviation, zeros, _saturated(tap, low, high)]


def _saturated(tap: Tensor, low: float | None, high: float | None) -> Tensor:
    """The share of outputs near a bound; undefined (NaN) for activations whose only bound is the zero of a dead unit."""
    if low is None or (high is None and low == 0):
        return torch.full_like(tap[:, 0], torch.nan)
    margin = SATURATED * (high - low if high is not None else -low)
    near = tap < low + margin
    if high is not None:
        near |= tap > high - margin
    return near.float().mean(dim=1)


def log_histogram(gradient: Tensor) -> Tensor:
    """Counts `[trials, BINS + 1]` of a gradient `[trials, numbers]` by its power of two; exact zeros in the last place.

    The power is read out of the float's own exponent bits; NaN and infinity are counted nowhere.
    """
    bits = gradient.contiguous().view(torch.int32)
    exponent = ((bits >> 23) & 0xFF) - 127
    index = ((exponent - HISTOGRAM_LOW) // HISTOGRAM_WIDTH).clamp_(0, BINS - 1)
    index = torch.where(gradient == 0, BINS, index).long()
    counts = gradient.new_zeros(gradient.shape[0], BINS + 1)
    return counts.scatter_add_(1, index, (exponent < 128).to(counts.dtype))


def _rounded(values: NDArray[np.float32]) -> list[list[float | None]]:
    """Five significant digits are enough for a picture, and keep the events small; NaN and infinity become `None`."""
    return [[float(f"{value:.5g}") if np.isfinite(value) else None for value in row] for row in values]
