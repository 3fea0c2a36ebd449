"""The table and the verdicts for a terminal, with Rich."""

from __future__ import annotations

import re
import textwrap

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.table import Table as Grid
from rich.text import Text

from dlbench.analysis.claims import Outcome, Verdict
from dlbench.analysis.summary import Report
from dlbench.analysis.table import Pivot
from dlbench.text.blocks import Terminal, table_blocks
from dlbench.text.cells import GLUE, comparison_table, search_table
from dlbench.text.findings import DIAGNOSIS, diagnosis
from dlbench.text.notes import all_notes
from dlbench.text.verdicts import heading_in, outcome_in, told_in
from dlbench.words.language import word

UNBROKEN = re.compile(r"95 % interval|--seeds \S+|\[[^\]]*\]")
COLORS = {Outcome.CONFIRMED: "green", Outcome.REFUTED: "red", Outcome.UNDECIDED: "yellow"}


def render_text(
    report: Report,
    *,
    width: int,
    color: bool,
    ascii: bool,  # noqa: A002 - the option's name
    language: str = "en",
) -> RenderableType:
    """The table, the ensembles, the notes and the verdicts as a Rich renderable of at most `width` cells.

    Columns that do not fit beside each other go into further blocks beneath, the important ones first: a number is never
    cut. With `ascii` nothing beyond ASCII is written; without `color` the marks tell what the colours would.
    """
    table, verdicts = report.table, report.verdicts
    terminal = Terminal(width, color, ascii, "en" if ascii else language)
    if report.pivot is not None:
        return _pivot(report, report.pivot, terminal)
    parts: list[RenderableType] = [
        Text(terminal.plain(table.title), style="bold"),
        *table_blocks(comparison_table(table, table.rows), terminal),
    ]
    if table.sweep:
        search = search_table(table)
        parts += [Text(search.title, style="bold"), next(table_blocks(search, terminal))]
    if report.ensembles is not None:
        from dlbench.text.ensembles import ensemble_blocks

        parts += ensemble_blocks(report.ensembles, terminal)
    parts += diagnosis_block(report, terminal)
    notes = all_notes(report)
    parts += [noted(note, terminal) for note in notes]
    if verdicts:
        head = Text(heading_in(terminal.language), style="bold")
        parts += [*([Text()] if notes else []), head, *(told(verdict, terminal) for verdict in verdicts)]
    return Group(*parts)


def _pivot(report: Report, pivot: Pivot, terminal: Terminal) -> RenderableType:
    from dlbench.text.pivot import pivot_notes, pivot_table

    table = pivot_table(pivot, report.table)
    title = Text(terminal.plain(table.title), style="bold")
    notes = [*table.notes, *pivot_notes(report, pivot)]
    return Group(title, *table_blocks(table, terminal), *(noted(note, terminal) for note in notes))


def diagnosis_block(report: Report, terminal: Terminal) -> list[RenderableType]:
    """What is wrong with each variant under its heading, and an empty line; nothing where nothing could be found."""
    lines = diagnosis(report).lines()
    if not lines:
        return []
    head = Text(terminal.plain(word(DIAGNOSIS, terminal.language)), style="bold")
    return [head, *(noted(line, terminal, style="") for line in lines), Text()]


def wrapped(text: str, width: int) -> str:
    """A text in lines of at most `width` cells that split no interval, and no option from its value; Rich folds what is wider."""
    glued = UNBROKEN.sub(lambda match: match[0].replace(" ", GLUE), text)
    lines = textwrap.wrap(glued, max(width, 1), break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines).replace(GLUE, " ")


def told(verdict: Verdict, terminal: Terminal) -> RenderableType:
    """A claim with its sign, its word, its source and its numbers."""
    color, found = terminal.style(COLORS[verdict.outcome], "bold"), told_in(verdict, terminal.language)
    width = max(cell_len(outcome_in(outcome, terminal.language)) for outcome in Outcome)
    grid = Grid.grid(padding=(0, 1, 0, 0))
    grid.add_column(width=width, overflow="fold")
    room = max(terminal.width - width - 1, 1)
    grid.add_column(width=room, overflow="fold")
    says = Text.assemble(terminal.plain(found.says), (f"  ({found.source})", "dim"))
    numbers = Text(wrapped(terminal.plain(found.numbers), room), style="dim")
    grid.add_row(Text(terminal.plain(found.outcome), style=color), Group(says, numbers))
    return grid


def noted(note: str, terminal: Terminal, style: str = "dim") -> RenderableType:
    """A note with its dash."""
    grid = Grid.grid(padding=(0, 1, 0, 0))
    grid.add_row("-", Text(wrapped(terminal.plain(note), terminal.width - 2), style=style))
    return grid
