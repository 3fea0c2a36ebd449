"""The rasteriser: a grid of dots, two by four a cell, becomes braille characters; or one dot a cell becomes a letter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlbench.tui.charts.picture import Cells

Dots: TypeAlias = NDArray[np.bool_]

FIRST_BRAILLE = 0x2800
BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]], np.uint8)
"""Of the dots of one cell, rows down and columns across, as Unicode numbers them."""
PATTERNS: Cells = np.array([chr(FIRST_BRAILLE + bits) for bits in range(256)])


@dataclass(frozen=True)
class Grain:
    """How many dots a cell has, across and down."""

    across: int
    down: int


FINE = Grain(2, 4)
"""Braille."""
COARSE = Grain(1, 1)
"""One letter a cell."""


def cells(dots: Dots, grain: Grain, letter: str) -> tuple[Cells, Dots]:
    """The characters of a grid of dots, `[rows, columns]`, and which cells hold a dot at all.

    Args:
        dots: `[rows * grain.down, columns * grain.across]`.
        grain: `FINE` or `COARSE`.
        letter: what a dot of the coarse grain is drawn as.
    """
    if grain is COARSE:
        return np.where(dots, letter, " "), dots
    rows, columns = dots.shape[0] // grain.down, dots.shape[1] // grain.across
    blocks = dots.reshape(rows, grain.down, columns, grain.across)
    bits = np.einsum("rdca,da->rc", blocks, BITS, dtype=np.uint8, casting="unsafe")
    return PATTERNS[bits], bits > 0
