"""A document for a terminal, with Rich: the same words whether it was made of a report just now, or was kept."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.table import Table as Grid
from rich.text import Text

from dlbench.text.blocks import STYLES, Terminal, table_blocks
from dlbench.text.text_table import GLUE, Document, TextCell, TextTable
from dlbench.words.outcomes import Outcome, outcome_in

UNBROKEN = re.compile(r"95 % interval|--seeds \S+|\[[^\]]*\]")


def render_document(document: Document, terminal: Terminal) -> RenderableType:
    """Tables, diagnosis, notes and verdicts as a Rich renderable as wide as the terminal, whose language they speak.

    Columns that do not fit beside each other go into further blocks beneath, the important ones first: a number is never
    cut. Where the terminal has ASCII only nothing else is written; without colours the marks tell what they would.
    """
    comparison = document.tables[0]
    parts: list[RenderableType] = [
        Text(terminal.plain(comparison.title), style="bold"),
        *table_blocks(comparison, terminal),
    ]
    if search := document.table("search"):
        parts += [Text(search.title, style="bold"), next(table_blocks(search, terminal))]
    if ensembles := document.table("ensembles"):
        parts += [Text(ensembles.title, style="bold"), *table_blocks(ensembles, terminal)]
    parts += diagnosis_lines(document.diagnosis_title, document.diagnosis, terminal)
    notes = [*comparison.notes, *document.notes]
    parts += [noted(note, terminal) for note in notes]
    if claims := document.table("claims"):
        parts += [*([Text()] if notes else []), *claims_lines(claims, terminal)]
    return Group(*parts)


def diagnosis_lines(title: str, lines: Sequence[str], terminal: Terminal) -> list[RenderableType]:
    """What is wrong with each variant under its heading, and an empty line; nothing where nothing could be found."""
    if not lines:
        return []
    head = Text(terminal.plain(title), style="bold")
    return [head, *(noted(line, terminal, style="") for line in lines), Text()]


def claims_lines(claims: TextTable, terminal: Terminal) -> Iterator[RenderableType]:
    """The verdicts under their heading."""
    yield Text(claims.title, style="bold")
    yield from (told(cells, terminal) for cells in claims.rows)


def told(cells: Sequence[TextCell], terminal: Terminal) -> RenderableType:
    """A claim with its sign, its word, its source and its numbers, which its row of cells has."""
    outcome, said, source, numbers = (terminal.plain(cell.text) for cell in cells)
    width = max(cell_len(outcome_in(one, terminal.language)) for one in Outcome)
    grid = Grid.grid(padding=(0, 1, 0, 0))
    grid.add_column(width=width, overflow="fold")
    room = max(terminal.width - width - 1, 1)
    grid.add_column(width=room, overflow="fold")
    says = Text.assemble(said, (f"  ({source})", "dim"))
    below = Text(wrapped(numbers, room), style="dim")
    grid.add_row(Text(outcome, style=terminal.style(*STYLES[cells[0].tone])), Group(says, below))
    return grid


def wrapped(text: str, width: int) -> str:
    """A text in lines of at most `width` cells that split no interval, and no option from its value; Rich folds what is wider."""
    glued = UNBROKEN.sub(lambda match: match[0].replace(" ", GLUE), text)
    lines = textwrap.wrap(glued, max(width, 1), break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines).replace(GLUE, " ")


def noted(note: str, terminal: Terminal, style: str = "dim") -> RenderableType:
    """A note with its dash."""
    grid = Grid.grid(padding=(0, 1, 0, 0))
    grid.add_row("-", Text(wrapped(terminal.plain(note), terminal.width - 2), style=style))
    return grid
