"""The catalogues of formats that a report can be written in. A new format is one function in one file of this package."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dlbench.analysis.summary import Report
from dlbench.catalog import Catalog

EXPORTERS: Catalog[Callable[..., str]] = Catalog("exporters", title="formats that a report is written in")
"""Name -> a function from the report to the text of the file. Trait `suffix`: how such a file's name ends.

One that writes for people takes a keyword `language` and speaks it; data are the same in every language.
"""


@dataclass(frozen=True)
class ExportSource:
    """What a file is written of: a run's report, and which of its tables, where one was named."""

    report: Report
    what: str | None = None
    language: str = "en"


WRITERS: Catalog[Callable[[ExportSource, Path], None]] = Catalog(
    "writers", title="formats that are no text, or several files"
)
"""Name -> a function that writes a run to a path. Trait `suffix`: how the file's name ends; empty for a folder."""


def exported(name: str, report: Report, language: str) -> str:
    """A report in a format; raises KeyError where no format is called so."""
    part = EXPORTERS[name]
    return part.make(report, language=language) if "language" in part.arguments else part.make(report)
