"""Every column of a table before anybody has said which one is learned: what a recipe for it can be drafted from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dlbench.parts.datasets.csv_file.columns import CsvColumn, column_of, value_of
from dlbench.parts.datasets.csv_file.head import look_at
from dlbench.parts.datasets.csv_file.labels import check_classes, number_classes, number_notes
from dlbench.parts.datasets.csv_file.options import MISSING_WORDS, CsvOptions
from dlbench.parts.datasets.csv_file.refusal import Obstacles, obstacles_in
from dlbench.parts.datasets.csv_file.sheet import read_sheet


@dataclass(frozen=True)
class CsvSurvey:
    """All columns of a file in its order, and how its numbers are written."""

    columns: Sequence[CsvColumn]
    has_header: bool
    decimal: str

    @property
    def rows(self) -> int:
        """How many samples there are."""
        return len(self.columns[0].values)

    def key(self, column: CsvColumn) -> str | int:
        """What a recipe writes for a column: its name, or its position where that is no name, or not its own."""
        names = [one.name for one in self.columns]
        return column.name if self.has_header and column.name and names.count(column.name) == 1 else column.position

    def find(self, key: str) -> CsvColumn | None:
        """The column of a name, or of a position as a text (-1 the last), if there is one."""
        named = [one for one in self.columns if self.has_header and one.name == key]
        if named:
            return named[0]
        place = int(key) if key.removeprefix("-").isdecimal() else len(self.columns)
        return self.columns[place] if -len(self.columns) <= place < len(self.columns) else None

    def is_class(self, column: CsvColumn, label_as: str = "auto") -> bool:
        """Whether its values can be learned as classes; with "auto" also whether they look like classes."""
        labels = column.cells.drop_null()
        if not len(labels):
            return False
        y, names = number_classes(labels, self.decimal)
        try:
            check_classes(y, names, column.name, label_as, self.decimal, self.key(column))
        except ValueError:
            return False
        return not number_notes(names, self.decimal, label_as, self.key(column))

    def is_number(self, column: CsvColumn) -> bool:
        """Whether its values can be learned as numbers."""
        values = column.values[~np.isnan(column.values)]
        return len(values) > 1 and not column.words and not column.unbounded and values.min() < values.max()

    def classes(self, column: CsvColumn) -> list[str]:
        """The names of its classes, in their order."""
        return list(number_classes(column.cells.drop_null(), self.decimal)[1])

    def whole_numbers(self, column: CsvColumn) -> bool:
        """Whether all its values are whole numbers, as those of identifiers are."""
        values = [value_of(name, self.decimal) for name in column.cells.drop_null().unique().to_pylist()]
        return all(value is not None and value == int(value) for value in values)

    def obstacles(self, features: Sequence[CsvColumn], answer: CsvColumn) -> Obstacles:
        """What stands in the way of learning `answer` from `features` as they are."""
        return obstacles_in(features, ~answer.is_missing, _options(-1))


def survey(file: Path, answer: str | int = -1) -> CsvSurvey:
    """Look at all columns; `answer` is the one that may be learned, which helps to tell a header.

    Raises `SetupError` where the file is no table.
    """
    options = _options(answer)
    layout = look_at(file, options)
    sheet = read_sheet(file, layout, options)
    place = next(iter({*range(len(sheet.columns) + 1)} - {one.position for one in sheet.columns}))
    own = column_of(sheet.label_name, place, sheet.written_labels, MISSING_WORDS, layout.decimal)
    columns = sorted([*sheet.columns, own], key=lambda column: column.position)
    return CsvSurvey(columns, bool(sheet.first_row), layout.decimal)


def _options(answer: str | int) -> CsvOptions:
    """What a recipe means that says no more than which column is learned."""
    return CsvOptions(
        answer=answer,
        is_target=False,
        label_as="auto",
        header="auto",
        delimiter="auto",
        decimal="auto",
        encoding="auto",
        ignore=(),
        text=None,
        ordinal=(),
        missing=None,
        missing_indicator=False,
        missing_words=MISSING_WORDS,
    )
