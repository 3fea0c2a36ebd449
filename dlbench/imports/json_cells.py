"""An object of JSON as the cells of a row: nested values by names such as `train/loss`, NaN and infinity as Python writes them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import orjson

from dlbench.imports.log import Cell, Remarks, flattened


def loaded(text: str | bytes) -> Any:
    """What a text says; raises ValueError or RecursionError where it is no JSON."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        # Python writes NaN and Infinity, which are no JSON, and reads them.
        found = json.loads(text)
        json.dumps(found, ensure_ascii=False).encode()  # half a character cannot be kept
        return found


def cells_of(found: Mapping[str, Any], remarks: Remarks) -> dict[str, Cell]:
    """Its numbers and texts; `null` is missing, lists are left out and remarked, true and false are texts."""
    cells: dict[str, Cell] = {}
    for name, value in flattened(found):
        if isinstance(value, bool):
            cells[name] = str(value).lower()
        elif isinstance(value, int | float):
            cells[name] = _number(value)
        elif isinstance(value, str):
            cells[name] = value
        elif value is not None:
            remarks.say(f"'{name}' is left out: it holds lists or tables")
    return cells


def _number(value: float) -> float:
    try:
        return float(value)
    except OverflowError:  # a whole number beyond all floats
        return float("inf") if value > 0 else float("-inf")
