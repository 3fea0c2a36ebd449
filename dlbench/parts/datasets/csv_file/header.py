"""Whether the first row names the columns: each column is asked whether its first cell looks like those below it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from dlbench.parts.datasets.csv_file.columns import is_number

MOSTLY = 0.5


def is_header(first: Sequence[str], rows: Sequence[Sequence[str]], label: int, missing_words: Sequence[str]) -> bool:
    """The vote of the columns, `rows` being some rows below; a tie is a header.

    A first row 0, 1, 2, ... is one, as of columns without names. A word above numbers speaks for a header, so does one that is none of the few words below it, the label's cell included. One
    of the words below speaks against it, as does a number above numbers unless the numbers above count up, as those of columns
    without names do. A missing value says nothing. If no column says anything, any word in the first row makes a header.
    """
    if len(first) > 2 and any(list(first) == [f"{place + start}" for place in range(len(first))] for start in (0, 1)):
        return True
    missing = {word.strip().lower() for word in missing_words}
    columns = list(zip(*rows, strict=True))
    if not columns:
        return any(not is_number(cell.strip()) for position, cell in enumerate(first) if position != label)
    counting = _counts_up(first, label)
    votes = []
    for cell, below in zip(first, columns, strict=True):
        values = [value for value in map(str.strip, below) if value.lower() not in missing]
        if values and cell.strip().lower() not in missing:
            votes.append(_vote(cell.strip(), values, counting=counting))
    if not any(votes):
        return any(not is_number(cell.strip()) and cell.strip().lower() not in missing for cell in first)
    return sum(votes) >= 0


def _vote(cell: str, below: Sequence[str], *, counting: bool) -> int:
    """1 for a header, -1 against it, 0 where the column cannot say."""
    mostly_numbers = sum(map(is_number, below)) > MOSTLY * len(below)
    if is_number(cell):
        return -1 if mostly_numbers and not counting else 0
    if cell in below:
        return -1
    distinct = len(set(below))
    return 1 if mostly_numbers or distinct <= MOSTLY * len(below) else 0


def _counts_up(first: Sequence[str], label: int) -> bool:
    """Whether the numbers of the first row only rise, as positions, years or wavelengths in a header do."""
    numbers = [float(cell) for position, cell in enumerate(first) if position != label and is_number(cell.strip())]
    return len(numbers) > 1 and all(one < other for one, other in itertools.pairwise(numbers))
