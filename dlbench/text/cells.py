"""A table's rows and cells as text: what the terminal, the dashboard, Markdown and every other format are made of."""

from __future__ import annotations

import math
from collections.abc import Sequence

from dlbench.analysis.statistics.intervals import Summary
from dlbench.analysis.table import Cell, Column, Row, Setting, Table
from dlbench.metrics.catalog import Metric
from dlbench.metrics.format import (
    INFINITE,
    NOTHING,
    interval_text,
    number,
    spread_text,
    value_format,
)
from dlbench.metrics.quantity import Interval
from dlbench.plan import candidate_text
from dlbench.text.text_table import Heading, TextCell, TextTable

BEST = "▲"
CHOSEN = "◂"
CHANGED = "✎"
"""Trials of a row were given other numbers by hand while they trained."""

NAMES, SEEDS = Heading("variant", "variant", is_number=False), Heading("seeds", "seeds")
"""The two columns that no metric has."""


def comparison_table(table: Table, rows: Sequence[Row], key: str = "comparison", title: str = "") -> TextTable:
    """Some of a table's rows as text: names, settings, seeds, and the measured columns that have numbers or were asked for."""
    is_asked = table.whole is not None and table.columns != table.whole.columns
    columns = [column for column in table.columns if is_asked or any(row.cells[column.key].n for row in rows)]
    headings = (
        NAMES,
        *(Heading(one.path, one.title.replace("_", " "), is_number=False, hint=one.path) for one in table.settings),
        SEEDS,
        *(Heading(one.key, one.heading, hint=one.metric.summary) for one in columns),
    )
    return TextTable(
        key, title or table.title, headings, tuple(_text_row(row, table.settings, columns) for row in rows)
    )


def search_table(table: Table) -> TextTable:
    """Every candidate of the search, under the heading that it has everywhere."""
    return comparison_table(table, table.sweep, "search", "The whole search")


def _text_row(row: Row, settings: Sequence[Setting], columns: Sequence[Column]) -> tuple[TextCell, ...]:
    name = TextCell(name_text(row), tone="chosen" if row.is_chosen else "")
    seeds = TextCell(seeds_text(row), tone="" if row.n_ok == row.n_run else "partial", value=row.n_ok)
    told = (TextCell(one.values[row.candidate]) for one in settings)
    return (name, *told, seeds, *(row_cell(row, column) for column in columns))


def row_cell(row: Row, column: Column) -> TextCell:
    """A row's cell under a column."""
    cell = row.cells[column.key]
    return TextCell(*row_parts(row, column), tone="best" if cell.best else "", value=cell.middle)


def cell_parts(cell: Cell, column: Column) -> tuple[str, str]:
    """A cell as (number, what belongs to it): printed side by side, right and left justified, decimals align.

    Each cell has a format of its own: one tiny number must not turn its whole column into powers of ten.
    """
    if cell.never and cell.median is not None:
        return _median(cell.median, column.metric), f"median, {cell.never} never"
    if cell.mean is None:
        return NOTHING, ""
    spec = value_format(column.metric, cell.mean)
    if column.is_difference:
        mean, interval = _difference(cell.summary, column.metric, spec)
        signed = spec if column.metric.quantity.is_ratio else f"+{spec}"
        return mean, " ".join(filter(None, (interval, _aside(cell, cell.n_run, signed))))
    if column.metric.is_share:
        return f"{round(cell.mean * cell.n)}/{cell.n}", _share(cell.interval)
    return number(cell.mean, spec), _beside_mean(cell, column.metric, spec)


def _beside_mean(cell: Cell, metric: Metric, spec: str) -> str:
    """`± 0.15 (median 0.98, n=9)`."""
    # What trials share cannot differ by chance: no deviation there is no finding.
    is_told = cell.std is not None and (cell.std > 0 or not metric.is_shared)
    spread = spread_text(cell.summary.std, metric, spec) if is_told else ""
    return " ".join(filter(None, (spread, _aside(cell, cell.n_alive, spec))))


def _aside(cell: Cell, seeds: int, spec: str) -> str:
    """`(median 0.98, n=9)`: a median where some seed lies far from the others, n where not all of the `seeds` have a number."""
    middle = "" if cell.summary.median is None else f"median {number(cell.summary.median, spec)}"
    told = ", ".join(filter(None, (middle, "" if cell.n == seeds else f"n={cell.n}")))
    return f"({told})" if told else ""


def _median(median: float, metric: Metric) -> str:
    return INFINITE if math.isinf(median) else number(median, value_format(metric, median))


def row_parts(row: Row, column: Column) -> tuple[str, str, str]:
    """A row's cell as (number, what belongs to it, mark)."""
    cell = row.cells[column.key]
    if column.is_difference and row.is_baseline:
        return "", "baseline", ""
    return (*cell_parts(cell, column), BEST if cell.best else "")


def name_text(row: Row) -> str:
    """What a row is: its candidate, and marks if that is the chosen one, or was changed by hand."""
    return " ".join([candidate_text(row), *([CHANGED] if row.n_changed else []), *([CHOSEN] if row.is_chosen else [])])


def seeds_text(row: Row) -> str:
    """How many of a candidate's seeds trained to their end, and where the others stand: `8/10, 2 diverged`."""
    others = [f"{count} {status}" for status, count in row.counts.items() if count and status != "ok"]
    return ", ".join([f"{row.n_ok}/{row.n_run}", *others])


def _share(interval: Interval | None) -> str:
    return "" if interval is None else f"({100 * interval.low:.0f}–{100 * interval.high:.0f} %)"


def _difference(summary: Summary, metric: Metric, spec: str) -> tuple[str, str]:
    """A difference with its sign and interval; of shares in percentage points, of ratios the factor."""
    if metric.quantity.is_ratio:
        mean = "" if summary.mean is None else f"×{number(summary.mean, spec)}"
        return mean, "" if summary.interval is None else interval_text(summary.interval, spec)
    scale, signed = (100, "+.0f") if metric.is_share else (1, f"+{spec}")
    mean = number(None if summary.mean is None else scale * summary.mean, signed)
    if summary.interval is None:
        return mean, ""
    return mean, interval_text(Interval(scale * summary.interval.low, scale * summary.interval.high), signed)
