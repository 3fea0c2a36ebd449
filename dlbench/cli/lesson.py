"""A recipe's texts in the language of the terminal."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dlbench.recipe.sections import Lesson

INDENT = "  "


def language() -> str:
    """`ko` where the locale is Korean, else `en`."""
    locale = next(filter(None, map(os.environ.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    return "ko" if locale.lower().startswith("ko") else "en"


def heading(lesson: Lesson, name: str) -> str:
    """Section, title, and the question."""
    from dlbench.recipe.sections import said

    section, title, question = (said(text, language()) for text in (lesson.section, lesson.title, lesson.question))
    first = "  ".join(filter(None, [section, title or name]))
    return "\n".join(filter(None, [first, indented(question)]))


def explanation(lesson: Lesson) -> str:
    """What is told after the run; empty if nothing is."""
    from dlbench.recipe.sections import said

    return indented(said(lesson.explain, language()))


def indented(text: str) -> str:
    """A text moved right, its own line breaks kept."""
    return "\n".join(f"{INDENT}{line}".rstrip() for line in text.strip().splitlines())
