"""What a process finds around itself: streams that may be closed, and sizes of a terminal that may be nonsense."""

from __future__ import annotations

import os
import sys

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
