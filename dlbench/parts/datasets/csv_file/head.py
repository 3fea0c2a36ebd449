"""What the beginning of a file tells before the rest is read: encoding, delimiter, columns, and whether it can fit."""

from __future__ import annotations

import codecs
import csv as standard
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from dlbench.errors import SetupError
from dlbench.parts.datasets.csv_file.options import CsvOptions

HEAD = 1 << 20
LONGEST_ROW = 1 << 24
SAMPLED_ROWS = 200
SPACE = " "
DELIMITERS = ("\t", ";", "|", ",", SPACE)
"""In the order of preference among those that part every row alike: a comma beside semicolons is a decimal one."""
SPACED = re.compile(r'"(?:[^"]|"")*"|\S+')
PACKED = {b"\x1f\x8b": "gzip", b"PK\x03\x04": "zip (as spreadsheets are)", b"BZh": "bzip2", b"\xfd7zXZ": "xz"}
MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
BYTES_PER_CELL = 24
"""Of a cell while its table is prepared and loaded: 4 of its place in the text, 8 + 8 in float64, 4 in float32."""


@dataclass(frozen=True)
class Layout:
    """How a file is to be read: `rows` are its first ones, `width` is the number of columns of those below the first.

    `pad` says where the first row lacks a cell: "left" where the others begin with the names of rows, as R writes them,
    "right" where all others end with a delimiter.
    """

    encoding: str
    delimiter: str
    decimal: str
    rows: list[list[str]]
    width: int
    row_bytes: float
    pad: str | None = None


def look_at(file: Path, options: CsvOptions) -> Layout:
    """The layout of a file; raises `SetupError` where it is no table or cannot fit, `ValueError` for a wrong option."""
    data = _beginning(file, options.encoding)
    size = file.stat().st_size
    text = _decoded(data, options.encoding, is_whole=len(data) == size)
    delimiter = _delimiter(text, options.delimiter)
    rows = _rows(text, delimiter)
    if not rows:
        raise SetupError(f"{file} is empty; it needs one row per sample")
    if text.startswith("sep="):
        raise SetupError(f"{file}:1: {text.splitlines()[0]!r} is only for Excel; remove this line")
    width, pad = _width(rows)
    row_bytes = len(data) / max(1, len(re.findall(r"\r\n|\n|\r", text)))
    _check_memory(file, size, size / row_bytes * width)
    encoding = _encoding(file, data, options.encoding)
    rows = _rows(_decoded(data, encoding, is_whole=len(data) == size), delimiter)
    decimal = options.decimal if options.decimal != "auto" else _decimal(rows, delimiter)
    return Layout(encoding, delimiter, decimal, rows, width, row_bytes, pad)


def reader(text: Iterator[str], delimiter: str) -> Iterator[list[str]]:
    """The rows of a text, empty lines as empty lists; a row's cells may be parted by several spaces."""
    if delimiter != SPACE:
        return standard.reader(text, delimiter=delimiter)
    return (_spaced(line) if '"' in line else line.split() for line in text)


def _spaced(line: str) -> list[str]:
    """The cells of a line, quotes around them taken away."""
    cells = SPACED.findall(line)
    return [cell[1:-1].replace('""', '"') if cell[0] == '"' and len(cell) > 1 else cell for cell in cells]


def _beginning(file: Path, encoding: str) -> bytes:
    """The first rows; raises `SetupError` where they are not those of a text."""
    try:
        with file.open("rb") as content:
            data = content.read(HEAD)
            if len(data) == HEAD and not re.search(rb"[\n\r]", data):
                data += content.read(LONGEST_ROW)
            is_whole = not content.read(1)
    except OSError as error:
        raise SetupError(f"{file} cannot be read ({error})") from error
    if packed := next((name for magic, name in PACKED.items() if data.startswith(magic)), None):
        raise SetupError(f"{file} is compressed as {packed}; unpack it, or save the sheet as csv")
    is_wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or encoding.startswith(("utf-16", "utf-32"))
    if b"\0" in data and not is_wide:
        raise SetupError(f"{file} is not a table: it contains bytes that no text has; save it as csv in UTF-8")
    if not is_whole and not re.search(rb"[\n\r]", data):
        raise SetupError(f"{file} is not a table: its first row has more than {LONGEST_ROW >> 20} MiB")
    return data


def _decoded(data: bytes, encoding: str, *, is_whole: bool) -> str:
    """The beginning as text, up to its last whole line; what cannot be decoded is replaced."""
    guess = next((name for mark, name in MARKS.items() if data.startswith(mark)), "utf-8-sig")
    try:
        text = data.decode(guess if encoding == "auto" else encoding, errors="replace")
    except LookupError:
        raise ValueError(
            f'\'encoding\' is {encoding!r}, which Python does not know; try "utf-8" or "latin-1"'
        ) from None
    return text if is_whole else text[: max(text.rfind("\n"), text.rfind("\r")) + 1]


def _delimiter(text: str, asked: str) -> str:
    """The delimiter: of those that part every row alike the preferred one, else the one that does so most often."""
    if asked != "auto":
        return SPACE if asked == "space" else asked
    shares = {delimiter: _share_alike(_rows(text, delimiter)) for delimiter in DELIMITERS}
    best = max(shares.values())
    return next(one for one in DELIMITERS if shares[one] == best) if best else ","


def _share_alike(rows: list[list[str]]) -> float:
    """How many of the rows have as many cells as most of those below the first, which may lack one; 0 where that is one cell."""
    widths = Counter(map(len, rows[1:] or rows))
    width = widths.most_common(1)[0][0] if widths else 1
    first = len(rows[0]) if rows else 1
    is_like = first > 1 and first in {width, width - 1}
    return (widths[width] / widths.total()) * (1 if is_like else 0.5) if width > 1 else 0.0


def _rows(text: str, delimiter: str) -> list[list[str]]:
    """The first rows that are not empty; those before a mistake where there is one."""
    rows: list[list[str]] = []
    try:
        for cells in reader(iter(io.StringIO(text, newline="")), delimiter):
            if cells:
                rows.append(cells)
            if len(rows) == SAMPLED_ROWS:
                break
    except standard.Error:
        pass
    return rows


def _width(rows: list[list[str]]) -> tuple[int, str | None]:
    """The columns of all rows, and at which side the first row lacks a cell of them, if it does."""
    first, others = len(rows[0]), {len(row) for row in rows[1:]}
    if others != {first + 1}:
        return first, None
    return first + 1, "left" if any(row[-1].strip() for row in rows[1:]) else "right"


def _check_memory(file: Path, size: int, cells: float) -> None:
    """Refuse a file before it is read that cannot be held."""
    needed = size + BYTES_PER_CELL * cells
    available = psutil.virtual_memory().available
    if needed > available:
        raise SetupError(
            f"{file} has {size / 2**30:,.1f} GiB, about {cells:,.0f} cells, which would take some "
            f"{needed / 2**30:,.1f} GiB of memory, but {available / 2**30:,.1f} GiB are free here; use fewer rows or columns"
        )


def _encoding(file: Path, data: bytes, asked: str) -> str:
    """The encoding of the whole file: as its mark says, else UTF-8 where it is that, else that of Windows."""
    if asked != "auto":
        return asked
    if marked := next((name for mark, name in MARKS.items() if data.startswith(mark)), None):
        return marked
    return next(name for name in ("utf-8", "cp1252", "latin-1") if _is_encoded(file, name))


def _is_encoded(file: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with file.open("rb") as content:
            while block := content.read(HEAD):
                decoder.decode(block)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _decimal(rows: list[list[str]], delimiter: str) -> str:
    """A comma where numbers have commas and none has a point."""
    if delimiter == ",":
        return "."
    cells = [cell.strip() for row in rows for cell in row]
    commas, points = (sum(bool(re.fullmatch(rf"[+-]?\d*{mark}\d+", cell)) for cell in cells) for mark in (",", r"\."))
    return "," if commas and not points else "."
