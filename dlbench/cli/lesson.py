"""A recipe's texts in the language of the terminal."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from dlbench.recipe.language import language

if TYPE_CHECKING:
    from dlbench.recipe.sections import Lesson

WIDEST = 100
"""Cells beyond which a line of prose is hard to read."""


def heading(lesson: Lesson, name: str) -> str:
    """Section, title, and the question."""
    from dlbench.recipe.sections import said

    section, title, question = (said(text, language()) for text in (lesson.section, lesson.title, lesson.question))
    first = "  ".join(filter(None, [section, title or name]))
    return "\n".join([first, *([indented(question)] if question else [])])


def explanation(lesson: Lesson) -> str:
    """What is told after the run; empty if nothing is."""
    from dlbench.recipe.sections import said

    text = said(lesson.explain, language())
    return indented(text) if text else ""


def indented(text: str) -> str:
    """A text moved right and folded to the terminal's width, its own line breaks kept; Korean letters take two cells."""
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    console = Console(width=min(shutil.get_terminal_size().columns, WIDEST), color_system=None)
    with console.capture() as capture:
        console.print(Padding(Text(text.strip()), (0, 0, 0, 2)))
    return "\n".join(line.rstrip() for line in capture.get().splitlines())
