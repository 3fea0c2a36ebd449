"""From a file to columns of text: Apache Arrow reads the cells, and what it refuses is told with its line."""

from __future__ import annotations

import csv as standard
import io
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, TypeAlias

from dlbench.errors import SetupError
from dlbench.parts.datasets.csv_file.head import SPACE, Layout, reader

Cells: TypeAlias = Any
"""A `pyarrow.ChunkedArray` of strings, one a row: pyarrow has no types."""

SHOWN_LINES = 10


def read_cells(file: Path, layout: Layout, least: int = 2) -> list[Cells]:
    """Every column of a file as text, the first row with it; raises `SetupError` that says what is wrong at which line.

    `least` is how many columns there must be.
    """
    import pyarrow as pa
    from pyarrow import csv

    if layout.width < least:
        what = "it needs features and a label; `delimiter = ...` says what separates them, if it is not one of , ; | tab space"
        raise SetupError(f"{file} has one column; {what}")
    names = [f"{position}" for position in range(layout.width)]
    try:
        table = csv.read_csv(
            _source(file, layout),
            csv.ReadOptions(
                column_names=names,
                encoding="utf-8" if layout.delimiter == SPACE else layout.encoding.removesuffix("-sig"),
                skip_rows=1 if layout.pad else 0,
                block_size=max(1 << 22, int(8 * layout.row_bytes)),
            ),
            csv.ParseOptions(
                delimiter="\t" if layout.delimiter == SPACE else layout.delimiter, newlines_in_values=True
            ),
            csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False),
        )
    except (pa.ArrowException, OSError, UnicodeError) as error:
        raise _refused(file, layout, error) from error
    cells = [_with_first(table.column(position), layout, position) for position in range(layout.width)]
    if any("\n" in column[-1].as_py() for column in cells):
        _check_quotes(file, layout)
    return cells


def _check_quotes(file: Path, layout: Layout) -> None:
    """Refuse a quote that is still open where the file ends: Arrow closes it there, with all lines below it in one cell."""
    line = 1
    try:
        with file.open(encoding=layout.encoding, newline="") as content:
            rows = standard.reader(content, delimiter=layout.delimiter, strict=True)
            for _ in rows:
                line = rows.line_num + 1
    except standard.Error as error:
        raise SetupError(f"{file}:{line}: a quote is opened here and never closed ({error})") from error


def _source(file: Path, layout: Layout) -> Any:
    """The file, or where spaces part the cells its text with tabs instead: Arrow wants one character between two cells."""
    if layout.delimiter != SPACE:
        return str(file)
    text = io.StringIO(newline="")
    writer = standard.writer(text, delimiter="\t")
    with file.open(encoding=layout.encoding, newline="") as content:
        writer.writerows(cells for cells in reader(iter(content), SPACE) if cells)
    return io.BytesIO(text.getvalue().encode())


def _with_first(cells: Cells, layout: Layout, position: int) -> Cells:
    """The column with the cell of a first row that lacks one, put back."""
    if layout.pad is None:
        return cells
    import pyarrow as pa

    first = ["", *layout.rows[0]] if layout.pad == "left" else [*layout.rows[0], ""]
    return pa.chunked_array([pa.array([first[position]]), *cells.chunks])


def _refused(file: Path, layout: Layout, error: Exception) -> SetupError:
    """What is wrong with a file that Arrow refuses: where rows differ in length, the line of the first that does."""
    try:
        for line, cells in numbered_rows(file, layout):
            if len(cells) != layout.width and not (layout.pad and cells == layout.rows[0]):
                return SetupError(f"{file}:{line}: {len(cells)} cells, but the first row has {layout.width}")
    except (standard.Error, UnicodeError) as other:
        error = other
    text = str(error).partition("\n")[0]
    return SetupError(f"{file} cannot be read as a table in {layout.encoding} ({text}); look for a quote left open")


def numbered_rows(file: Path, layout: Layout) -> Iterator[tuple[int, list[str]]]:
    """Every row that is not empty with the line it begins at, read anew: slow, for messages."""
    with file.open(encoding=layout.encoding, newline="") as content:
        lines = _Counted(content)
        last = 0
        for cells in reader(iter(lines), layout.delimiter):
            if cells:
                yield last + 1, cells
            last = lines.count


class _Counted:
    """The lines of a text, counted as they are taken."""

    def __init__(self, lines: Iterator[str]) -> None:
        self.count = 0
        self._lines = lines

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            self.count += 1
            yield line


def lines_of(file: Path, layout: Layout, rows: Collection[int]) -> str:
    """The lines at which some rows (counted from 0, the first row with them) begin, in words: `lines 5, 17 and 3 more`."""
    wanted = sorted(rows)[:SHOWN_LINES]
    found: list[int] = []
    for row, (line, _) in enumerate(numbered_rows(file, layout)):
        if row == wanted[len(found)]:
            found.append(line)
        if len(found) == len(wanted):
            break
    more = len(rows) - len(found)
    listed = ", ".join(map(str, found)) + (f" and {more:,} more" if more else "")
    return f"line{'s' if len(rows) > 1 else ''} {listed}"
