"""A table of one's own as comma-separated values."""

from __future__ import annotations

import csv as standard
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from annotated_types import Ge, Gt, Len, Lt

from dlbench.errors import SetupError
from dlbench.parts.datasets.base import DATASETS, Arrays, Floats, Labels, Source, stream
from dlbench.parts.datasets.folders import locate
from dlbench.parts.datasets.splits import counts_for_test, stratified


@dataclass(frozen=True)
class Row:
    """One line of cells, and where it stands in the file."""

    line: int
    cells: list[str]


@dataclass(frozen=True)
class Table:
    """A parsed file: `x` is `[rows, features]`, `y` is `[rows]`."""

    x: Floats
    y: Labels


@DATASETS.add(origin="file")
def csv(
    *,
    path: str,
    label: int | str = -1,
    header: Literal["auto", "yes", "no"] = "auto",
    delimiter: Annotated[str, Len(1, 1)] = ",",
    test_share: Annotated[float, Gt(0), Lt(1)] = 0.2,
    seed: Annotated[int, Ge(0)] = 0,
) -> Source:
    """A table with a sample a row: the column `label` (its name, or its position, -1 the last) tells the class.

    All other columns are features and hold finite numbers. Labels may be words; the classes are numbered in sorted order,
    by value where all are numbers. The first row is a header if a feature's cell in it is not a number (`header = "auto"`)
    or `label` is a name. `test_share` of each class is the test set, chosen by `seed`. Samples are `(features,)`. A relative
    `path` is looked for in the current folder, then in the data folders. Raises `SetupError` that says what is wrong at
    which line, `ValueError` where an argument does not fit the file.
    """
    file = locate(path)
    state = file.stat()
    table = _table(file, (state.st_mtime_ns, state.st_size), label, header, delimiter)
    per_class = np.bincount(table.y).tolist()
    for_test = counts_for_test(per_class, test_share)
    if not sum(for_test):
        raise ValueError(f"'test_share' {test_share} of {len(table.y)} rows leaves no sample to test on")

    def load() -> Arrays:
        train, test = stratified(table.y, for_test, stream(seed, "csv"))
        return Arrays(table.x[train], table.y[train], table.x[test], table.y[test])

    for_train = [whole - part for whole, part in zip(per_class, for_test, strict=True)]
    return Source.of((table.x.shape[1],), for_train, for_test, load)


@lru_cache(maxsize=2)
def _table(file: Path, state: tuple[int, int], label: int | str, header: str, delimiter: str) -> Table:
    """The parsed file; `state` makes the cache forget a file that has changed."""
    del state
    rows = _rows(file, delimiter)
    column = _column(file, rows[0].cells, label, header)
    has_header = header == "yes" or isinstance(label, str) or (header == "auto" and _is_header(rows[0].cells, column))
    names = rows[0].cells if has_header else [f"{position}" for position in range(len(rows[0].cells))]
    body = rows[1:] if has_header else rows
    if not body:
        raise SetupError(f"{file} has a header, but no rows below it")
    y = _number_classes(file, names[column], [row.cells[column].strip() for row in body])
    x = np.array([_features(file, row, names, column) for row in body], dtype=np.float32)
    return Table(x, y)


def _rows(file: Path, delimiter: str) -> list[Row]:
    """Every line that is not empty; raises `SetupError` where they are not equally long."""
    try:
        with file.open(newline="", encoding="utf-8-sig") as text:
            reader = standard.reader(text, delimiter=delimiter, strict=True)
            rows = [Row(reader.line_num, cells) for cells in reader if cells]
    except (OSError, UnicodeDecodeError, standard.Error) as error:
        raise SetupError(f"{file} cannot be read as a table in UTF-8 ({error})") from error
    if not rows:
        raise SetupError(f"{file} is empty; it needs a row a sample")
    width = len(rows[0].cells)
    for row in rows:
        if len(row.cells) != width:
            raise SetupError(f"{file}:{row.line}: {len(row.cells)} cells, but the first row has {width}")
    if width < 2:
        raise SetupError(f"{file} has one column; it needs features and a label, parted by {delimiter!r}")
    return rows


def _column(file: Path, first: list[str], label: int | str, header: str) -> int:
    """The position of the label's column; raises `ValueError` where there is no such column."""
    if isinstance(label, int):
        if not -len(first) <= label < len(first):
            raise ValueError(f"'label' is column {label}, but {file} has {len(first)} columns")
        return label % len(first)
    if header == "no":
        raise ValueError(f"'label' is the name {label!r}, but header = \"no\" says that columns have no names")
    names = [name.strip() for name in first]
    if label not in names:
        raise ValueError(f"'label' is {label!r}, but the columns of {file} are {', '.join(names)}")
    return names.index(label)


def _is_header(cells: list[str], column: int) -> bool:
    return any(_number(cell) is None for position, cell in enumerate(cells) if position != column)


def _number(cell: str) -> float | None:
    """The cell as a number, NaN and infinity included, `None` where it is none."""
    try:
        return float(cell)
    except ValueError:
        return None


def _features(file: Path, row: Row, names: Sequence[str], column: int) -> list[float]:
    """A row's cells without its label; raises `SetupError` at the first that is not a finite number in float32."""
    largest = float(np.finfo(np.float32).max)
    values = []
    for position, cell in enumerate(row.cells):
        if position == column:
            continue
        value = _number(cell)
        if value is None or not math.isfinite(value) or abs(value) > largest:
            what = f"column {names[position].strip()!r} holds {cell!r}, which is not a finite number"
            raise SetupError(f"{file}:{row.line}: {what}; fill it in or leave the row out")
        values.append(value)
    return values


def _number_classes(file: Path, name: str, labels: list[str]) -> Labels:
    """The labels numbered 0..classes-1 in sorted order."""
    if "" in labels:
        raise SetupError(f"{file}: column {name!r} has rows without a label; fill them in or leave them out")
    numbers = [number for label in labels if (number := _number(label)) is not None and math.isfinite(number)]
    keys: list[Any] = numbers if len(numbers) == len(labels) else labels
    classes = {key: position for position, key in enumerate(sorted(set(keys)))}
    if not 2 <= len(classes) <= max(2, len(labels) // 2):
        what = f"{len(classes)} different values in {len(labels)} rows"
        raise SetupError(f"{file}: column {name!r} has {what}; a label names a class, and there must be two at least")
    return np.array([classes[key] for key in keys], dtype=np.int64)
