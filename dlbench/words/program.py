"""How dlbench is called from here, in command lines that people copy. Imports nothing heavy."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path

NAME = "dlbench"


def program() -> str:
    """`dlbench`, or where the shell would not find that, or another one, the path by which it was called: `.venv/bin/dlbench`."""
    called = Path(sys.argv[0])
    if called.name != NAME or not called.is_file():  # `python -m dlbench`, or a program that has it as a library
        return NAME
    found = shutil.which(NAME)
    if found is not None and called.samefile(found):
        return NAME
    here = Path.cwd()
    whole = Path(os.path.abspath(called))  # noqa: PTH100  # links stay: the one in .venv/bin is the one that works
    return str(whole.relative_to(here)) if whole.is_relative_to(here) else str(whole)


def command(*words: str) -> str:
    """A command line to copy."""
    return shlex.join([program(), *words])
