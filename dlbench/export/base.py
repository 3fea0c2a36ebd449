"""The catalogue of formats that a report can be written in. A new format is one function in one file of this package."""

from __future__ import annotations

from collections.abc import Callable

from dlbench.parts.catalog import Catalog
from dlbench.report.summary import Report

EXPORTERS: Catalog[Callable[[Report], str]] = Catalog("exporters", title="formats that a report is written in")
"""Name -> a function from the report to the text of the file. Trait `suffix`: how such a file's name ends."""
