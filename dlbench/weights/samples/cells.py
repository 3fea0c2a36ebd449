"""The cells of a column as features: numbers, places in an order, ones and zeros; what cannot be one is told with its line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from dlbench.errors import UsageError
from dlbench.parts.datasets.csv_file.columns import CsvColumn, column_of, without_missing
from dlbench.parts.datasets.csv_file.encode import MISSING
from dlbench.parts.datasets.csv_file.head import Layout
from dlbench.parts.datasets.csv_file.reading import Cells, lines_of

SHOWN = 8
"""So many values of a column are told."""


@dataclass(frozen=True)
class ReadColumn:
    """A column of the table: its name in the training's, its place in this one, and what becomes of it (`csv_file/form.py`)."""

    name: str
    position: int
    values: Sequence[str] | None
    is_ordinal: bool
    has_indicator: bool


@dataclass(frozen=True)
class CellReader:
    """Reads columns of a file; `fills` says whether missing numbers can be filled in, `first_row` counts the rows of the header."""

    file: Path
    layout: Layout
    missing_words: tuple[str, ...]
    fills: bool
    first_row: int

    def features(self, column: ReadColumn, cells: Cells) -> list[NDArray[np.float64]]:
        """The features of a column, `[rows]` each; raises UsageError at the first cell that is none."""
        import pyarrow.compute as pc

        read = column_of(column.name, column.position, cells, self.missing_words, self.layout.decimal)
        if column.values is None:
            found = [self._numbers(column, read)]
        else:
            words = without_missing(pc.utf8_trim_whitespace(cells), self.missing_words).to_pylist()
            found = self._ordered(column, words) if column.is_ordinal else self._categories(column, words)
        if column.has_indicator:
            found.append(read.is_missing.astype(np.float64))
        return found

    def _numbers(self, column: ReadColumn, read: CsvColumn) -> NDArray[np.float64]:
        """Numbers as they are; NaN where one is missing and can be filled in."""
        words = np.isnan(read.values) & ~read.is_missing
        if words.any():
            self._refuse(column, words, f"{self._cell(read, words)!r} is no number")
        if read.unbounded:
            self._refuse(column, np.abs(read.values) > np.finfo(np.float32).max, "a number beyond float32")
        self._check_gaps(column, read.is_missing)
        return read.values

    def _ordered(self, column: ReadColumn, words: Sequence[str | None]) -> list[NDArray[np.float64]]:
        """The place of each word in the order of the recipe."""
        rank = {word: float(place) for place, word in enumerate(column.values or ())}
        self._check_words(column, words, rank)
        self._check_gaps(column, np.array([word is None for word in words]))
        return [np.array([np.nan if word is None else rank[word] for word in words])]

    def _categories(self, column: ReadColumn, words: Sequence[str | None]) -> list[NDArray[np.float64]]:
        """A feature a category, 1 where it is the row's; that of missing cells where training had some."""
        values = list(column.values or ())
        place = {word: number for number, word in enumerate(values)}
        gaps = np.array([word is None for word in words])
        if gaps.any() and (not values or values[-1] != MISSING):
            self._refuse(column, gaps, "a value is missing, and in training none was")
        self._check_words(column, words, place)
        code = np.array([len(values) - 1 if word is None else place[word] for word in words])
        return [(code == number).astype(np.float64) for number in range(len(values))]

    def _check_words(
        self, column: ReadColumn, words: Sequence[str | None], known: dict[str, float] | dict[str, int]
    ) -> None:
        strange = np.array([word is not None and word not in known for word in words])
        if strange.any():
            word = words[int(np.argmax(strange))]
            there = ", ".join(map(repr, list(known)[:SHOWN])) + (", ..." if len(known) > SHOWN else "")
            self._refuse(column, strange, f"{word!r} is none of the values of the training, {there}")

    def _check_gaps(self, column: ReadColumn, gaps: NDArray[np.bool_]) -> None:
        if gaps.any() and not self.fills:
            self._refuse(
                column, gaps, 'a value is missing, and nothing fills it in; `missing = "median"` in the recipe would'
            )

    def _cell(self, read: CsvColumn, where: NDArray[np.bool_]) -> str:
        return str(read.cells[int(np.argmax(where))].as_py())

    def _refuse(self, column: ReadColumn, where: NDArray[np.bool_], what: str) -> NoReturn:
        rows = np.flatnonzero(where)
        line = lines_of(self.file, self.layout, [int(rows[0]) + self.first_row]).removeprefix("line ")
        more = f" (and in {len(rows) - 1:,} more rows)" if len(rows) > 1 else ""
        raise UsageError(f"{self.file}:{line}: column {column.name!r}: {what}{more}")
