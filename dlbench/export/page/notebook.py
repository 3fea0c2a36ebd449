"""The tables of a run as HTML for the output of a notebook's cell: the cells of the page, in a box of its own."""

from __future__ import annotations

from functools import partial
from importlib import resources

from dlbench.analysis.summary import Report
from dlbench.export.page.contents import counts_of, standing_of
from dlbench.export.page.layout import counted, environment
from dlbench.text.document import document_of
from dlbench.words.language import word

TEMPLATE = "notebook.html"

FOLDED = ("search", "confusion")
"""Tables that are mostly large, which a click opens."""


def notebook_html(report: Report, language: str = "en") -> str:
    """Every table of a report, its diagnosis and its notes as one element of HTML, light and dark as the notebook is."""
    style = resources.files(__package__).joinpath("notebook.css").read_text(encoding="utf-8")
    return (
        environment()
        .get_template(TEMPLATE)
        .render(
            document=document_of(report, language),
            counts=counts_of(report.state),
            standing=standing_of(report.state),
            style=style,
            language=language,
            counted=partial(counted, language=language),
            FOLDED=FOLDED,
            _=partial(word, language=language),
        )
    )
