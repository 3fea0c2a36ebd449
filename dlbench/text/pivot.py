"""One metric over two settings as a table of cells, and what must be said of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dlbench.analysis.table import Folded, Pivot, Row, Table
from dlbench.text.cells import BEST, row_cell
from dlbench.text.notes import NO_BEST, table_notes
from dlbench.text.text_table import Heading, TextCell, TextTable

if TYPE_CHECKING:
    from dlbench.analysis.summary import Report


def pivot_table(pivot: Pivot, table: Table) -> TextTable:
    """The metric with a row and a column for each value of the two settings; each cell says of how many seeds it is."""
    rows, columns = (path.rpartition(".")[2].replace("_", " ") for path in (pivot.row_path, pivot.column_path))
    names = Heading("row", f"{rows}, {columns}:", is_number=False, hint=f"{pivot.row_path}, {pivot.column_path}")
    headings = (names, *(Heading(value, value, hint=pivot.column.metric.summary) for value in pivot.column_values))
    cells = tuple(
        (TextCell(value), *(_cell(pivot.places.get((value, other)), pivot) for other in pivot.column_values))
        for value in pivot.row_values
    )
    title = f"{table.title}: {pivot.column.title.replace('_', ' ')}"
    return TextTable("pivot", title, headings, cells, tuple(pivot.remarks))


def pivot_notes(report: Report, pivot: Pivot) -> list[str]:
    """The notes of the table, as far as they are about the places of a pivot."""
    table, rows = report.table, list(pivot.places.values())
    are_picked = all(any(row is other for other in table.rows) for row in rows)
    view = replace(
        table,
        rows=rows,
        sweep=[],
        columns=[pivot.column],
        folded=[],
        told=Folded(),
        select=table.select if are_picked else None,
        whole=table.whole or table,
    )
    notes = table_notes(view, report.state)
    # Candidates that were not picked have no marks: the best is told among variants.
    return [note for note in notes if are_picked or not note.startswith((BEST, NO_BEST))] + list(report.problems)


def _cell(row: Row | None, pivot: Pivot) -> TextCell:
    """Empty where no candidate has the place."""
    if row is None:
        return TextCell("")
    found, cell = row_cell(row, pivot.column), row.cells[pivot.column.key]
    if "n=" in found.aside or pivot.column.metric.is_share or not (cell.n or cell.never):
        return found
    n = f"n={cell.n + cell.never}"
    aside = f"{found.aside[:-1]}, {n})" if found.aside.endswith(")") else f"{found.aside} ({n})".strip()
    return replace(found, aside=aside)
