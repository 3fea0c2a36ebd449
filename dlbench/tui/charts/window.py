"""Which layers have a row where not all do: the first and the last always, and those around the cursor."""

from __future__ import annotations

PINNED_FROM = 5
"""Rows below which only those around the cursor have room."""


def window(layers: int, rows: int, cursor: int | None) -> list[int | None]:
    """The layers of the rows from the output on top down to the input; `None` is a row that tells how many are left out there.

    From five rows on the last and the first layer always have theirs, whatever the cursor's layer (of none the first's) is.
    """
    order: list[int | None] = list(range(layers - 1, -1, -1))
    if layers <= rows:
        return order
    at = layers - 1 - min(max(cursor or 0, 0), layers - 1)
    if rows < PINNED_FROM:
        start = min(max(at - rows // 2, 0), layers - rows)
        return order[start : start + rows]
    if at < rows - 2:
        return [*order[: rows - 2], None, 0]
    if layers - 1 - at < rows - 2:
        return [layers - 1, None, *order[layers - rows + 2 :]]
    inside = rows - 4
    start = min(max(at - inside // 2, 2), layers - 2 - inside)
    return [layers - 1, None, *order[start : start + inside], None, 0]


def left_out(rows: list[int | None]) -> dict[int, int]:
    """How many layers each row that is none's stands for."""
    found = {}
    for row, layer in enumerate(rows):
        if layer is None:
            above, below = rows[row - 1], rows[row + 1]
            assert above is not None
            assert below is not None
            found[row] = above - below - 1
    return found
