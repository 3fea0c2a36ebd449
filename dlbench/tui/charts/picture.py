"""A picture: a grid of cells, each a character with a front and a back ink."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from rich.cells import cell_len

from dlbench.tui.charts.ink import Ink
from dlbench.words.printable import one_line

Cells: TypeAlias = NDArray[np.str_]
Inks: TypeAlias = NDArray[np.int8]


@dataclass(frozen=True)
class Picture:
    """`text` [height, width] holds one character a cell ("" behind a wide one), `front` and `back` its inks."""

    text: Cells
    front: Inks
    back: Inks

    @classmethod
    def blank(cls, width: int, height: int) -> Picture:
        """An empty picture of a size, which may be 0."""
        shape = (max(height, 0), max(width, 0))
        text = np.full(shape, " ", dtype="<U1")
        front, back = np.full(shape, Ink.PLAIN, np.int8), np.full(shape, Ink.NONE, np.int8)
        return cls(text, front, back)

    @property
    def width(self) -> int:
        """Cells across."""
        return int(self.text.shape[1])

    @property
    def height(self) -> int:
        """Cells down."""
        return int(self.text.shape[0])

    def put(self, row: int, column: int, text: str, ink: int = Ink.PLAIN, back: int = Ink.NONE) -> int:
        """Write text from a cell on, cut off at the borders; returns the column after it.

        Letters two cells wide take two cells, and are left out where only one is free.
        """
        for letter in one_line(text):
            width = cell_len(letter)
            if 0 <= row < self.height and column >= 0 and width and column + width <= self.width:
                self.text[row, column] = letter
                self.text[row, column + 1 : column + width] = ""
                self.front[row, column : column + width] = ink
                self.back[row, column : column + width] = back
            column += width
        return column

    def paste(self, other: Picture, row: int, column: int) -> None:
        """Put another picture into this one with its upper left cell there, cut off at the borders."""
        rows = slice(max(row, 0), max(min(row + other.height, self.height), 0))
        columns = slice(max(column, 0), max(min(column + other.width, self.width), 0))
        theirs = (
            slice(rows.start - row, max(rows.stop, rows.start) - row),
            slice(columns.start - column, max(columns.stop, columns.start) - column),
        )
        for mine, its in ((self.text, other.text), (self.front, other.front), (self.back, other.back)):
            mine[rows, columns] = its[theirs]

    def rows(self) -> list[str]:
        """The characters alone, one string a row."""
        return ["".join(row) for row in self.text]
