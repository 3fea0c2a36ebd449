"""A trained net again, of the weights that a run has kept: what it says of new samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from dlbench.engine.batches import DataSplit
from dlbench.engine.evaluate import outputs_of
from dlbench.engine.stacked_net import REGISTER, Net, Tensors, streams_of
from dlbench.parts.outline import Block, leaves, slots_of


def rebuilt(blocks: Sequence[Block], arrays: Mapping[str, NDArray[Any]], seed: int) -> Net:
    """The net of one trial, its weights and buffers by their names, `dense1.weight`."""
    slots = slots_of(blocks)
    row = torch.zeros(1, -(-slots[-1].stop // REGISTER) * REGISTER)
    for slot in slots:
        slot.of(row).copy_(torch.from_numpy(arrays[slot.name].copy()))
    buffers = {
        block.name: {name: torch.from_numpy(arrays[f"{block.name}.{name}"].copy())[None] for name in block.buffers}
        for block in leaves(blocks)
    }
    streams = streams_of(list(leaves(blocks)), [seed], row.device)
    return Net(blocks, Tensors(row, torch.zeros_like(row), buffers, streams))


def outputs(
    blocks: Sequence[Block], arrays: Mapping[str, NDArray[Any]], seed: int, x: NDArray[np.float32]
) -> NDArray[np.float32]:
    """The outputs for samples that are prepared, `[samples, outputs]`, as an evaluation of the run computes them in float32."""
    net, samples = rebuilt(blocks, arrays, seed), torch.from_numpy(np.ascontiguousarray(x))
    found: NDArray[np.float32] = outputs_of([net], DataSplit(samples, torch.zeros(len(samples))))[0]
    return found
