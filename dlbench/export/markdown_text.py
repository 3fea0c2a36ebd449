"""Markdown: the report as people read it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from dlbench.analysis.summary import Report
from dlbench.export.base import EXPORTERS
from dlbench.text.document import document_of
from dlbench.text.text_table import TextTable
from dlbench.words.printable import printable

NOTES = "Notes"
SPECIAL = re.compile(r"([\\|`*_<>\[\]#~&$])")


@EXPORTERS.add(name="markdown", suffix=".md")
def markdown(report: Report, *, language: str = "en") -> str:
    """The table, ensembles, notes, verdicts and confusion counts as Markdown tables, rounded as the terminal rounds them."""
    found = document_of(report, language)
    comparison, *others = found.tables
    lines = [f"# {_escaped(found.title)}", "", *_table(comparison)]
    # What notes are about comes before them, what has none after.
    before = [one for one in others if one.key in {"search", "ensembles"}]
    lines += [line for one in before for line in _section(one)]
    if found.diagnosis:
        lines += ["", f"## {_escaped(found.diagnosis_title)}", "", *_listed(found.diagnosis)]
    if found.notes:
        lines += ["", *([f"## {NOTES}", ""] if found.diagnosis else []), *_listed(found.notes)]
    lines += [line for one in others if one not in before for line in _section(one)]
    return "\n".join(lines) + "\n"


def _listed(texts: Iterable[str]) -> list[str]:
    return [f"- {_escaped(text)}" for text in texts]


def _section(table: TextTable) -> list[str]:
    return ["", f"## {_escaped(table.title)}", "", *_table(table)]


def _table(table: TextTable) -> list[str]:
    """A table whose columns of numbers are right-justified, its notes beneath."""
    titles = [heading.title for heading in table.headings]
    body = [
        [_escaped(text) for text in row] for row in (titles, *([cell.joined for cell in row] for row in table.rows))
    ]
    body.insert(1, ["---:" if heading.is_number else "---" for heading in table.headings])
    notes = ["", *_listed(table.notes)] if table.notes else []
    return [*("| " + " | ".join(row) + " |" for row in body), *notes]


def _escaped(text: str) -> str:
    """Text that Markdown prints as it is, in one line."""
    return SPECIAL.sub(r"\\\1", " ".join(printable(text).split()))
