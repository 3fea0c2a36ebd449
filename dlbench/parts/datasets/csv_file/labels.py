"""The classes: labels are text, and keep their spelling."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Sequence
from typing import Any

import numpy as np

from dlbench.parts.datasets.base import Labels
from dlbench.parts.datasets.csv_file.columns import value_of
from dlbench.parts.datasets.csv_file.reading import Cells

MANY_CLASSES = 10
MANY_NUMBERS = 20
MANY_CODES = 100
ROWS_OF_A_CLASS = 20
TINY = 5
SHOWN = 4


def number_classes(labels: Cells, decimal: str) -> tuple[Labels, tuple[str, ...]]:
    """The labels `[rows]` numbered in sorted order, by value where all are numbers, and the name of each class."""
    encoded = labels.combine_chunks().dictionary_encode()
    names: list[str] = encoded.dictionary.to_pylist()
    values = [value_of(name, decimal) for name in names]
    by_value = None not in values
    order = sorted(range(len(names)), key=lambda place: (values[place] if by_value else 0, names[place]))
    number = np.empty(len(names), dtype=np.int64)
    number[order] = np.arange(len(names))
    return number[np.asarray(encoded.indices)], tuple(names[place] for place in order)


def check_classes(y: Labels, names: Sequence[str], where: str, label_as: str, decimal: str, column: str | int) -> None:
    """Refuse labels that name no classes; raises `ValueError` with the way on, which begins with `where` they stand.

    `column` is what a recipe calls theirs.
    """
    counts = np.bincount(y, minlength=len(names))
    what = f"{where} has {len(names):,} different values in {len(y):,} rows"
    way = "`label = ...` chooses another column"
    if len(names) < 2:
        raise ValueError(f"{where} has the same value in every row, {names[0]!r}; there must be two classes; {way}")
    is_seldom_shared = len(names) > max(2, len(y) // 2)
    if label_as == "classes" and not is_seldom_shared:
        return
    if not is_seldom_shared:
        way += ', `label_as = "classes"` makes each of them a class all the same'
    if _are_measured([value_of(name, decimal) for name in names], counts):
        shown = ", ".join(names[:SHOWN])
        raise ValueError(
            f"{what}, {shown}, ...: they look like measured numbers, and a label names a class; "
            f"{as_target(column)}, ranges that have names make classes of them, or: {way}"
        )
    if is_seldom_shared:
        raise ValueError(f"{what}; a label names a class, and rows must share it; {way}")
    tiny = int((counts < TINY).sum())
    if len(names) > MANY_CLASSES and tiny > len(names) / 2:
        raise ValueError(
            f"{what}, {tiny:,} of which occur in fewer than {TINY} rows: too few to learn a class from; {way}"
        )


def _are_measured(values: Sequence[float | None], counts: Labels) -> bool:
    """Whether the labels, in the order of their value, are numbers that vary too much to be codes of classes.

    Whole numbers that count up from 0 or 1 without a gap are codes, and so are numbers that each stand in many rows; but
    not more than a hundred of them.
    """
    if None in values:
        return False
    if len(values) > MANY_CODES:
        return True
    if counts.min() >= ROWS_OF_A_CLASS:
        return False
    if np.any(np.array(values, dtype=np.float64) % 1):
        return len(values) > MANY_CLASSES
    return len(values) > MANY_NUMBERS and not _counts_up(values)


def _counts_up(values: Sequence[float | None]) -> bool:
    """Whether numbers in their order are 0, 1, 2, ... or 1, 2, 3, ..."""
    return any(list(values) == list(range(start, start + len(values))) for start in (0, 1))


def as_target(column: str | int) -> str:
    """What learns the numbers of a column as numbers."""
    return f"`target = {json.dumps(column, ensure_ascii=False)}` learns them as numbers"


def number_notes(names: Sequence[str], decimal: str, label_as: str, column: str | int) -> list[str]:
    """A note where classes are many numbers that may have been measured, such as ages."""
    values = [value_of(name, decimal) for name in names]
    if label_as == "classes" or None in values or len(values) <= MANY_NUMBERS or _counts_up(values):
        return []
    what = f"each of the {len(names)} numbers {', '.join(names[:SHOWN])}, ... is a class of its own"
    return [f"{what}, near ones no nearer than far ones; if they were measured, {as_target(column)}"]


def spelling_notes(names: Sequence[str], decimal: str) -> list[str]:
    """A note where two classes are one value or one word in different spellings: `1` and `1.0`, `Yes` and `yes`."""
    groups: dict[Any, list[str]] = {}
    for name in names:
        value = value_of(name, decimal)
        word = " ".join(unicodedata.normalize("NFKC", name.casefold()).split())
        groups.setdefault(word if value is None else value, []).append(name)
    alike = [group for group in groups.values() if len(group) > 1]
    return [
        f"{' and '.join(map(repr, group))} are different classes; spell them the same way if they are one"
        for group in alike
    ]
