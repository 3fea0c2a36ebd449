"""The template of the page: filled with what stands on it, everything in it escaped, in the words of a language."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from functools import cache, partial
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from dlbench.export.page.contents import RunPage
from dlbench.words.language import word
from dlbench.words.outcomes import SIGNS
from dlbench.words.printable import printable

TEMPLATE = "page.html"


def rendered(page: RunPage) -> str:
    """The page as HTML, one file without references to others."""
    from dlbench.export.plots.embedded import PAGE_STYLE

    translated = partial(word, language=page.language)
    style = f"{resources.files(__package__).joinpath('page.css').read_text(encoding='utf-8')}\n{PAGE_STYLE}"
    return (
        environment()
        .get_template(TEMPLATE)
        .render(
            page=page,
            style=style,
            contents=_contents(page, translated),
            signs=SIGNS,
            counted=partial(counted, language=page.language),
            _=translated,
        )
    )


def counted(count: int, noun: str, language: str) -> str:
    """`60 trials`, `1 seed`."""
    return word(f"{{}} {noun}{'' if count == 1 else 's'}", language).format(f"{count:,}")


def _contents(page: RunPage, translated: Callable[[str], str]) -> list[tuple[str, str]]:
    """The sections that the page has, in their order: where each begins, and what it is called."""
    has = {
        "results": ("Results", True),
        "ensembles": ("Ensembles", page.table("ensembles")),
        "claims": ("Claims", page.table("claims")),
        "explanation": ("Explanation", page.lesson.explanation),
        "curves": ("Curves", page.curves),
        "layers": ("Gradients by layer and step", page.layers),
        "diagnosis": ("Diagnosis", page.document.diagnosis),
        "confusion": ("Confusion", page.tables("confusion")),
        "settings": ("Settings", True),
        "again": ("Run it again", page.surroundings.name),
    }
    return [(name, translated(title)) for name, (title, is_there) in has.items() if is_there]


@cache
def environment() -> Environment:
    """How the template is read: an unknown name is an error, every text escaped and without signs that a browser obeys."""
    found = Environment(
        autoescape=True,
        finalize=_printable,
        loader=PackageLoader("dlbench.export", "page"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    found.filters |= {"coded": coded, "base64": encoded}
    return found


def _printable(value: Any) -> Any:
    """Texts from outside with their control characters visible; what is HTML already stays."""
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def coded(text: str) -> Markup:
    """A text of a lesson, whose `words in backticks` are code."""
    pieces = re.split(r"`([^`\n]+)`", printable(text))
    return Markup("").join(
        Markup("<code>{}</code>").format(piece) if index % 2 else escape(piece) for index, piece in enumerate(pieces)
    )


def encoded(text: str) -> str:
    """A text as base64, for a link that holds a file."""
    return base64.b64encode(text.encode(errors="backslashreplace")).decode()
