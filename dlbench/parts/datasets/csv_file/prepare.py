"""From a file to a `CsvTable`: read, leave out what is not wanted, refuse what cannot be learned from, number the rest."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dlbench.parts.datasets.csv_file.encode import encoded
from dlbench.parts.datasets.csv_file.head import Layout, look_at
from dlbench.parts.datasets.csv_file.labels import check_classes, number_classes, number_notes, spelling_notes
from dlbench.parts.datasets.csv_file.options import CsvOptions
from dlbench.parts.datasets.csv_file.reading import lines_of
from dlbench.parts.datasets.csv_file.refusal import Obstacles, obstacles_in, refusal
from dlbench.parts.datasets.csv_file.sheet import CsvSheet, read_sheet
from dlbench.parts.datasets.csv_file.table import CsvTable
from dlbench.parts.datasets.csv_file.target import number_targets

NEARLY_UNIQUE = 0.5


def prepare(file: Path, options: CsvOptions) -> CsvTable:
    """The whole table; raises `SetupError` where the file is wrong, `ValueError` where the recipe must say more about it."""
    layout = look_at(file, options)
    sheet = read_sheet(file, layout, options)
    notes = _notes(layout, sheet, options)
    sheet = replace(sheet, columns=[column for column in sheet.columns if column.name or not column.is_empty])
    if not sheet.columns:
        raise ValueError(f"{file} has no column left to learn from; 'ignore' names them all")
    complete = sheet.is_complete
    found = obstacles_in(sheet.columns, ~sheet.is_unlabelled, options)
    if options.missing == "drop":
        notes += _dropped(file, sheet, complete)
        sheet = sheet.only(complete)
    elif sheet.is_unlabelled.any():
        found = _without_labels(found, file, layout, sheet)
    where = f"{file}: column {sheet.label_name!r}"
    y, class_names = _answers(where, layout, sheet, options)
    if text := refusal(str(file), found, options):
        raise ValueError(text)
    features, numbers, codes = encoded(sheet.columns, options)
    if not options.is_target:
        notes += spelling_notes(class_names, layout.decimal)
        notes += number_notes(class_names, layout.decimal, options.label_as, sheet.label_key)
    target = sheet.label_name if options.is_target else ""
    return CsvTable(features, numbers, codes, y, class_names, notes, target, sheet.label_name, bool(sheet.first_row))


def _answers(
    where: str, layout: Layout, sheet: CsvSheet, options: CsvOptions
) -> tuple[NDArray[np.int64] | NDArray[np.float64], list[str]]:
    """What is learned of each row: numbers, or classes and their names."""
    if options.is_target:
        return number_targets(where, layout, sheet, options), []
    y, names = number_classes(sheet.labels.drop_null(), layout.decimal)
    check_classes(y, names, where, options.label_as, layout.decimal, sheet.label_key)
    return y, list(names)


def _notes(layout: Layout, sheet: CsvSheet, options: CsvOptions) -> list[str]:
    """What is odd about the columns."""
    notes = []
    if options.encoding == "auto" and layout.encoding in {"cp1252", "latin-1"}:
        notes.append(f'the file is not UTF-8 and was read as {layout.encoding}; `encoding = "..."` chooses another')
    for column in sheet.columns:
        place = json.dumps(column.name, ensure_ascii=False) if column.name else str(column.position)
        if column.counts_rows:
            nameless = "" if column.name else "has no name and "
            notes.append(f"column {place} {nameless}numbers the rows; `ignore = [{place}]` leaves it out")
        elif column.is_empty and not column.name:
            notes.append(f"column {place} is empty and has no name: it is left out")
        elif options.text and column.is_text and column.distinct > NEARLY_UNIQUE * len(column.values):
            notes.append(f"column {place} has {column.distinct:,} different values in {len(column.values):,} rows: "
                         f"categories that hardly ever repeat teach nothing")  # fmt: skip
    return notes


def _dropped(file: Path, sheet: CsvSheet, complete: NDArray[np.bool_]) -> list[str]:
    """A note that tells how many rows are left out; raises `ValueError` where none would be left."""
    if complete.all():
        return []
    if not complete.any():
        worst = max(sheet.columns, key=lambda column: int(column.is_missing.sum()))
        raise ValueError(
            f'{file}: every row lacks a value, so `missing = "drop"` leaves none; column {worst.name!r} lacks most: '
            f'{int(worst.is_missing.sum()):,} of {len(complete):,}; ignore it, or write `missing = "median"`'
        )
    return [f"{int(np.sum(~complete)):,} of {len(complete):,} rows lack a value and are left out"]


def _without_labels(found: Obstacles, file: Path, layout: Layout, sheet: CsvSheet) -> Obstacles:
    """The obstacles with the lines where labels are missing, and what stands there instead."""
    rows = np.flatnonzero(sheet.is_unlabelled)
    words = sorted(Counter(sheet.written_labels.take(rows).to_pylist()))
    return replace(found, unlabelled=lines_of(file, layout, (rows + sheet.first_row).tolist()), label_words=words)
