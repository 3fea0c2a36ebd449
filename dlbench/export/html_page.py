"""HTML: a run as one page to hand out, to project and to print, that needs no network and no other file."""

from __future__ import annotations

from dlbench.analysis.summary import Report
from dlbench.export.base import EXPORTERS


@EXPORTERS.add(name="html", suffix=".html")
def html(report: Report, *, language: str = "en") -> str:
    """The lesson, the table, the claims, curves, gradients by layer and step, diagnosis, settings and environment as one page."""
    # Templates and pictures cost a second to load, which other formats need not pay.
    from dlbench.export.page.contents import page_of
    from dlbench.export.page.layout import rendered

    return rendered(page_of(report, language))
