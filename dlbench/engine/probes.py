"""Probes: what every layer looks like at one step, measured on the device and copied to the host once.

They read what the training step computed anyway, draw no random numbers and change no bit of the training.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dlbench.engine.devices import precise
from dlbench.engine.stacked_net import Taps
from dlbench.measures.names import HISTOGRAM, MEASURES, ZEROS
from dlbench.parts.activations import bounds
from dlbench.parts.arguments import Number, spread
from dlbench.parts.outline import TIME, Block, ProbeRow, rows_of
from dlbench.parts.rows import Slot

HISTOGRAM_LOW, HISTOGRAM_HIGH, HISTOGRAM_WIDTH = -65, 15, 2
"""Histograms count log2 of the absolute gradient from 2^-65 to 2^15, two powers a bin; what lies beyond counts in the end bins."""

Measures: TypeAlias = dict[str, NDArray[Any]]
"""What a probe found, arrays `[trials, layers]` and `[trials, layers, bins]`, by their names in its event."""

BINS = (HISTOGRAM_HIGH - HISTOGRAM_LOW) // HISTOGRAM_WIDTH
BYTES = 128
"""Values of a float's highest byte without its sign; the last is kept for NaN, infinity and numbers from 2^127 on."""

FIRST_BYTE = (HISTOGRAM_LOW + 127) // HISTOGRAM_WIDTH
HIGHEST_BYTE = 3 if sys.byteorder == "little" else 0

SATURATED = 0.01
"""A unit is saturated within this share of its activation's range from one of its bounds."""


class Probe:
    """Measures the layers of a stack at chosen steps; one row of results a trial and row of `rows_of`.

    A probe of a deep tiny net is dear for its many small operations, not for its numbers: so layers are measured together
    wherever their tensors have one shape.
    """

    def __init__(self, blocks: Sequence[Block], slots: Sequence[Slot], width: int, *, histograms: bool) -> None:
        """`slots` lay the blocks' weights out in rows of `width` numbers."""
        rows = rows_of(blocks)
        watched = {slot.name: slot for slot in slots}
        self._slots = [None if row.weight is None else watched[row.weight] for row in rows]
        self._times = [index for index, row in enumerate(rows) if row.kind == TIME]
        self._families = _families(rows)
        self._layers = len(rows)
        self._histogram = LogHistogram(self._slots, width) if histograms else None

    @torch.no_grad()
    def measure(self, before: Tensor, after: Tensor, gradient: Tensor, taps: Taps) -> Measures:
        """The measures of one step, arrays `[trials, layers]`, NaN where a layer has no such thing.

        `before` and `after` are the rows of weights around the step, `gradient` the rows that made it (all `[trials,
        parameters]`), `taps` what the forward pass handed out. The norms are Euclidean; deviation is over batch and units
        together. The gradient of a step of time is that of the loss for the layer's state then.
        """
        of_weights = self._weight_measures(before, after, gradient)
        if self._times:
            of_weights[0][:, self._times] = torch.stack(taps.flows, dim=1)
        measures = torch.cat([of_weights, self._activation_measures(taps.outputs)])
        parts = [measures.reshape(-1)]
        if self._histogram is not None:
            parts.append(self._histogram.count(gradient).reshape(-1))
        host = torch.cat(parts).cpu().numpy()  # the one copy from device to host
        return self._named(host, trials=gradient.shape[0])

    def _weight_measures(self, before: Tensor, after: Tensor, gradient: Tensor) -> Tensor:
        """Gradient norm, weight norm and update/weight ratio, `[3, trials, layers]`."""
        measures = torch.stack([self._norms(rows) for rows in (gradient, before, after - before)])
        measures[2] /= measures[1]
        return measures

    def _norms(self, rows: Tensor) -> Tensor:
        """Euclidean norms `[trials, layers]`, summed in double: squares of vanishing gradients underflow in single."""
        nothing = rows.new_full((rows.shape[0],), torch.nan)
        norms = [
            nothing
            if slot is None
            else torch.linalg.vector_norm(rows[:, slot.start : slot.stop], dim=1, dtype=precise(rows.device)).float()
            for slot in self._slots
        ]
        return torch.stack(norms, dim=1)

    def _activation_measures(self, taps: Sequence[Tensor]) -> Tensor:
        """Mean, deviation, share of exact zeros and share saturated of the layers' outputs, `[4, trials, layers]`."""
        measures = taps[0].new_empty(4, taps[0].shape[0], self._layers)
        for family in self._families:
            outputs = torch.stack([taps[layer].flatten(1) for layer in family.layers], dim=1)
            deviation, mean = torch.std_mean(outputs, dim=2, correction=0)
            zeros = (outputs == 0).float().mean(dim=2)
            saturated = _saturated(outputs, family.low, family.high)
            measures[:, :, family.layers] = torch.stack([mean, deviation, zeros, saturated])
        return measures

    def _named(self, host: NDArray[np.float32], trials: int) -> Measures:
        size = len(MEASURES) * trials * self._layers
        table = host[:size].reshape(len(MEASURES), trials, self._layers)
        result: Measures = {name: _rounded(values) for name, values in zip(MEASURES, table, strict=True)}
        if self._histogram is not None:
            counts = host[size:].reshape(trials, self._layers, BINS + 1).astype(np.int32)
            result[HISTOGRAM] = counts[:, :, :BINS]
            result[ZEROS] = counts[:, :, BINS]
        return result


def described(row: ProbeRow) -> dict[str, Any]:
    """A row as the `stack` event tells of it: its name, its kind, the shape of its weight if it has one."""
    return {"name": row.name, "kind": row.kind, "weight": None if row.shape is None else list(row.shape)}


@dataclass(frozen=True)
class _Family:
    """Layers whose outputs have one shape and one pair of bounds."""

    layers: list[int]
    low: Number | None
    high: Number | None


def _families(rows: Sequence[ProbeRow]) -> list[_Family]:
    members: dict[tuple[Any, ...], list[int]] = {}
    for layer, row in enumerate(rows):
        low, high = (None, None) if row.activation is None else bounds(row.activation)
        members.setdefault((row.output, low, high), []).append(layer)
    return [_Family(layers, low, high) for (_, low, high), layers in members.items()]


def _saturated(outputs: Tensor, low: Number | None, high: Number | None) -> Tensor:
    """The share of outputs near a bound; undefined (NaN) for activations whose only bound is the zero of a dead unit."""
    if low is None or (high is None and isinstance(low, (int, float)) and low == 0):
        return torch.full_like(outputs[..., 0], torch.nan)
    margin = SATURATED * (high - low if high is not None else -low)
    near = outputs < spread(low + margin, outputs)
    if high is not None:
        near |= outputs > spread(high - margin, outputs)
    return near.float().mean(dim=2)


class LogHistogram:
    """Counts gradients by their power of two, all layers of all trials at once.

    The highest byte of a float is its sign and the upper seven bits of its exponent: its power of two by pairs, ready to be
    counted. NaN, infinity and what is as large are counted nowhere.
    """

    def __init__(self, watched: Sequence[Slot | None], width: int) -> None:
        """`watched` are the slots to count, one a layer; the rest of a row of `width` numbers is left out."""
        self._watched = watched
        self._layers = len(watched) + 1
        offset = torch.full((width,), len(watched) * BYTES, dtype=torch.int32)
        for layer, slot in enumerate(watched):
            if slot is not None:
                offset[slot.start : slot.stop] = layer * BYTES
        self._offset = offset

    def count(self, gradient: Tensor) -> Tensor:
        """Counts `[trials, layers, BINS + 1]` of a gradient `[trials, parameters]`; exact zeros in the last place."""
        trials = gradient.shape[0]
        self._offset = self._offset.to(gradient.device)
        index = (gradient.view(torch.uint8)[:, HIGHEST_BYTE::4] & 0x7F).int()
        index += self._offset
        index += torch.arange(trials, device=gradient.device, dtype=torch.int32)[:, None] * (self._layers * BYTES)
        found = torch.bincount(index.view(-1), minlength=trials * self._layers * BYTES)
        counts = found.view(trials, self._layers, BYTES)[:, :-1].to(gradient.dtype)
        inside = counts[:, :, FIRST_BYTE : FIRST_BYTE + BINS]
        zeros = self._zeros(gradient)
        inside[:, :, 0] += counts[:, :, :FIRST_BYTE].sum(dim=2) - zeros
        inside[:, :, -1] += counts[:, :, FIRST_BYTE + BINS : -1].sum(dim=2)
        return torch.cat([inside, zeros.unsqueeze(2)], dim=2)

    def _zeros(self, gradient: Tensor) -> Tensor:
        none = gradient.new_zeros(gradient.shape[0])
        return torch.stack(
            [
                none
                if slot is None
                else slot.stop - slot.start - torch.count_nonzero(gradient[:, slot.start : slot.stop], dim=1)
                for slot in self._watched
            ],
            dim=1,
        )


def _rounded(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """To five significant digits: enough for a picture, and short when written down."""
    exact = values.astype(np.float64)
    usual = np.isfinite(exact) & (exact != 0)
    size = np.floor(np.log10(np.abs(exact), where=usual, out=np.zeros_like(exact)))
    scale = 10.0 ** (4 - size)
    rounded: NDArray[np.float32] = (np.rint(exact * scale) / scale).astype(np.float32)
    return rounded
