"""How layers share the rows of a picture: bands of equal height, the output layer on top."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Bands:
    """`count` bands of `grouped` layers each (the uppermost may have fewer), every one `tall` lines high.

    A line is a row of cells, or half of one where `halves` is 2. `layers` are numbered from the input, at the bottom.
    """

    layers: int
    grouped: int
    tall: int
    halves: int

    @classmethod
    def sharing(cls, layers: int, rows: int, halves: int) -> Bands:
        """The bands of that many layers on rows of cells: as few layers a band as fit, as tall as fit."""
        lines = rows * halves
        if not layers or not lines:
            return cls(layers, 1, 0, halves)
        grouped = -(-layers // lines)
        return cls(layers, grouped, lines // -(-layers // grouped), halves)

    @property
    def count(self) -> int:
        """How many bands there are."""
        return -(-self.layers // self.grouped)

    @property
    def rows(self) -> int:
        """Rows of cells that they take."""
        return -(-self.count * self.tall // self.halves)

    @property
    def starts(self) -> NDArray[np.int64]:
        """The lowest layer of each band, from the bottom up."""
        return np.arange(0, self.layers, self.grouped)

    def all(self) -> list[range]:
        """The layers of every band, from the bottom up."""
        return [self._layers(band) for band in range(self.count)]

    def at(self, row: int) -> list[range]:
        """The layers of each band in a row of cells, the upper one first: none, one or two bands."""
        lines = range(row * self.halves, (row + 1) * self.halves)
        found = dict.fromkeys(self.count - 1 - line // self.tall for line in lines) if self.tall and row >= 0 else {}
        return [self._layers(band) for band in found if band >= 0]

    def line(self, layer: int) -> int:
        """The line in the middle of a layer's band."""
        above = self.count - 1 - layer // self.grouped
        return above * self.tall + self.tall // 2

    def row(self, layer: int) -> int:
        """The row of cells in the middle of a layer's band: where its name stands."""
        return self.line(layer) // self.halves

    def _layers(self, band: int) -> range:
        return range(band * self.grouped, min((band + 1) * self.grouped, self.layers))
