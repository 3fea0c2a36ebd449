"""How layers share the rows of a picture: bands of nearly equal height, the output layer on top."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Bands:
    """`count` bands of `grouped` layers each (the uppermost may have fewer), which fill `lines` lines together.

    A line is a row of cells, or half of one where `halves` is 2. `layers` are numbered from the input, at the bottom.
    """

    layers: int
    grouped: int
    lines: int
    halves: int

    @classmethod
    def sharing(cls, layers: int, rows: int, halves: int) -> Bands:
        """The bands of that many layers on rows of cells: as few layers a band as fit, as tall as fit."""
        lines = rows * halves
        if not layers or not lines:
            return cls(layers, 1, 0, halves)
        return cls(layers, -(-layers // lines), lines, halves)

    @property
    def count(self) -> int:
        """How many bands there are."""
        return -(-self.layers // self.grouped)

    @property
    def rows(self) -> int:
        """Rows of cells that they take."""
        return self.lines // self.halves

    @cached_property
    def borders(self) -> list[int]:
        """The line at which each band begins, from the top down, and the one after the last: no two differ by more than one."""
        return [index * self.lines // self.count for index in range(self.count + 1)] if self.layers else [0]

    @property
    def have_rows(self) -> bool:
        """Whether every band has a row of cells to itself."""
        return all(-(-top // self.halves) < bottom // self.halves for top, bottom in pairwise(self.borders))

    @property
    def heights(self) -> list[int]:
        """Lines of each band, from the top down."""
        return [bottom - top for top, bottom in pairwise(self.borders)]

    @property
    def starts(self) -> NDArray[np.int64]:
        """The lowest layer of each band, from the bottom up."""
        return np.arange(0, self.layers, self.grouped)

    def all(self) -> list[range]:
        """The layers of every band, from the bottom up."""
        return [self._layers(band) for band in range(self.count)]

    def at(self, row: int) -> list[range]:
        """The layers of each band in a row of cells, the upper one first: none, one or two bands."""
        lines = range(row * self.halves, (row + 1) * self.halves) if 0 <= row < self.rows else range(0)
        found = dict.fromkeys(self.count - bisect_right(self.borders, line) for line in lines)
        return [self._layers(band) for band in found]

    def line(self, layer: int) -> int:
        """The line in the middle of a layer's band."""
        above = self.count - 1 - layer // self.grouped
        return (self.borders[above] + self.borders[above + 1]) // 2

    def row(self, layer: int) -> int:
        """The row of cells in the middle of a layer's band: where its name stands."""
        return self.line(layer) // self.halves

    def _layers(self, band: int) -> range:
        return range(band * self.grouped, min((band + 1) * self.grouped, self.layers))
