"""Histograms of gradients by powers of two, and how many digits measures keep: what recorded loops need too."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

if TYPE_CHECKING:
    from dlbench.engine.step_tensors import Slots

HISTOGRAM_LOW, HISTOGRAM_HIGH, HISTOGRAM_WIDTH = -65, 15, 2
"""Histograms count log2 of the absolute gradient from 2^-65 to 2^15, two powers a bin; what lies beyond counts in the end bins."""

BINS = (HISTOGRAM_HIGH - HISTOGRAM_LOW) // HISTOGRAM_WIDTH
BYTES = 128
"""Values of a float's highest byte without its sign; the last is kept for NaN, infinity and numbers from 2^127 on."""

NOWHERE, PLACES = BINS + 1, BINS + 2
"""Behind the bins stand exact zeros, and then what is counted nowhere."""

FIRST_BYTE = (HISTOGRAM_LOW + 127) // HISTOGRAM_WIDTH
HIGHEST_BYTE = 3 if sys.byteorder == "little" else 0


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
