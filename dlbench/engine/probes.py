"""Probes: what every layer looks like at one step, measured on the device and copied to the host once.

They read what the training step computed anyway, draw no random numbers and change no bit of the training.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dlbench.engine.breakpoints import WatchedLayer
from dlbench.engine.log_histogram import BINS, LogHistogram, rounded
from dlbench.engine.stacked_net import Taps
from dlbench.engine.step_tensors import StackWeights, families_of
from dlbench.measures.catalog import MEASURES
from dlbench.measures.names import HISTOGRAM, ZEROS
from dlbench.parts.outline import TIME, Block, ProbeRow, rows_of
from dlbench.parts.rows import Slot

Measures: TypeAlias = dict[str, NDArray[Any]]
"""What a probe found, arrays `[trials, layers]` and `[trials, layers, bins]`, by their names in its event."""


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


def watched_layers(blocks: Sequence[Block]) -> list[WatchedLayer]:
    """The rows of a net's probes."""
    return [WatchedLayer(row.name, row.kind, bool(row.weights)) for row in rows_of(blocks)]


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
