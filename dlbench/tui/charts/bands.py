"""How layers share the rows of a picture: bands in proportion to their weights, the output layer on top."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Bands:
    """Bands of neighbouring layers, `groups` from the bottom up, which fill `lines` lines together by their `weights`.

    A line is a row of cells, or half of one where `halves` is 2. Layers are numbered from the input, at the bottom.
    """

    groups: tuple[range, ...]
    weights: tuple[int, ...]
    lines: int
    halves: int

    @classmethod
    def sharing(cls, layers: int, rows: int, halves: int, alone: Collection[int] = ()) -> Bands:
        """The bands of that many layers on rows of cells: as few layers a band as fit, as tall as fit.

        Those that stand `alone` share their band with no other, and it has a row of cells or more, where there are as many.
        """
        lines = rows * halves if layers else 0
        for grouped in range(1, layers + 1) if alone and lines else ():
            groups = _grouped(layers, grouped, alone)
            weights = tuple(halves if group[0] in alone else 1 for group in groups)
            if sum(weights) <= lines:
                return cls(groups, weights, lines, halves)
        groups = _grouped(layers, -(-layers // lines) if lines else 1)
        return cls(groups, (1,) * len(groups), lines, halves)

    @property
    def layers(self) -> int:
        """How many layers there are."""
        return self.groups[-1].stop if self.groups else 0

    @property
    def count(self) -> int:
        """How many bands there are."""
        return len(self.groups)

    @property
    def grouped(self) -> int:
        """How many layers the bands have at most."""
        return max(map(len, self.groups), default=1)

    @property
    def rows(self) -> int:
        """Rows of cells that they take."""
        return self.lines // self.halves

    @cached_property
    def borders(self) -> list[int]:
        """The line at which each band begins, from the top down, and the one after the last."""
        sums = list(accumulate(reversed(self.weights), initial=0))
        return [part * self.lines // sums[-1] for part in sums] if self.groups else [0]

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
        return np.array([group.start for group in self.groups], np.int64)

    def all(self) -> list[range]:
        """The layers of every band, from the bottom up."""
        return list(self.groups)

    def by_weight(self) -> list[range]:
        """The same, the heaviest first, of equal ones from the top down."""
        weighed = zip(self.weights[::-1], self.groups[::-1], strict=True)
        return [group for _, group in sorted(weighed, key=lambda band: -band[0])]

    def at(self, row: int) -> list[range]:
        """The layers of each band in a row of cells, the upper one first: none, one or two bands."""
        lines = range(row * self.halves, (row + 1) * self.halves) if 0 <= row < self.rows else range(0)
        found = dict.fromkeys(self.count - bisect_right(self.borders, line) for line in lines)
        return [self.groups[band] for band in found]

    def line(self, layer: int) -> int:
        """The line in the middle of a layer's band."""
        above = self.count - bisect_right(self.starts, layer)
        return (self.borders[above] + self.borders[above + 1]) // 2

    def row(self, layer: int) -> int:
        """The row of cells in the middle of a layer's band: where its name stands."""
        return self.line(layer) // self.halves


def _grouped(layers: int, most: int, alone: Collection[int] = ()) -> tuple[range, ...]:
    """Neighbours together, so many at most, from the bottom up."""
    groups: list[range] = []
    for layer in range(layers):
        last = groups[-1] if groups else range(0)
        if not last or layer in alone or last[-1] in alone or len(last) == most:
            groups.append(range(layer, layer + 1))
        else:
            groups[-1] = range(last.start, layer + 1)
    return tuple(groups)
