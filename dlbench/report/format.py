"""Numbers and cells as text, the same in every display and in Markdown."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from dlbench.plan import Candidate
from dlbench.printable import one_line
from dlbench.report.interval import Interval
from dlbench.report.metrics import Metric
from dlbench.report.statistics import Summary
from dlbench.report.table import Cell, Column, Row

SCIENTIFIC = ".1e"
FACTOR = ".2f"
LARGE = 1e6
"""Where a number without thousands separators becomes hard to read."""
NOTHING = "·"
BEST = "▲"
INFINITE = "∞"
MINUS = "−"
CHOSEN = "◂"
CHANGED = "✎"
"""Trials of a row were given other numbers by hand while they trained."""

ASCII = str.maketrans(
    {
        "±": "+-",
        "–": "-",
        MINUS: "-",
        NOTHING: ".",
        BEST: "*",
        INFINITE: "inf",
        "✔": "+",
        "✖": "x",
        CHOSEN: "<",
        CHANGED: "~",
        "→": "->",
        "×": "x",
        "÷": "/",
    }
)


def to_ascii(text: str) -> str:
    """The same text for a terminal that has ASCII only; letters of other scripts become question marks."""
    return text.translate(ASCII).encode("ascii", "replace").decode()


def number(value: float | None, spec: str) -> str:
    """A number by its format, with a real minus sign; the sign for nothing where there is none."""
    if value is None:
        return NOTHING
    text = format(value, spec)
    return MINUS + text[1:] if text.startswith("-") else text


def value_format(metric: Metric, *means: float | None) -> str:
    """The metric's format, or powers of ten where it would print a number as 0 that is not, or one too long to read."""
    if metric.is_share:
        return metric.format
    fits = all(_fits(mean, metric.format) for mean in means if mean)
    return metric.format if fits else SCIENTIFIC


def _fits(value: float, spec: str) -> bool:
    is_short = "," in spec or abs(value) < LARGE
    return is_short and float(format(value, spec).replace(",", "")) != 0


def fine_format(spec: str, resolution: float) -> str:
    """The same format with as many decimals as two digits of `resolution` need, nine at most."""
    if not spec.endswith("f") or "," in spec or not resolution > 0:
        return spec
    decimals = max(int(spec[1:-1]), math.ceil(-math.log10(resolution)) + 1)
    return f".{min(decimals, 9)}f"


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
    is_told = cell.deviation is not None and (cell.deviation > 0 or not metric.is_shared)
    spread = spread_text(cell.summary, metric, spec) if is_told else ""
    return " ".join(filter(None, (spread, _aside(cell, cell.n_alive, spec))))


def _aside(cell: Cell, seeds: int, spec: str) -> str:
    """`(median 0.98, n=9)`: a median where some seed lies far from the others, n where not all of the `seeds` have a number."""
    middle = "" if cell.summary.median is None else f"median {number(cell.summary.median, spec)}"
    told = ", ".join(filter(None, (middle, "" if cell.n == seeds else f"n={cell.n}")))
    return f"({told})" if told else ""


def spread_text(summary: Summary, metric: Metric, spec: str) -> str:
    """How far the seeds lie apart: `± 0.01`, of ratios the factor, `×÷ 4.9`."""
    if summary.deviation is None:
        return ""
    if metric.quantity.is_ratio:
        return f"×÷ {number(summary.deviation, FACTOR if summary.deviation < LARGE else SCIENTIFIC)}"
    return f"± {number(summary.deviation, spec)}"


def _median(median: float, metric: Metric) -> str:
    return INFINITE if math.isinf(median) else number(median, value_format(metric, median))


def row_parts(row: Row, column: Column) -> tuple[str, str, str]:
    """A row's cell as (number, what belongs to it, mark)."""
    cell = row.cells[column.key]
    if column.is_difference and row.is_baseline:
        return "", "baseline", ""
    return (*cell_parts(cell, column), BEST if cell.best else "")


def level_text(comparisons: int) -> str:
    """How sure intervals are of which so many share one chance to err: `simultaneous 95 %, m = 5`."""
    return f"simultaneous 95 %, m = {comparisons}" if comparisons > 1 else "95 %"


def interval_text(interval: Interval, spec: str) -> str:
    """`[low, high]`."""
    return f"[{number(interval.low, spec)}, {number(interval.high, spec)}]"


def choice_text(choice: Mapping[str, Any]) -> str:
    """A choice of a search in short: `lr = 0.01`; whole paths where their last words are the same."""
    short = [path.rpartition(".")[2] for path in choice]
    names = short if len(set(short)) == len(short) else list(choice)
    return ", ".join(f"{name} = {_plain(value)}" for name, value in zip(names, choice.values(), strict=True))


def candidate_text(candidate: Row | Candidate) -> str:
    """A candidate as people read it: its variant and its choice of the search."""
    return one_line(", ".join(filter(None, (candidate.variant, choice_text(candidate.choice)))))


def name_text(row: Row) -> str:
    """What a row is: its candidate, and marks if that is the chosen one, or was changed by hand."""
    return " ".join([candidate_text(row), *([CHANGED] if row.n_changed else []), *([CHOSEN] if row.is_chosen else [])])


def seeds_text(row: Row) -> str:
    """How many of a candidate's seeds trained to their end, and where the others stand: `8/10, 2 diverged`."""
    others = [f"{count} {status}" for status, count in row.counts.items() if count and status != "ok"]
    return ", ".join([f"{row.n_ok}/{row.n_run}", *others])


def _plain(value: Any) -> str:
    return str(value.get("kind", value)) if isinstance(value, dict) else str(value)


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


def clock(seconds: float) -> str:
    """A duration as `0:05`, `12:30` or `1:02:03`."""
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def title_level(comparisons: int) -> str:
    """The same in the title of a column, where there is little room: a note says `simultaneous`."""
    return f"95 %, m = {comparisons}" if comparisons > 1 else "95 %"
