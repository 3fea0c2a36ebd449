"""Data to stdout, narration to stderr; both survive a reader that goes away."""

from __future__ import annotations

import errno
import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import typer

from dlbench.errors import ExitCode, SetupError
from dlbench.words.printable import json_text, one_line, printable

if TYPE_CHECKING:
    from rich.console import RenderableType

    from dlbench.analysis.summary import Report
    from dlbench.text.text_table import Document


def emit(text: str) -> None:
    """Print data on stdout; where nobody reads it any more, leave quietly."""
    _write(sys.stdout, printable(text))


def emit_chunks(chunks: Iterable[str]) -> None:
    """The same for a text in pieces, whose lines end within them."""
    for chunk in chunks:
        _write(sys.stdout, chunk.removesuffix("\n"))


def emit_styled(text: str) -> None:
    """The same for a text in colours, whose escape codes are those of `dlbench.text.console` and no others."""
    _write(sys.stdout, text)


def emit_bytes(data: bytes) -> None:
    """Write data that is no text on stdout; where nobody reads it any more, leave quietly."""
    with _leaving_quietly(sys.stdout):
        sys.stdout.buffer.write(data)
        sys.stdout.flush()


def save(file: Path, data: bytes | Iterable[bytes]) -> None:
    """Write a file, whole or not at all, and say so; raises SetupError where it cannot be written."""
    from dlbench.run.atomic import overwriting

    with saving(file), overwriting(file) as target:
        target.writelines([data] if isinstance(data, bytes) else data)


@contextmanager
def saving(path: Path) -> Iterator[None]:
    """Say where the block has written to; raises SetupError where it cannot write."""
    try:
        yield
    except OSError as error:
        raise SetupError(f"{path}: cannot be written: {error.strerror or error}") from error
    say(f"written to {path}")


def say(text: str) -> None:
    """Print narration on stderr."""
    _write(sys.stderr, printable(text))


def say_styled(text: str) -> None:
    """The same for a text in colours."""
    _write(sys.stderr, text)


def emit_json(data: Any) -> None:
    """Print data as indented JSON on stdout; dataclasses, paths and numpy arrays are understood, NaN becomes `null`."""
    emit(json_text(data))


def _write(stream: TextIO, text: str) -> None:
    try:
        with _leaving_quietly(stream):
            stream.write(f"{text}\n")
            stream.flush()
    except UnicodeEncodeError:
        encoding = stream.encoding
        _write(stream, text.encode(encoding, errors="replace").decode(encoding))


@contextmanager
def _leaving_quietly(stream: TextIO) -> Iterator[None]:
    """Where nobody reads a stream any more, the process ends as SIGPIPE would end it.

    Raises SetupError where stdout cannot be written for another reason; narration that nobody can get is left out.
    """
    try:
        yield
    except BrokenPipeError:
        give_up(stream)
        raise typer.Exit(ExitCode.BROKEN_PIPE) from None
    except OSError as error:
        give_up(stream)
        if stream is not sys.stderr:
            raise refused(error) from error


def refused(error: OSError) -> SetupError:
    """What to say where stdout is closed, or what it leads to is full."""
    why = "it is closed; redirect it to a file or to /dev/null" if error.errno == errno.EBADF else error.strerror
    return SetupError(f"stdout cannot be written: {why}")


def give_up(stream: TextIO) -> None:
    """Send to nowhere what a stream still holds, which the interpreter would write when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def columns(rows: Sequence[Sequence[str]]) -> str:
    """Rows as text in columns two spaces apart; on a terminal the last column is cut at its width, elsewhere never."""
    from rich.cells import cell_len, set_cell_size

    rows = [tuple(map(one_line, row)) for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)][:-1]
    room = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    lines = []
    for row in rows:
        *cells, last = row
        line = "  ".join([*map(set_cell_size, cells, widths), last]).rstrip()
        cut = room is not None and cell_len(line) > room
        lines.append(f"{set_cell_size(line, room - 3)}..." if cut and room else line)
    return "\n".join(lines)


def report_text(report: Report, *, language: str, ascii_only: bool) -> str:
    """The table, its notes and the verdicts, as wide as the terminal and in colour if it has one."""
    from dlbench.text.document import document_of

    return document_text(document_of(report, "en" if ascii_only else language), language, ascii_only=ascii_only)


def document_text(document: Document, language: str, *, ascii_only: bool) -> str:
    """The same of a document in the language, or in English for a terminal that has ASCII only."""
    from dlbench.text.blocks import Terminal
    from dlbench.text.printed import render_document

    width = shutil.get_terminal_size().columns
    return as_text(
        render_document(document, Terminal(width, has_color(), ascii_only, "en" if ascii_only else language))
    )


def as_text(found: RenderableType) -> str:
    """What Rich can print, as wide as the terminal, with its escape codes where stdout shows colours."""
    from dlbench.text.console import PrintableConsole

    colorful = has_color()
    width = shutil.get_terminal_size().columns
    console = PrintableConsole(width=width, force_terminal=colorful, no_color=not colorful, highlight=False)
    with console.capture() as capture:
        console.print(found)
    return "\n".join(line.rstrip() for line in capture.get().splitlines())


def has_color() -> bool:
    """Whether stdout shows colours and its user wants them."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


LARGEST_SIDE = 1_000
"""Cells beyond which no terminal is wide or high."""


def believe_no_nonsense() -> None:
    """Take COLUMNS and LINES from the environment where they are no size, so that everybody asks the terminal itself."""
    for name in ("COLUMNS", "LINES"):
        told = os.environ.get(name, "1")
        if not (told.isascii() and told.isdigit() and 0 < int(told[:9]) <= LARGEST_SIDE):
            del os.environ[name]


def replace_closed() -> None:
    """Put something in the place of streams that are closed, as by `>&-`: of stdout one that refuses, of the others silence.

    Else the first file that is opened would get their numbers, and what is printed would be written into it.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            mode = os.O_WRONLY if name == "stderr" else os.O_RDONLY
            found = os.open(os.devnull, mode)  # the lowest number that is free, which is this one
            setattr(sys, name, os.fdopen(found, "r" if name == "stdin" else "w"))
