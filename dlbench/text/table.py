"""A report for a terminal, with Rich."""

from __future__ import annotations

from rich.console import RenderableType

from dlbench.analysis.summary import Report
from dlbench.text.blocks import Terminal
from dlbench.text.document import document_of
from dlbench.text.findings import DIAGNOSIS, diagnosis
from dlbench.text.printed import diagnosis_lines, render_document
from dlbench.words.language import word


def render_text(
    report: Report,
    *,
    width: int,
    color: bool,
    ascii: bool,  # noqa: A002 - the option's name
    language: str = "en",
) -> RenderableType:
    """The table, the ensembles, the notes and the verdicts as a Rich renderable of at most `width` cells.

    With `ascii` nothing beyond ASCII is written, in English; without `color` the marks tell what the colours would.
    """
    terminal = Terminal(width, color, ascii, "en" if ascii else language)
    return render_document(document_of(report, terminal.language), terminal)


def diagnosis_block(report: Report, terminal: Terminal) -> list[RenderableType]:
    """What is wrong with each variant under its heading, and an empty line; nothing where nothing could be found."""
    return diagnosis_lines(word(DIAGNOSIS, terminal.language), diagnosis(report).lines(), terminal)
