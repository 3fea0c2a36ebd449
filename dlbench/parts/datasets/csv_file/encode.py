"""Columns as numbers and codes of categories."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from dlbench.parts.datasets.csv_file.columns import CsvColumn, is_number
from dlbench.parts.datasets.csv_file.options import CsvOptions
from dlbench.parts.datasets.csv_file.table import Feature

MISSING = "(missing)"
"""The category of a text that is missing."""
SHOWN = 5
T = TypeVar("T", bound=np.generic)


def encoded(
    columns: Sequence[CsvColumn], options: CsvOptions
) -> tuple[list[Feature], NDArray[np.float64], NDArray[np.int32]]:
    """The features with their numbers `[rows, columns]` and codes `[rows, columns]`, in the order of the file."""
    features: list[Feature] = []
    numbers: list[NDArray[np.float64]] = []
    codes: list[NDArray[np.int32]] = []
    ordinal = dict(options.ordinal)
    for column in columns:
        if column.is_text and column.name not in ordinal:
            code, categories = _categories(column)
            names = [f"{column.name}={category}" for category in categories]
            features.append(Feature(names, len(codes), column.name, len(categories)))
            codes.append(code)
            continue
        order = ordinal.get(column.name)
        features.append(Feature([column.name], len(numbers), column.name))
        numbers.append(column.values if order is None else _ranks(column, order))
        if options.missing_indicator and column.is_missing.any():
            features.append(Feature([f"{column.name} is missing"], len(numbers), column.name, is_indicator=True))
            numbers.append(column.is_missing.astype(np.float64))
    rows = len(columns[0].values)
    return features, _stacked(numbers, rows, np.float64), _stacked(codes, rows, np.int32)


def _categories(column: CsvColumn) -> tuple[NDArray[np.int32], list[str]]:
    """A code for each row and what the codes stand for: the values in sorted order, then that of missing ones."""
    words = column.cells.combine_chunks().dictionary_encode()
    values: list[str] = words.dictionary.to_pylist()
    by_value = all(map(is_number, values))
    order = sorted(range(len(values)), key=lambda place: (float(values[place]) if by_value else 0, values[place]))
    code = np.empty(len(values) + 1, dtype=np.int32)
    code[order] = np.arange(len(values))
    code[-1] = len(values)
    has_gaps = [MISSING] if column.is_missing.any() else []
    places = np.asarray(words.indices.fill_null(len(values)))
    return code[places], [values[place] for place in order] + has_gaps


def _ranks(column: CsvColumn, order: Sequence[str]) -> NDArray[np.float64]:
    """The place of each value in the order that the recipe gives; raises `ValueError` where it is in none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    ranks: NDArray[np.float64] = np.asarray(pc.cast(pc.index_in(column.cells, value_set=pa.array(order)), pa.float64()))
    strangers = column.cells.filter(np.isnan(ranks) & ~column.is_missing).unique().to_pylist()
    if strangers:
        listed = ", ".join(map(repr, strangers[:SHOWN])) + (", ..." if len(strangers) > SHOWN else "")
        raise ValueError(f"'ordinal' of {column.name!r} does not list {listed}; list every value, lowest first")
    return ranks


def _stacked(columns: Sequence[NDArray[T]], rows: int, dtype: type[T]) -> NDArray[T]:
    """`[rows, columns]`."""
    matrix = np.empty((rows, len(columns)), dtype=dtype)
    for place, column in enumerate(columns):
        matrix[:, place] = column
    return matrix
