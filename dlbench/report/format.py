"""Numbers and cells as text, the same in every display and in Markdown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dlbench.report.metrics import Metric
from dlbench.report.statistics import Interval, Summary

if TYPE_CHECKING:
    from dlbench.report.table import Cell, Column, Table

SCIENTIFIC = ".1e"


@dataclass(frozen=True)
class Glyphs:
    """The few signs beyond ASCII, and what stands for them where a terminal has none."""

    plus_minus: str
    dash: str
    nothing: str
    best: str
    minus: str


UNICODE = Glyphs("±", "–", "·", "▲", "−")
ASCII = Glyphs("+-", "-", ".", "*", "-")


def number(value: float | None, spec: str, glyphs: Glyphs = UNICODE) -> str:
    """A number by its format, with a real minus sign; the sign for nothing where there is none."""
    if value is None:
        return glyphs.nothing
    text = format(value, spec)
    return glyphs.minus + text[1:] if text.startswith("-") else text


def value_format(metric: Metric, means: Iterable[float | None]) -> str:
    """The metric's format, or powers of ten where it would print a number that is not 0 as 0."""
    if metric.is_share:
        return metric.format
    vanishing = any(mean and float(format(mean, metric.format).replace(",", "")) == 0 for mean in means)
    return SCIENTIFIC if vanishing else metric.format


def column_format(column: Column, table: Table) -> str:
    """The format of all numbers in a column."""
    return value_format(column.metric, (row.cells[column.key].mean for row in (*table.rows, *table.sweep)))


def cell_parts(cell: Cell, column: Column, spec: str, glyphs: Glyphs = UNICODE) -> tuple[str, str]:
    """A cell as (number, what belongs to it): printed side by side, right and left justified, decimals align."""
    if cell.mean is None:
        return glyphs.nothing, ""
    if column.is_difference:
        return _difference(cell.summary, column.metric, spec, glyphs)
    if column.metric.is_share:
        return f"{round(cell.mean * cell.n)}/{cell.n}", _share(cell.interval, glyphs)
    spread = "" if cell.deviation is None else f"{glyphs.plus_minus} {number(cell.deviation, spec, glyphs)}"
    seeds = "" if cell.n == cell.n_run else f"(n={cell.n})"
    return number(cell.mean, spec, glyphs), " ".join(filter(None, (spread, seeds)))


def cell_text(cell: Cell, column: Column, spec: str, glyphs: Glyphs = UNICODE) -> str:
    """A cell in one piece, with its mark."""
    mark = f" {glyphs.best}" if cell.best else ""
    return " ".join(filter(None, cell_parts(cell, column, spec, glyphs))) + mark


def interval_text(interval: Interval, spec: str, glyphs: Glyphs = UNICODE) -> str:
    """`[low, high]`."""
    return f"[{number(interval.low, spec, glyphs)}, {number(interval.high, spec, glyphs)}]"


def _share(interval: Interval | None, glyphs: Glyphs) -> str:
    if interval is None:
        return ""
    return f"({100 * interval.low:.0f}{glyphs.dash}{100 * interval.high:.0f} %)"


def _difference(summary: Summary, metric: Metric, spec: str, glyphs: Glyphs) -> tuple[str, str]:
    """A difference with its sign and interval; of shares, in percentage points."""
    scale, signed = (100, "+.0f") if metric.is_share else (1, f"+{spec}")
    mean = number(None if summary.mean is None else scale * summary.mean, signed, glyphs)
    if summary.interval is None:
        return mean, ""
    interval = Interval(scale * summary.interval.low, scale * summary.interval.high)
    return mean, interval_text(interval, signed, glyphs)
