"""The lines of a text file that may be anything: each of bounded length, and text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from dlbench.files import open_file
from dlbench.imports.log import wrong

LONGEST_LINE = 1 << 20
"""Bytes of a line; logs have some hundred, and what is longer is another kind of file."""


def text_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Each line with its number from 1 and its line feed, which a torn last one lacks.

    Raises UsageError at a line that is too long or no UTF-8 text, OSError where the file cannot be read.
    """
    with open_file(path) as file:
        number = 0
        while line := file.readline(LONGEST_LINE + 1):
            number += 1
            if len(line) > LONGEST_LINE:
                raise wrong(path, number, f"the line is longer than {LONGEST_LINE:,} bytes; this is no log of numbers")
            yield number, _decoded(path, number, line)


def _decoded(path: Path, number: int, line: bytes) -> str:
    try:
        text = line.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError as error:
        raise wrong(path, number, f"byte {error.start + 1} of the line is no UTF-8; this is no text file") from error
    if "\0" in text:
        raise wrong(
            path, number, "the line has a null byte; this is no text file, or the machine stopped while writing it"
        )
    return text
