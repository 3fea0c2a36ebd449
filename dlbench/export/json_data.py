"""JSON: the whole report as data."""

from __future__ import annotations

from dlbench.export.base import EXPORTERS
from dlbench.printable import json_text
from dlbench.report.summary import Report, as_data


@EXPORTERS.add(name="json", suffix=".json")
def json(report: Report) -> str:
    """Table, notes and claims as one JSON object, in full precision; what is not there is `null`."""
    return f"{json_text(as_data(report))}\n"
