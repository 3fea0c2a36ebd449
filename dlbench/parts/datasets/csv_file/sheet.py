"""The columns of a file by name and place: which is the label's, which are left out, which are learned from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dlbench.errors import SetupError
from dlbench.parts.datasets.csv_file.columns import CsvColumn, column_of, without_missing
from dlbench.parts.datasets.csv_file.head import Layout
from dlbench.parts.datasets.csv_file.header import is_header
from dlbench.parts.datasets.csv_file.options import CsvOptions
from dlbench.parts.datasets.csv_file.reading import Cells, read_cells


@dataclass(frozen=True)
class CsvSheet:
    """The columns to learn from and the labels, `first_row` being the rows of the file above them.

    `labels` are null where one is missing, `written_labels` are as they stand in the file.
    """

    columns: list[CsvColumn]
    labels: Cells
    written_labels: Cells
    label_name: str
    first_row: int

    @property
    def label_key(self) -> str | int:
        """What a recipe writes for the label's column: its name, or its position where columns have no names."""
        return self.label_name if self.first_row else int(self.label_name)

    @property
    def is_unlabelled(self) -> NDArray[np.bool_]:
        """`[rows]`: where the label is missing."""
        return np.asarray(self.labels.is_null())

    @property
    def is_complete(self) -> NDArray[np.bool_]:
        """`[rows]`: where neither label nor feature is missing; columns that are empty are not asked."""
        missing = [column.is_missing for column in self.columns if not column.is_empty]
        complete: NDArray[np.bool_] = ~np.any([self.is_unlabelled, *missing], axis=0)
        return complete

    def only(self, rows: NDArray[np.bool_]) -> CsvSheet:
        """The sheet with some of its rows."""
        columns = [CsvColumn(one.name, one.position, one.cells.filter(rows), one.values[rows]) for one in self.columns]
        return CsvSheet(
            columns, self.labels.filter(rows), self.written_labels.filter(rows), self.label_name, self.first_row
        )


def read_sheet(file: Path, layout: Layout, options: CsvOptions) -> CsvSheet:
    """The sheet in a file; raises `SetupError` where the file is wrong, `ValueError` where it lacks a column that is named."""
    import pyarrow.compute as pc

    cells = without_trailing(read_cells(file, layout))
    first = [" ".join(column[0].as_py().split()) for column in cells]
    label = _label(file, first, options)
    has_header = options.header == "yes" or isinstance(options.answer, str) or bool(layout.pad)
    if options.header == "auto" and not has_header:
        has_header = _has_header(layout, cells[label], first, label, options)
    names = first if has_header else [f"{position}" for position in range(len(first))]
    ignored = _ignored(file, names, label, options)
    body = [column.slice(int(has_header)) for column in cells]
    if not len(body[0]):
        raise SetupError(f"{file} has a header, but no rows below it")
    written = pc.utf8_trim_whitespace(body[label])
    columns = [
        column_of(names[position], position, column, options.missing_words, layout.decimal)
        for position, column in enumerate(body)
        if position != label and position not in ignored
    ]
    labels = without_missing(written, options.missing_words)
    return CsvSheet(columns, labels, written, names[label], int(has_header))


def _has_header(layout: Layout, labels: Cells, first: Sequence[str], label: int, options: CsvOptions) -> bool:
    """Whether the first row is one, its numbers and those below being read with the file's decimal mark."""
    import pyarrow.compute as pc

    def pointed(row: Sequence[str]) -> list[str]:
        return [cell.replace(layout.decimal, ".") for cell in row[: len(first)]]

    rows = [pointed(row) for row in layout.rows[1:] if len(row) == layout.width]
    below = pc.replace_substring(pc.utf8_trim_whitespace(labels.slice(1)), layout.decimal, ".").unique().to_pylist()
    return is_header(pointed(first), rows, label, below, options.missing_words)


def without_trailing(cells: list[Cells]) -> list[Cells]:
    """The columns without a last one that is empty throughout: each row ends with a delimiter."""
    import pyarrow.compute as pc

    is_empty = len(cells) > 2 and pc.max(pc.utf8_length(pc.utf8_trim_whitespace(cells[-1]))).as_py() == 0
    return cells[:-1] if is_empty else cells


def _label(file: Path, first: Sequence[str], options: CsvOptions) -> int:
    """The position of the label's column; raises `ValueError` where there is no such column."""
    label, key = options.answer, options.answer_key
    if isinstance(label, int):
        return _position(file, label, len(first), key)
    if options.header == "no":
        raise ValueError(f"'{key}' is the name {label!r}, but header = \"no\" says that columns have no names")
    return _named(file, label, first, key)[0]


def _ignored(file: Path, names: Sequence[str], label: int, options: CsvOptions) -> set[int]:
    """The positions of the columns to leave out; raises `ValueError` where there is no such column, or it is the label's."""
    found: set[int] = set()
    for one in options.ignore:
        places = (
            [_position(file, one, len(names), "ignore")] if isinstance(one, int) else _named(file, one, names, "ignore")
        )
        if label in places:
            raise ValueError(f"'ignore' names {one!r}, which is the {options.answer_key}'s column")
        found.update(places)
    for name, _ in options.ordinal:
        _named(file, name, names, "ordinal")
    return found


def _position(file: Path, position: int, width: int, key: str) -> int:
    if not -width <= position < width:
        raise ValueError(f"'{key}' is column {position}, but {file} has {width} columns")
    return position % width


def _named(file: Path, name: str, names: Sequence[str], key: str) -> list[int]:
    places = [place for place, one in enumerate(names) if one == name]
    if not places:
        raise ValueError(f"'{key}' is {name!r}, but the columns of {file} are {', '.join(names)}")
    return places
