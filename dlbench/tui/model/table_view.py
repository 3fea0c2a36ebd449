"""The comparison table as rows and columns of text, with an order of the rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size

from dlbench.text.blocks import printed
from dlbench.text.cells import comparison_table, name_text

if TYPE_CHECKING:
    from dlbench.analysis.table import Row, Table
    from dlbench.text.blocks import Printed, Terminal

NAMES, SEEDS = "variant", "seeds"
"""Keys of the two columns that are not measured."""
SEARCH = "search"
"""Key of the line between the variants and the whole search."""


@dataclass(frozen=True)
class Sort:
    """By which column the rows are ordered, best first, or from its other end."""

    key: str
    backwards: bool = False


@dataclass(frozen=True)
class ViewColumn:
    """One column as the screen shows it: its title in lines, its width in cells."""

    key: str
    title: str
    width: int


@dataclass(frozen=True)
class TableView:
    """A table as text: its rows by their keys, its columns, and (text, style) of each cell by both."""

    rows: list[str]
    columns: list[ViewColumn]
    cells: dict[tuple[str, str], tuple[str, str]]


def rows_of(table: Table) -> Iterator[tuple[str, Row]]:
    """The rows of a table, then those of its whole search, each with a key that stays while the run goes on."""
    yield from ((f"variant {row.variant}", row) for row in table.rows)
    yield from ((f"candidate {index}", row) for index, row in enumerate(table.sweep))


def table_view(table: Table, terminal: Terminal, ellipsis: str) -> TableView:
    """A table, and under it its whole search, in one set of columns; names may take half of the width."""
    keys = [key for key, _ in rows_of(table)]
    upper = {one.key: one for one in printed(comparison_table(table, table.rows), terminal)} if table.rows else {}
    lower = {one.key: one for one in printed(comparison_table(table, table.sweep), terminal)} if table.sweep else {}
    cells: dict[tuple[str, str], tuple[str, str]] = {}
    for part, own in ((upper, keys[: len(table.rows)]), (lower, keys[len(table.rows) :])):
        for column, one in part.items():
            for key, text, style in zip(own, one.cells, one.styles, strict=True):
                cells[key, column] = (text, style)
    rows = [*keys[: len(table.rows)], *([SEARCH] if lower else []), *keys[len(table.rows) :]]
    names = [NAMES, SEEDS, *(column.key for column in table.columns if column.key in {**upper, **lower})]
    if lower:
        cells[SEARCH, NAMES] = ("the whole search:", "dim")
    room = max(terminal.width // 2, 8)
    for row in rows:
        text, style = cells.get((row, NAMES), ("", ""))
        cells[row, NAMES] = (fitted(text.rstrip(), room, ellipsis), style)
        cells.update({(row, name): ("", "") for name in names if (row, name) not in cells})
    columns = [_column(name, [one for one in (upper.get(name), lower.get(name)) if one], room) for name in names]
    return TableView(rows, columns if rows else [], cells)


def fitted(text: str, room: int, ellipsis: str) -> str:
    """A text cut to a number of cells, with a sign that it is."""
    return text if cell_len(text) <= room else set_cell_size(text, max(room - 1, 0)) + ellipsis


def ordered(table: Table, order: Sort | None) -> list[str]:
    """The keys of the rows in an order; the whole search is ordered by itself, what has no number comes last."""
    rows = list(rows_of(table))
    upper, lower = rows[: len(table.rows)], rows[len(table.rows) :]
    parts = [_sorted(part, table, order) for part in (upper, lower)]
    return [*parts[0], *([SEARCH] if lower else []), *parts[1]]


def told_order(table: Table, order: Sort | None) -> str:
    """The order in words."""
    if order is None:
        return "in the order of the variants"
    column = next((one for one in table.all_columns if one.key == order.key), None)
    ways = ("best first", "best last") if column and column.metric.better else ("highest first", "lowest first")
    if order.key == NAMES:
        ways = ("A to Z", "Z to A")
    return f"by {column.title if column else order.key}, {ways[order.backwards]}"


def _sorted(rows: list[tuple[str, Row]], table: Table, order: Sort | None) -> list[str]:
    if order is None:
        return [key for key, _ in rows]
    if order.key == NAMES:
        return [key for key, _ in sorted(rows, key=lambda pair: name_text(pair[1]).lower(), reverse=order.backwards)]
    column = next((one for one in table.all_columns if one.key == order.key), None)
    is_rising = column is not None and column.metric.better == "lower"

    def value(row: Row) -> float | None:
        if order.key == SEEDS:
            return row.n_ok
        cell = row.cells.get(order.key)
        return None if cell is None else cell.middle

    known = [(key, found) for key, row in rows if (found := value(row)) is not None]
    known.sort(key=lambda pair: pair[1], reverse=is_rising == order.backwards)
    return [key for key, _ in known] + [key for key, row in rows if value(row) is None]


def _column(key: str, parts: list[Printed], room: int) -> ViewColumn:
    title = max((one.title for one in parts), key=lambda text: text.count("\n"), default=key)
    width = max((one.width for one in parts), default=cell_len(key))
    return ViewColumn(key, title, min(width, room) if key == NAMES else width)
