"""The table and the verdicts for a terminal, with Rich."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich import box
from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table as Grid
from rich.text import Text

from dlbench.report.claims import SIGNS, Outcome, Verdict
from dlbench.report.format import name_text, row_parts, seeds_text, to_ascii
from dlbench.report.table import Column, Row, Table

GAP = 2
GLUE = "\u00a0"
UNBROKEN = re.compile(r"95 % interval|\[[^\]]*\]")
COLORS = {Outcome.CONFIRMED: "green", Outcome.REFUTED: "red", Outcome.UNDECIDED: "yellow"}
HEAD = box.SIMPLE_HEAD
ASCII_HEAD = box.Box("    \n    \n -- \n    \n    \n    \n    \n    \n", ascii=True)


@dataclass(frozen=True)
class Terminal:
    """What a terminal can show: its width in cells, whether it has colours, whether only ASCII, and in which language."""

    width: int
    color: bool
    ascii: bool
    language: str

    def plain(self, text: str) -> str:
        """A text in the signs that it has."""
        return to_ascii(text) if self.ascii else text

    def style(self, color: str, always: str = "") -> str:
        """A style with its colour, if it has colours."""
        return f"{always} {color if self.color else ''}".strip()


@dataclass(frozen=True)
class Printed:
    """A column as text: its title in lines, and equally wide cells with the style of each.

    `key` is that of the measured column; empty for the names of the rows and their seeds.
    """

    title: str
    cells: list[str]
    styles: list[str]
    key: str = ""

    @property
    def width(self) -> int:
        """In cells of the terminal."""
        return max(map(cell_len, [*self.title.splitlines(), *self.cells]))


def render_text(
    table: Table,
    verdicts: Sequence[Verdict],
    *,
    width: int,
    color: bool,
    ascii: bool,  # noqa: A002 - the option's name
    language: str = "en",
) -> RenderableType:
    """The table, its notes and the verdicts as a Rich renderable of at most `width` cells.

    Columns that do not fit beside each other go into further blocks beneath, the important ones first: a number is never
    cut. With `ascii` nothing beyond ASCII is written; without `color` the marks tell what the colours would.
    """
    terminal = Terminal(width, color, ascii, "en" if ascii else language)
    parts: list[RenderableType] = [
        Text(terminal.plain(table.title), style="bold"),
        *_blocks(table, table.rows, terminal),
    ]
    if table.sweep:
        parts += [Text("The whole search", style="bold"), next(_blocks(table, table.sweep, terminal))]
    parts += [noted(note, terminal) for note in table.notes]
    if verdicts:
        parts += [Text(), Text("Claims", style="bold"), *(told(verdict, terminal) for verdict in verdicts)]
    return Group(*parts)


def _blocks(table: Table, rows: list[Row], terminal: Terminal) -> Iterator[RenderableType]:
    """The columns in as many blocks as the width asks for, each beginning with the names of the rows."""
    names, *columns = printed(table, rows, terminal)
    room = terminal.width - max(column.width for column in columns) - 2 * GAP
    name_width = max(min(names.width, room, terminal.width // 2), 1)
    for block in _fitting(columns, terminal.width - name_width - GAP):
        yield _grid(names, name_width, block, terminal)


def printed(table: Table, rows: list[Row], terminal: Terminal) -> list[Printed]:
    """Some of a table's rows as columns of text: names, seeds, and the measured columns that have numbers in them."""
    columns = [_column(column, rows, terminal) for column in table.columns if _has_numbers(column, rows)]
    return [_names(rows, terminal), _seeds(rows, terminal), *columns]


def _has_numbers(column: Column, rows: list[Row]) -> bool:
    return any(row.cells[column.key].n for row in rows)


def _fitting(columns: list[Printed], room: int) -> Iterator[list[Printed]]:
    block: list[Printed] = []
    for column in columns:
        if block and sum(other.width + GAP for other in (*block, column)) > room:
            yield block
            block = []
        block.append(column)
    yield block


def _grid(names: Printed, name_width: int, columns: list[Printed], terminal: Terminal) -> RenderableType:
    grid = Grid(box=ASCII_HEAD if terminal.ascii else HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    grid.add_column(names.title, width=name_width, overflow="fold", header_style="bold")
    for column in columns:
        grid.add_column(column.title, width=column.width, justify="right", no_wrap=True, header_style="bold")
    for index, name in enumerate(names.cells):
        own = [Text(name, style=names.styles[index])]
        grid.add_row(*own, *(Text(column.cells[index], style=column.styles[index]) for column in columns))
    return Padding(grid, (0, 0, 1, 0))


def _names(rows: list[Row], terminal: Terminal) -> Printed:
    """What each row is."""
    styles = ["bold" if row.is_chosen else "" for row in rows]
    return Printed("variant", [terminal.plain(name_text(row)) for row in rows], styles)


def _seeds(rows: list[Row], terminal: Terminal) -> Printed:
    """How many seeds of each row came to their end, and where the others stand."""
    styles = [terminal.style("" if row.n_ok == row.n_run else "yellow") for row in rows]
    return Printed("seeds", [seeds_text(row) for row in rows], styles)


def _column(column: Column, rows: list[Row], terminal: Terminal) -> Printed:
    """A measured column, its numbers aligned at the decimal point, its title folded to the cells' width."""
    cells = [row.cells[column.key] for row in rows]
    parts = [[terminal.plain(part) for part in row_parts(row, column)] for row in rows]
    left, right, mark = (max(cell_len(part[i]) for part in parts) for i in range(3))
    texts = [" ".join(filter(None, (a.rjust(left), b.ljust(right), c.ljust(mark)))) for a, b, c in parts]
    words = terminal.plain(column.title).replace("_", " ")
    title = textwrap.fill(words, max(left + right + mark, *map(len, words.split())), break_on_hyphens=False)
    styles = [terminal.style("green", "bold") if cell.best else "" for cell in cells]
    return Printed(title, texts, styles, column.key)


def wrapped(text: str, width: int) -> str:
    """A text in lines of at most `width` cells that break no interval and not the words for it; Rich folds what is wider still."""
    glued = UNBROKEN.sub(lambda match: match[0].replace(" ", GLUE), text)
    lines = textwrap.wrap(glued, max(width, 1), break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines).replace(GLUE, " ")


def told(verdict: Verdict, terminal: Terminal) -> RenderableType:
    """A claim with its sign, its word, its source and its numbers."""
    color = terminal.style(COLORS[verdict.outcome], "bold")
    grid = Grid.grid(padding=(0, 1, 0, 0))
    grid.add_column(width=len("? undecided"), no_wrap=True)
    room = max(terminal.width - len("? undecided") - 1, 1)
    grid.add_column(width=room, overflow="fold")
    says = Text.assemble(terminal.plain(verdict.said(terminal.language)), (f"  ({verdict.source})", "dim"))
    grid.add_row(Text(terminal.plain(f"{SIGNS[verdict.outcome]} {verdict.outcome}"), style=color), says)
    grid.add_row("", Text(wrapped(terminal.plain(verdict.text), room), style="dim"))
    return grid


def noted(note: str, terminal: Terminal) -> RenderableType:
    """A note with its dash."""
    grid = Grid.grid(padding=(0, 1, 0, 0))
    grid.add_row("-", Text(wrapped(terminal.plain(note), terminal.width - 2), style="dim"))
    return grid
