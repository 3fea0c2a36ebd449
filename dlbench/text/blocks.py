"""Columns of text side by side, in as many blocks as a terminal's width asks for: no number is ever cut."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from rich import box
from rich.cells import cell_len
from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table as Grid
from rich.text import Text

from dlbench.text.text_table import GLUE, Heading, TextCell, TextTable, Tone, fold_title
from dlbench.words.printable import printable, to_ascii

GAP = 2
HEAD = box.SIMPLE_HEAD
ASCII_HEAD = box.Box("    \n    \n -- \n    \n    \n    \n    \n    \n", ascii=True)

STYLES: Mapping[Tone, tuple[str, str]] = {
    "": ("", ""),
    "best": ("green", "bold"),
    "chosen": ("", "bold"),
    "partial": ("yellow", ""),
    "confirmed": ("green", "bold"),
    "refuted": ("red", "bold"),
    "undecided": ("yellow", "bold"),
}
"""How a cell stands out: its colour, and its style with or without colours."""


@dataclass(frozen=True)
class Terminal:
    """What a terminal can show: its width in cells, whether it has colours, whether only ASCII, and in which language."""

    width: int
    color: bool
    ascii: bool
    language: str

    def plain(self, text: str) -> str:
        """A text in the signs that it has, none of which it would obey."""
        return to_ascii(printable(text)) if self.ascii else printable(text)

    def style(self, color: str, always: str = "") -> str:
        """A style with its colour, if it has colours."""
        return f"{always} {color if self.color else ''}".strip()


@dataclass(frozen=True)
class Printed:
    """A column as text: its title in lines, and equally wide cells with the style of each.

    `key` is that of the heading.
    """

    title: str
    cells: list[str]
    styles: list[str]
    key: str = ""

    @property
    def width(self) -> int:
        """In cells of the terminal."""
        return max(map(cell_len, [*self.title.splitlines(), *self.cells]))


def table_blocks(table: TextTable, terminal: Terminal) -> Iterator[RenderableType]:
    """The columns in as many blocks as the width asks for, each beginning with the names of the rows."""
    names, *columns = printed(table, terminal)
    return blocks(names, columns, terminal)


def printed(table: TextTable, terminal: Terminal) -> list[Printed]:
    """A table as columns of text, numbers aligned at the decimal point, titles folded to the cells' width."""
    cells = zip(*table.rows, strict=True) if table.rows else [()] * len(table.headings)
    return [_column(heading, own, terminal) for heading, own in zip(table.headings, cells, strict=True)]


def _column(heading: Heading, cells: Sequence[TextCell], terminal: Terminal) -> Printed:
    styles = [terminal.style(*STYLES[cell.tone]) for cell in cells]
    if not heading.is_number:
        title, texts = terminal.plain(heading.title), [terminal.plain(cell.joined) for cell in cells]
        width = max(map(cell_len, [title, *texts]))
        return Printed(_left(title, width), [_left(text, width) for text in texts], styles, heading.key)
    return replace(aligned(heading.title, [cell.parts for cell in cells], terminal), styles=styles, key=heading.key)


def _left(text: str, width: int) -> str:
    return text + " " * (width - cell_len(text))


def aligned(title: str, parts: Sequence[Sequence[str]], terminal: Terminal) -> Printed:
    """A column of cells in parts (number, what belongs to it, mark): decimals under each other, the title folded to their width."""
    texts = [[terminal.plain(part) for part in cell] for cell in parts]
    left, right, mark = (max(cell_len(cell[i]) for cell in texts) for i in range(3))
    cells = [" ".join(filter(None, (a.rjust(left), b.ljust(right), c.ljust(mark)))) for a, b, c in texts]
    words = terminal.plain(title)
    folded = fold_title(words, left + right + mark)
    return Printed("\n".join(folded).replace(GLUE, " "), cells, [""] * len(cells))


def blocks(names: Printed, columns: Sequence[Printed], terminal: Terminal) -> Iterator[RenderableType]:
    """The columns, each block of them beginning with the names of the rows, which are folded where they are too wide."""
    room = terminal.width - max(column.width for column in columns) - 2 * GAP
    name_width = max(min(names.width, room, terminal.width // 2), 1)
    for block in _fitting(columns, terminal.width - name_width - GAP):
        yield _grid(names, name_width, block, terminal)


def _fitting(columns: Sequence[Printed], room: int) -> Iterator[list[Printed]]:
    block: list[Printed] = []
    for column in columns:
        if block and sum(other.width + GAP for other in (*block, column)) > room:
            yield block
            block = []
        block.append(column)
    yield block


def _grid(names: Printed, name_width: int, columns: list[Printed], terminal: Terminal) -> RenderableType:
    grid = Grid(box=ASCII_HEAD if terminal.ascii else HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    grid.add_column(Text(names.title), width=name_width, overflow="fold", header_style="bold")
    for column in columns:
        title = Text(column.title, justify="right")
        grid.add_column(title, width=column.width, no_wrap=True, header_style="bold")
    for index, name in enumerate(names.cells):
        own = [Text(name, style=names.styles[index])]
        # Not justified by Rich, which would drop the blanks at a cell's end that keep its decimals under the others'.
        cells = (column.cells[index].rjust(column.width) for column in columns)
        grid.add_row(*own, *(Text(cell, column.styles[index]) for cell, column in zip(cells, columns, strict=True)))
    return Padding(grid, (0, 0, 1, 0))
