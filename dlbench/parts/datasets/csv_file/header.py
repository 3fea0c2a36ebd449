"""Whether the first row names the columns: each column is asked whether its first cell looks like those below it."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Sequence

from dlbench.parts.datasets.csv_file.columns import is_number

MOSTLY = 0.5


def is_header(
    first: Sequence[str],
    rows: Sequence[Sequence[str]],
    label: int,
    labels: Collection[str],
    missing_words: Sequence[str],
) -> bool:
    """The vote of the columns; a tie is a header. `rows` are some of those below, `labels` the different labels in all of them.

    A first row 0, 1, 2, ... is one, as of columns without names. A word above numbers speaks for a header, so does one that is none
    of the few words below it; in the label's column either decides, since a class of one row is hardly meant. One of the words
    below speaks twice against it, and so does one of the labels. A number above numbers speaks against it, unless the
    numbers of the first row count up, as positions, years and wavelengths do. A missing value says nothing. If no column
    says anything, any word in the first row makes a header.
    """
    if len(first) > 2 and any(list(first) == [f"{place + start}" for place in range(len(first))] for start in (0, 1)):
        return True
    missing = {word.strip().lower() for word in missing_words}
    counting = _counts_up([cell for place, cell in enumerate(first) if place != label])
    votes = []
    for place, (cell, *below) in enumerate(zip(first, *rows, strict=True)):
        values = [value for value in map(str.strip, below) if value.lower() not in missing]
        if values and cell.lower() not in missing:
            known = labels if place == label else set(values)
            vote = _vote(cell, values, known, counting=counting)
            votes.append(_label_vote(cell, vote, known, len(first)) if place == label else vote)
    if not any(votes):
        return any(not is_number(cell) and cell.lower() not in missing for cell in first)
    return sum(votes) >= 0


def _vote(cell: str, below: Sequence[str], known: Collection[str], *, counting: bool) -> int:
    """More than 0 for a header, less against it, 0 where the column cannot say; `known` are the different values of the column."""
    mostly_numbers = sum(map(is_number, below)) > MOSTLY * len(below)
    if is_number(cell):
        return -1 if mostly_numbers and not counting else 0
    if cell in known:
        return -2
    return 1 if mostly_numbers or len(set(below)) <= MOSTLY * len(below) else 0


def _label_vote(cell: str, vote: int, labels: Collection[str], columns: int) -> int:
    """The same in the label's column, where a word that is no label outvotes all, and a number that is one counts as a word."""
    if cell in labels:
        return -2
    return 2 * columns if vote > 0 else vote


def _counts_up(cells: Sequence[str]) -> bool:
    """Whether the numbers among the cells only rise, three of them at least."""
    numbers = [float(cell) for cell in cells if is_number(cell)]
    return len(numbers) > 2 and all(one < other for one, other in itertools.pairwise(numbers))
