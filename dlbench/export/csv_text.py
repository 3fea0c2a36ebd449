"""CSV: each table of records as text, by the names that these formats have."""

from __future__ import annotations

from dlbench.analysis.summary import Report
from dlbench.export.base import EXPORTERS
from dlbench.export.records import RECORDS, csv_text


@EXPORTERS.add(suffix=".csv")
def csv(report: Report) -> str:
    """The table, one row a candidate."""
    return csv_text(RECORDS["table"].make(report))


@EXPORTERS.add(suffix=".csv")
def trials(report: Report) -> str:
    """Every trial, one row each."""
    return csv_text(RECORDS["trials"].make(report))


@EXPORTERS.add(suffix=".csv")
def ensembles(report: Report) -> str:
    """Every size and way to combine of each variant, one row each."""
    return csv_text(RECORDS["ensembles"].make(report))


@EXPORTERS.add(suffix=".csv")
def confusion(report: Report) -> str:
    """What every trial took for what, one row each pair of classes and split."""
    return csv_text(RECORDS["confusion"].make(report))
