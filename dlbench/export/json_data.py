"""JSON: the whole report as data."""

from __future__ import annotations

from dlbench.analysis.summary import Report
from dlbench.export.base import EXPORTERS
from dlbench.export.report_data import as_data
from dlbench.words.printable import json_text


@EXPORTERS.add(name="json", suffix=".json")
def json(report: Report) -> str:
    """Table, notes and claims as one JSON object, in full precision; what is not there is `null`."""
    return f"{json_text(as_data(report))}\n"
