r"""LaTeX: a report's tables for a paper, by booktabs, to be `\input` where they shall stand."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from dlbench.analysis.summary import Report
from dlbench.export.base import EXPORTERS
from dlbench.plan.questions import said
from dlbench.text.document import document_of
from dlbench.text.text_table import Document, Heading, TextCell, TextTable, fold_title
from dlbench.words.printable import one_line
from dlbench.words.tex import has_accents, has_hangul, has_other_letters, tex

PACKAGES = "amssymb,array,booktabs,longtable"
ROOM = 82
"""Characters of the smaller size that a line of a page has."""
GAP = 3
"""Characters that the space between two columns is worth."""
LONGEST = 54
"""Lines that a page has for a table that floats; what is longer goes on over pages."""
CLAIM_COLUMNS = "".join(rf">{{\raggedright\arraybackslash}}p{{{share}\linewidth}}" for share in (0.14, 0.27, 0.1, 0.33))


@EXPORTERS.add(name="latex", suffix=".tex")
def latex(report: Report, *, language: str = "en") -> str:
    """The report's tables as LaTeX, rounded as the terminal rounds them: one floats where it fits on a page.

    Columns that do not fit beside each other stand in further blocks beneath. The comment at the top names the packages.
    """
    found = document_of(report, language)
    caption = said(report.lesson.title, language) or found.title
    notes = (*found.notes, *found.diagnosis)
    body = [line for table, label in _labelled(found) for line in _table(table, label, caption, notes)]
    return "\n".join([*_comment(report, "\n".join(body)), *body]) + "\n"


def _comment(report: Report, body: str) -> Iterator[str]:
    name = report.table.title if report.folder is None else report.folder.name
    yield f"% The tables of {one_line(name)}, made by dlbench. Put this into the preamble:"
    yield from ([r"% \usepackage[T1]{fontenc}"] if has_accents(body) else [])
    yield rf"% \usepackage{{{PACKAGES}}}"
    if has_other_letters(body):
        with_korean = r", with \usepackage{kotex} for the Korean letters" if has_hangul(body) else ""
        yield f"% There are letters that pdflatex does not have: use lualatex or xelatex{with_korean}."


def _labelled(found: Document) -> Iterator[tuple[TextTable, str]]:
    """The tables, each with a label that no other has."""
    base = re.sub(r"[^a-zA-Z0-9]+", "-", found.title).strip("-") or "run"
    seen: dict[str, int] = {}
    for table in found.tables:
        seen[table.key] = number = seen.get(table.key, 0) + 1
        more = "" if table.key == "comparison" else f"-{table.key}"
        yield table, f"tab:{base}{more}{'' if number == 1 else f'-{number}'}"


def _table(table: TextTable, label: str, caption: str, notes: Sequence[str]) -> Iterator[str]:
    """A table with its caption, and of the comparison the notes."""
    is_first = table.key in {"comparison", "pivot"}
    title = caption if is_first else f"{caption}: {table.title}"
    told = [*table.notes, *(notes if is_first else ())]
    blocks = [table] if table.key == "claims" else _blocks(table)
    head = rf"\caption{{{tex(title)}}}\label{{{label}}}"
    yield ""
    yield f"% {table.key}"
    floats = table.key != "claims" and _height(blocks, told) <= LONGEST
    yield from _floating(blocks, head, told) if floats else _long(blocks, head, told)


def _height(blocks: Sequence[TextTable], notes: Sequence[str]) -> int:
    """Lines that a table takes, about."""
    return sum(len(block.rows) + 5 for block in blocks) + sum(1 + len(note) // 100 for note in notes)


def _floating(blocks: Sequence[TextTable], head: str, notes: Sequence[str]) -> Iterator[str]:
    yield from (r"\begin{table}[htbp]", r"\centering\footnotesize", head)
    for block in blocks:
        yield rf"\begin{{tabular}}{{{_columns(block)}}}"
        yield from (r"\toprule", _header(block), r"\midrule", *_rows(block), r"\bottomrule", r"\end{tabular}")
        yield r"\par\medskip"
    if notes:
        yield r"\raggedright\scriptsize"
        yield from (rf"{tex(note)}\par" for note in notes)
    yield r"\end{table}"


def _long(blocks: Sequence[TextTable], head: str, notes: Sequence[str]) -> Iterator[str]:
    """Blocks that may be broken between pages, each of which has the header again."""
    yield r"{\footnotesize"
    for number, block in enumerate(blocks):
        yield rf"\begin{{longtable}}{{{_columns(block)}}}"
        yield from ([rf"{head}\\"] if number == 0 else [])
        top = (r"\toprule", _header(block), r"\midrule")
        yield from (*top, r"\endfirsthead", *top, r"\endhead", r"\bottomrule", r"\endfoot")
        yield from (*_rows(block), r"\end{longtable}")
        # Each of them counts as a table, with a caption or without.
        yield from ([r"\addtocounter{table}{-1}"] if number else [])
    yield from (rf"\noindent {{\scriptsize {tex(note)}}}\par" for note in notes)
    yield "}"


def _blocks(table: TextTable) -> list[TextTable]:
    """A table's columns in as many blocks as fit on the page's width, each beginning with the names of the rows."""
    names, *others = _by_column(table)
    room = ROOM - _width(*names)
    blocks: list[list[tuple[Heading, Sequence[TextCell]]]] = [[]]
    for column in others:
        if blocks[-1] and sum(_width(*one) for one in (*blocks[-1], column)) > room:
            blocks.append([])
        blocks[-1].append(column)
    return [_joined(table, [names, *block]) for block in blocks]


def _by_column(table: TextTable) -> list[tuple[Heading, list[TextCell]]]:
    """Every heading with the cells beneath; by their places, since classes may be called what another column is."""
    return [(heading, [row[place] for row in table.rows]) for place, heading in enumerate(table.headings)]


def _joined(table: TextTable, columns: Sequence[tuple[Heading, Sequence[TextCell]]]) -> TextTable:
    headings = tuple(heading for heading, _ in columns)
    return TextTable(table.key, table.title, headings, tuple(zip(*(cells for _, cells in columns), strict=True)))


def _width(heading: Heading, cells: Sequence[TextCell]) -> int:
    """Characters of a column and the space after it."""
    return GAP + max(_widest(heading, cells), *map(len, _folded(heading, cells)))


def _widest(heading: Heading, cells: Sequence[TextCell]) -> int:
    """Characters of a column's cells: of numbers and of what belongs to them each the widest, since both are aligned."""
    if not heading.is_number:
        return max((len(cell.joined) for cell in cells), default=0)
    numbers = max((len(cell.text) for cell in cells), default=0)
    return numbers + max((1 + len(f"{cell.aside} {cell.mark}".strip()) for cell in cells), default=0)


def _folded(heading: Heading, cells: Sequence[TextCell]) -> list[str]:
    """A column's title in lines about as wide as its cells."""
    return fold_title(heading.title, max(_widest(heading, cells), 8))


def _columns(table: TextTable) -> str:
    """How each column is set: of a number what belongs to it stands beside it, so that decimals align."""
    if table.key == "claims":
        return CLAIM_COLUMNS
    return "".join("r@{ }l" if heading.is_number else "l" for heading in table.headings)


def _header(table: TextTable) -> str:
    return _row(_title(heading, cells) for heading, cells in _by_column(table))


def _title(heading: Heading, cells: Sequence[TextCell]) -> str:
    lines = list(map(tex, _folded(heading, cells)))
    if not heading.is_number:
        return " ".join(lines)
    stacked = lines[0] if len(lines) == 1 else "\\shortstack{" + r"\\".join(lines) + "}"
    return rf"\multicolumn{{2}}{{c}}{{{stacked}}}"


def _rows(table: TextTable) -> list[str]:
    """The rows, those of sentences apart from each other."""
    apart = r" \addlinespace" if table.key == "claims" else ""
    return [f"{_row(map(_cell, table.headings, row))}{apart}" for row in table.rows]


def _cell(heading: Heading, cell: TextCell) -> str:
    if not heading.is_number:
        return tex(cell.joined)
    number = rf"\textbf{{{tex(cell.text)}}}" if cell.tone == "best" else tex(cell.text)
    return f"{number} & {' '.join(filter(None, (tex(cell.aside), tex(cell.mark))))}"


def _row(cells: Iterator[str] | map[str]) -> str:
    return rf"{' & '.join(cells)} \\"
