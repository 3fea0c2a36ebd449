"""A recipe's texts, for the terminal."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

from dlbench.words.printable import printable

if TYPE_CHECKING:
    from dlbench.plan.questions import Lesson

WIDEST = 100
"""Cells beyond which a line of prose is hard to read."""


def heading(lesson: Lesson, name: str, *, language: str, ascii_only: bool = False) -> str:
    """Section, title, and the question."""
    section, title, question = (
        spoken(text, language=language, ascii_only=ascii_only)
        for text in (lesson.section, lesson.title, lesson.question)
    )
    first = "  ".join(filter(None, [section, title or name]))
    return "\n".join([first, *([indented(question)] if question else [])])


def explanation(lesson: Lesson, *, language: str, ascii_only: bool = False) -> str:
    """What is told after the run; empty if nothing is."""
    text = spoken(lesson.explain, language=language, ascii_only=ascii_only)
    return indented(text) if text else ""


def spoken(text: str | dict[Any, str] | None, *, language: str, ascii_only: bool) -> str:
    """A text in a language; in English where there is ASCII only."""
    from dlbench.plan.questions import said

    if not ascii_only:
        return printable(said(text, language).expandtabs())
    from dlbench.words.printable import to_ascii

    return to_ascii(printable(said(text).expandtabs()))


def indented(text: str) -> str:
    """A text moved right and folded to the terminal's width, its own line breaks kept; Korean letters take two cells."""
    from rich.padding import Padding
    from rich.text import Text

    from dlbench.text.console import PrintableConsole

    console = PrintableConsole(width=min(shutil.get_terminal_size().columns, WIDEST), color_system=None)
    with console.capture() as capture:
        console.print(Padding(Text(text.strip()), (0, 0, 0, 2)))
    return "\n".join(line.rstrip() for line in capture.get().splitlines())
