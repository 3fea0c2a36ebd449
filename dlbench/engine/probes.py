"""Probes: what every layer looks like at one step, measured on the device and copied to the host once.

They read what the training step computed anyway, draw no random numbers and change no bit of the training.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dlbench.engine.stacked_net import Taps
from dlbench.engine.step_tensors import Slots, StackWeights, families_of
from dlbench.measures.catalog import MEASURES
from dlbench.measures.names import HISTOGRAM, ZEROS
from dlbench.parts.outline import TIME, Block, ProbeRow, rows_of
from dlbench.parts.rows import Slot

HISTOGRAM_LOW, HISTOGRAM_HIGH, HISTOGRAM_WIDTH = -65, 15, 2
"""Histograms count log2 of the absolute gradient from 2^-65 to 2^15, two powers a bin; what lies beyond counts in the end bins."""

Measures: TypeAlias = dict[str, NDArray[Any]]
"""What a probe found, arrays `[trials, layers]` and `[trials, layers, bins]`, by their names in its event."""

BINS = (HISTOGRAM_HIGH - HISTOGRAM_LOW) // HISTOGRAM_WIDTH
BYTES = 128
"""Values of a float's highest byte without its sign; the last is kept for NaN, infinity and numbers from 2^127 on."""

NOWHERE, PLACES = BINS + 1, BINS + 2
"""Behind the bins stand exact zeros, and then what is counted nowhere."""

FIRST_BYTE = (HISTOGRAM_LOW + 127) // HISTOGRAM_WIDTH
HIGHEST_BYTE = 3 if sys.byteorder == "little" else 0


class Probe:
    """Measures the layers of a stack at chosen steps; one row of results a trial and row of `rows_of`.

    What is measured is what `dlbench.measures` has. A probe of a deep tiny net is dear for its many small operations, not for
    its numbers: so layers are measured together wherever their tensors have one shape.
    """

    def __init__(self, blocks: Sequence[Block], slots: Sequence[Slot], width: int, *, histograms: bool) -> None:
        """`slots` lay the blocks' weights out in rows of `width` numbers."""
        rows = rows_of(blocks)
        watched = {slot.name: slot for slot in slots}
        self._slots = [[watched[weight] for weight in row.weights] for row in rows]
        self._times = [index for index, row in enumerate(rows) if row.kind == TIME]
        self._families = families_of(rows)
        self._layers = len(rows)
        self._histogram = LogHistogram(self._slots, width) if histograms else None
        self._of_weights = [one for one in MEASURES.values() if one.of == "weights"]
        self._of_outputs = [one for one in MEASURES.values() if one.of == "outputs"]

    @torch.no_grad()
    def measure(self, before: Tensor, after: Tensor, gradient: Tensor, taps: Taps) -> Measures:
        """The measures of one step, arrays `[trials, layers]`, NaN where a layer has no such thing.

        `before` and `after` are the rows of weights around the step, `gradient` the rows that made it (all `[trials,
        parameters]`), `taps` what the forward pass handed out.
        """
        weights = StackWeights(before, after, gradient, self._slots, dict(zip(self._times, taps.flows, strict=True)))
        of_weights = torch.stack([one.compute(weights) for one in self._of_weights])
        parts = [torch.cat([of_weights, self._measured(taps.outputs)]).reshape(-1)]
        if self._histogram is not None:
            parts.append(self._histogram.count(gradient).reshape(-1))
        host = torch.cat(parts).cpu().numpy()  # the one copy from device to host
        return self._named(host, trials=gradient.shape[0])

    def _measured(self, taps: Sequence[Tensor]) -> Tensor:
        """The measures of the layers' outputs, `[measures, trials, layers]`."""
        measures = taps[0].new_full((len(self._of_outputs), taps[0].shape[0], self._layers), torch.nan)
        for family in self._families:
            outputs = family.outputs(taps)
            measures[:, :, family.layers] = torch.stack([one.compute(outputs) for one in self._of_outputs])
        return measures

    def _named(self, host: NDArray[np.float32], trials: int) -> Measures:
        names = [one.name for one in (*self._of_weights, *self._of_outputs)]
        size = len(names) * trials * self._layers
        table = host[:size].reshape(len(names), trials, self._layers)
        result: Measures = dict(zip(names, rounded(table), strict=True))
        if self._histogram is not None:
            counts = host[size:].reshape(trials, self._layers, BINS + 1).astype(np.int32)
            result[HISTOGRAM] = counts[:, :, :BINS]
            result[ZEROS] = counts[:, :, BINS]
        return result


def described(blocks: Sequence[Block]) -> dict[str, Any]:
    """A net as the `stack` event tells of it: `layers` are the rows of its probes, `net` all its layers as a tree."""
    return {"layers": [_described_row(row) for row in rows_of(blocks)], "net": [_described(block) for block in blocks]}


def _described_row(row: ProbeRow) -> dict[str, Any]:
    """Its name, its kind, the shape of its weight if it has one."""
    return {"name": row.name, "kind": row.kind, "weight": None if row.shape is None else list(row.shape)}


def _described(block: Block) -> dict[str, Any]:
    """A layer with the shape that it puts out, what it trains, and its branches where it has some."""
    told = {
        "name": block.name,
        "kind": block.settings["kind"],
        "output": list(block.output),
        "parameters": block.parameters,
    }
    branches = [[_described(inner) for inner in branch] for branch in block.branches]
    return told | ({"branches": branches} if branches else {})


class LogHistogram:
    """Counts gradients by their power of two, all layers of all trials at once.

    The highest byte of a float is its sign and the upper seven bits of its exponent: its power of two by pairs, ready to be
    counted. NaN, infinity and what is as large are counted nowhere.
    """

    def __init__(self, watched: Slots, width: int) -> None:
        """`watched` are the slots to count, those of each layer; the rest of a row of `width` numbers is left out."""
        self._layers = len(watched) + 1
        offset = torch.full((width,), len(watched) * PLACES)
        for layer, slots in enumerate(watched):
            for slot in slots:
                offset[slot.start : slot.stop] = layer * PLACES
        self._offset = offset
        self._place = (torch.arange(BYTES) - FIRST_BYTE).clamp_(0, BINS - 1)
        self._place[-1] = NOWHERE

    def count(self, gradient: Tensor) -> Tensor:
        """Counts `[trials, layers, BINS + 1]` of a gradient `[trials, parameters]`; exact zeros in the last place."""
        trials, device = gradient.shape[0], gradient.device
        self._offset, self._place = self._offset.to(device), self._place.to(device)
        index = self._place[(gradient.view(torch.uint8)[:, HIGHEST_BYTE::4] & 0x7F).int()]
        index.masked_fill_(gradient == 0, BINS)
        index += self._offset
        index += torch.arange(trials, device=device)[:, None] * (self._layers * PLACES)
        found = torch.bincount(index.view(-1), minlength=trials * self._layers * PLACES)
        return found.view(trials, self._layers, PLACES)[:, :-1, :NOWHERE].to(gradient.dtype)


def rounded(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """To seven significant digits: all that single precision has, and short when written down."""
    exact = values.astype(np.float64)
    usual = np.isfinite(exact) & (exact != 0)
    size = np.floor(np.log10(np.abs(exact), where=usual, out=np.zeros_like(exact)))
    scale = 10.0 ** (6 - size)
    found: NDArray[np.float32] = (np.rint(exact * scale) / scale).astype(np.float32)
    return found
