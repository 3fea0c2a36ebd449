"""Figures as bytes: SVG, PDF and PNG, the same each time, none with a date in it."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Literal, TypeAlias, get_args

from dlbench.export.plots.base import Asked
from dlbench.export.plots.page import Page, settle
from dlbench.export.plots.style import styled
from dlbench.export.plots.vector import standalone
from dlbench.words.printable import one_line

Form: TypeAlias = Literal["svg", "pdf", "png"]
FORMS: tuple[Form, ...] = get_args(Form)
"""What pictures are written as; files end so."""


def picture(make: Callable[[Asked], Page], asked: Asked, form: Form) -> bytes:
    """A picture of a run in a format; raises UsageError where the run has no such thing."""
    with styled(asked.look.theme):
        return rendered(make(asked), form)


def rendered(page: Page, form: Form) -> bytes:
    """A page, drawn while its style is in force, in a format, with its title inside."""
    title, file = one_line(page.title), io.BytesIO()
    metadata: dict[Form, dict[str, str | None]] = {
        "png": {"Title": title, "Software": "dlbench"},
        "pdf": {"Title": title, "Creator": "dlbench", "Producer": None, "CreationDate": None},
        "svg": {"Date": None},
    }
    settle(page.figure)
    page.figure.savefig(file, format=form, metadata=metadata[form], facecolor=page.theme.ground)
    return standalone(page, file.getvalue().decode()).encode() if form == "svg" else file.getvalue()
