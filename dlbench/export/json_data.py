"""JSON: the whole report as data."""

from __future__ import annotations

import orjson

from dlbench.export.base import EXPORTERS
from dlbench.report.summary import Report, as_data


@EXPORTERS.add(name="json", suffix=".json")
def json(report: Report) -> str:
    """Table, notes and claims as one JSON object, in full precision; what is not there is `null`."""
    return orjson.dumps(as_data(report), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()
