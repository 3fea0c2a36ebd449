"""Reports as files: every format writes the table that the terminal prints."""

from __future__ import annotations

from dlbench.catalog import import_modules
from dlbench.export.base import EXPORTERS, WRITERS, ExportSource, exported
from dlbench.export.records import RECORDS, csv_chunks

__all__ = ["EXPORTERS", "RECORDS", "WRITERS", "ExportSource", "csv_chunks", "exported"]

import_modules(__name__, ("csv_tables", "series", "confusion", "csv_text"))
