"""A report as text for stdout."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import RenderableType

    from dlbench.analysis.summary import Report


def text(report: Report, *, language: str, ascii_only: bool) -> str:
    """The table, its notes and the verdicts, as wide as the terminal and in colour if it has one."""
    from dlbench.text.table import render_text

    found = render_text(
        report,
        width=shutil.get_terminal_size().columns,
        color=has_color(),
        ascii=ascii_only,
        language=language,
    )
    return as_text(found)


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
