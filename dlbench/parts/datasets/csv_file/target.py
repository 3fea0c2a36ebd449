"""The target: a number a row."""

from __future__ import annotations

import json

import numpy as np
from numpy.typing import NDArray

from dlbench.parts.datasets.csv_file.columns import CsvColumn, column_of
from dlbench.parts.datasets.csv_file.head import Layout
from dlbench.parts.datasets.csv_file.options import CsvOptions
from dlbench.parts.datasets.csv_file.sheet import CsvSheet

SHOWN_WORDS = 3


def number_targets(where: str, layout: Layout, sheet: CsvSheet, options: CsvOptions) -> NDArray[np.float64]:
    """The numbers `[rows]` of the rows that have one; raises `ValueError`, which begins with `where`, where a cell holds none."""
    column = column_of(sheet.label_name, 0, sheet.labels.drop_null(), options.missing_words, layout.decimal)
    if column.words:
        raise ValueError(f"{where} is to be learned as numbers, but holds {_shown(column)}; {_ways(column, options)}")
    if column.unbounded:
        raise ValueError(
            f"{where} has {column.unbounded:,} number{'s' * (column.unbounded != 1)} beyond float32 or infinite; "
            f"leave these rows out, or tell the target in a larger unit"
        )
    if len(column.values) and column.values.min() == column.values.max():
        raise ValueError(f"{where} has the same number in every row, {column.values[0]:g}: there is nothing to learn")
    return column.values


def _shown(column: CsvColumn) -> str:
    """`'cheap' 3 times, 'dear' once and 2 more words`."""
    told = [
        f"{word!r} {'once' if count == 1 else f'{count:,} times'}"
        for word, count in column.words.most_common(SHOWN_WORDS)
    ]
    more = len(column.words) - SHOWN_WORDS
    return ", ".join(told) + (f" and {more} more words" if more > 0 else "")


def _ways(column: CsvColumn, options: CsvOptions) -> str:
    """What to write instead: words for a missing value, where some of the cells are numbers; else classes."""
    if np.isnan(column.values).all():
        return f"`label = {json.dumps(options.answer, ensure_ascii=False)}` learns them as classes"
    words = json.dumps([*options.missing_words, *column.words], ensure_ascii=False)
    return f'`missing_words = {words}` and `missing = "drop"` leave these rows out'
