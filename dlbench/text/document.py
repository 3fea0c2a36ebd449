"""A report as people read it: every table as text, the diagnosis, the notes. All formats for people are made of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from dlbench.text.cells import comparison_table, name_text, search_table
from dlbench.text.findings import DIAGNOSIS, diagnosis
from dlbench.text.notes import all_notes
from dlbench.text.text_table import Document, Heading, TextCell, TextTable
from dlbench.text.verdicts import claim_cells, heading_in
from dlbench.words.language import word

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dlbench.analysis.claims import Verdict
    from dlbench.analysis.summary import Report
    from dlbench.analysis.table import Row

MOST_CLASSES = 10
"""Classes whose counts are a table that people can read."""
CLAIM_HEADINGS = ("verdict", "claim", "source", "numbers")


def document_of(report: Report, language: str = "en") -> Document:
    """A report as people read it; claims and headings are in the language, numbers and notes are the same in all.

    Where a pivot was asked for, it stands in the place of all tables.
    """
    if report.pivot is not None:
        from dlbench.text.pivot import pivot_notes, pivot_table

        table = pivot_table(report.pivot, report.table)
        return Document(report.table.title, (table,), (), tuple(pivot_notes(report, report.pivot)))
    tables, lines, notes = _tables(report, language), diagnosis(report).lines(), all_notes(report)
    return Document(report.table.title, tuple(tables), tuple(lines), tuple(notes), word(DIAGNOSIS, language))


def _tables(report: Report, language: str) -> Iterator[TextTable]:
    table = report.table
    yield comparison_table(table, table.rows)
    if table.sweep:
        yield search_table(table)
    if report.ensembles is not None and any(report.ensembles.rows):
        from dlbench.text.ensembles import ensemble_table

        yield ensemble_table(report.ensembles)
    if report.verdicts:
        yield claims_table(report.verdicts, language)
    yield from (found for row in table.rows if (found := confusion_table(row, report)) is not None)


def claims_table(verdicts: Sequence[Verdict], language: str) -> TextTable:
    """The verdicts, one row each, in a language."""
    headings = tuple(Heading(name, name, is_number=False) for name in CLAIM_HEADINGS)
    rows = tuple(claim_cells(verdict, language) for verdict in verdicts)
    return TextTable("claims", heading_in(language), headings, rows)


def confusion_table(row: Row, report: Report) -> TextTable | None:
    """What a variant took the test data for, all its seeds together: a row a true class, a column a predicted one.

    `None` where there are no counts, or of too many classes to be read.
    """
    found = confusion_of(row, report)
    if found is None:
        return None
    names, counts = found
    headings = (Heading("true", "true, predicted:", is_number=False), *(Heading(name, name) for name in names))
    rows = tuple(
        (TextCell(name), *(TextCell(str(count), value=count) for count in own))
        for name, own in zip(names, counts.tolist(), strict=True)
    )
    return TextTable("confusion", f"Confusion on test data: {name_text(row)}", headings, rows)


def confusion_of(row: Row, report: Report) -> tuple[list[str], NDArray[np.int64]] | None:
    """The names of the classes and the counts `[true, predicted]` of the test data, all seeds of a row together.

    `None` where there are none, or too many classes to be read.
    """
    trials = [one for one in report.state.trials if one.plan.candidate == row.candidate]
    found = [counts for trial in trials if (counts := trial.confusion()) is not None]
    if not found or len(found[0]) > MOST_CLASSES:
        return None
    return list(trials[0].class_names), np.sum(found, axis=0)
