"""What a prepared table was made of, as plain data, so that other rows can be read in the same way."""

from __future__ import annotations

from typing import Any

from dlbench.parts.datasets.csv_file.options import CsvOptions
from dlbench.parts.datasets.csv_file.table import CsvTable, Feature


def form_of(table: CsvTable, options: CsvOptions) -> dict[str, Any]:
    """The columns in the order of the features: `name`, and what becomes of their cells.

    `values` are the categories of a column of text, or with `is_ordinal` the words that stand for 0, 1, ...; `None` of numbers.
    With `has_indicator` a feature follows that tells where the value is missing. Columns without a header are called by position.
    """
    ordinal = dict(options.ordinal)
    columns: list[dict[str, Any]] = []
    for feature in table.features:
        if feature.is_indicator:
            columns[-1]["has_indicator"] = True
        else:
            columns.append(_column(feature, ordinal.get(feature.column)))
    return {
        "kind": "table",
        "columns": columns,
        "answer": table.answer_name,
        "has_header": table.has_header,
        "missing_words": list(options.missing_words),
    }


def _column(feature: Feature, order: tuple[str, ...] | None) -> dict[str, Any]:
    categories = [name.removeprefix(f"{feature.column}=") for name in feature.names] if feature.categories else None
    return {
        "name": feature.column,
        "values": categories if order is None else list(order),
        "is_ordinal": order is not None,
        "has_indicator": False,
    }
