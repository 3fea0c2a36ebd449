"""Markdown: the table as people read it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dlbench.analysis.claims import Verdict
from dlbench.analysis.ensembles.ensemble import Ensembles
from dlbench.analysis.summary import Report
from dlbench.analysis.table import Column, Row, Table
from dlbench.export.base import EXPORTERS
from dlbench.export.confusion import confusion_of
from dlbench.text.cells import name_text, row_parts, seeds_text
from dlbench.text.ensembles import COUNT, NAMES, TITLE, cell_of, count_of, name_of, shown_columns
from dlbench.text.notes import all_notes
from dlbench.text.verdicts import heading_in, told_in
from dlbench.words.printable import printable

SPECIAL = re.compile(r"([\\|`*_<>\[\]#~&$])")


@EXPORTERS.add(name="markdown", suffix=".md")
def markdown(report: Report, *, language: str = "en") -> str:
    """The table, ensembles, notes, verdicts and confusion counts as Markdown tables, rounded as the terminal rounds them."""
    table = report.table
    lines = [f"# {_escaped(table.title)}", "", *_grid(table, table.rows)]
    if table.sweep:
        lines += ["", "## The whole search", "", *_grid(table, table.sweep)]
    if report.ensembles is not None and any(report.ensembles.rows):
        lines += ["", f"## {TITLE}", "", *_ensembles(report.ensembles)]
    if notes := all_notes(report):
        lines += ["", *(f"- {_escaped(note)}" for note in notes)]
    if report.verdicts:
        lines += ["", f"## {heading_in(language)}", "", *_claims(report.verdicts, language)]
    lines += [line for row in table.rows for line in _confusion(row, report)]
    return "\n".join(lines) + "\n"


def _confusion(row: Row, report: Report) -> list[str]:
    """What a variant took the test data for, all its seeds together: a row a true class, a column a predicted one."""
    found = confusion_of(row, report)
    if found is None:
        return []
    names, counts = found
    body = [[name, *map(str, own)] for name, own in zip(names, counts.tolist(), strict=True)]
    title = f"## Confusion on test data: {_escaped(name_text(row))}"
    return ["", title, "", *_lines(["true, predicted:", *names], body, numbers_from=1)]


def _claims(verdicts: Sequence[Verdict], language: str) -> list[str]:
    rows = [told_in(verdict, language) for verdict in verdicts]
    return _lines(["verdict", "claim", "source", "numbers"], rows, numbers_from=4)


def _grid(table: Table, rows: Sequence[Row]) -> list[str]:
    columns = [column for column in table.columns if any(row.cells[column.key].n for row in rows)]
    header = ["variant", "seeds", *(column.title.replace("_", " ") for column in columns)]
    return _lines(header, [_row(row, columns) for row in rows], numbers_from=1)


def _ensembles(found: Ensembles) -> list[str]:
    columns = shown_columns(found)
    rows = [
        [name_of(found, group, one), *map(_joined, (count_of(one), *(cell_of(one, column) for column in columns)))]
        for group, one in found.rows
    ]
    return _lines([NAMES, COUNT, *(column.title for column in columns)], rows, numbers_from=1)


def _joined(parts: Sequence[str]) -> str:
    return " ".join(filter(None, parts))


def _row(row: Row, columns: Sequence[Column]) -> list[str]:
    parts = [row_parts(row, column) for column in columns]
    return [name_text(row), seeds_text(row), *map(_joined, parts)]


def _lines(header: Sequence[str], rows: Sequence[Sequence[str]], *, numbers_from: int) -> list[str]:
    """A table whose columns from `numbers_from` on are right-justified."""
    rule = ["---" if index < numbers_from else "---:" for index in range(len(header))]
    body = [[_escaped(text) for text in row] for row in (header, *rows)]
    body.insert(1, rule)
    return ["| " + " | ".join(row) + " |" for row in body]


def _escaped(text: str) -> str:
    """Text that Markdown prints as it is, in one line."""
    return SPECIAL.sub(r"\\\1", " ".join(printable(text).split()))
