"""The comparison table as a figure: a row a variant, its seeds, their mean with its interval, and the cell in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dlbench.analysis.aligned import Floats
from dlbench.analysis.table import Column, Row, Table
from dlbench.errors import UsageError, hint
from dlbench.export.plots.axes import value_axis
from dlbench.export.plots.base import PLOTS, Asked
from dlbench.export.plots.entries import Entry, entries, standing
from dlbench.export.plots.lettering import Lettering
from dlbench.export.plots.page import LETTER, Page, Surroundings, page
from dlbench.export.plots.style import Theme, stroke
from dlbench.metrics.quantity import POSITIVE
from dlbench.metrics.trial_view import Status
from dlbench.text.cells import BEST as BEST_SIGN
from dlbench.text.cells import row_parts

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

MOST_PANELS = 2
"""Columns of the table that are drawn if none are named."""
ROW = 0.27
"""Inches of a row."""
WHOLE = 7.5
NAME_WIDTH = 28
LINE, AXIS = 0.15, 0.5
"""Inches of a line above a panel, and of the numbers beneath it."""
SEED: dict[str, Any] = {"marker": "|", "linestyle": "", "markersize": 7, "markeredgewidth": 0.8, "alpha": 0.6}
MEAN: dict[str, Any] = {"marker": "o", "linestyle": "", "markersize": 6, "zorder": 3}
BEST: dict[str, Any] = {"marker": "D", "linestyle": "", "markersize": 6.5, "zorder": 3}
NEVER: dict[str, Any] = {"marker": ">", "linestyle": "", "markersize": 6, "zorder": 3}


@PLOTS.add(name="table", takes=("metric", "size"))
def comparison(asked: Asked) -> Page:
    """The comparison table: of each variant every seed, their mean and its interval, the cell in words, and the marked best.

    Without metrics the one that decides and its difference to the baseline, or the next column.
    """
    found, table = entries(asked.report, asked.variants, with_search=True), asked.report.table
    baseline = next((entry for entry in entries(asked.report) if entry.row.is_baseline), None)
    if all(trial.status is Status.WAITING for entry in found for trial in entry.trials):
        raise UsageError("nothing has been trained yet, so there is nothing to compare")
    columns = _columns(table, asked.metrics)
    theme, letters = asked.look.theme, Lettering()
    title = f"{table.title}: {len(found)} variants compared" if len(found) > 1 else table.title
    around = Surroundings(title, _caption(found, columns), list(_legend(found, columns, theme)))
    names = [letters.lines(entry.name, NAME_WIDTH, most=2) for entry in found]
    width = WHOLE if asked.look.size is None else asked.look.size[0]
    wide = int((width / LETTER - max(map(len, "\n".join(names).split("\n")))) / len(columns)) - 4
    titles = [letters.lines(column.heading, max(wide, 12)) for column in columns]
    head = LINE * (max(title.count("\n") for title in titles) + 1)
    made = page(asked.look, letters, around, width, ROW * len(found) + head + AXIS, 0.22 * len(found) + head + AXIS)
    panels = made.figure.subplots(1, len(columns), squeeze=False)[0]
    for axes, column, above in zip(panels, columns, titles, strict=True):
        _draw(axes, column, found, baseline, theme)
        axes.set_title(above, fontsize=8)
        axes.set_yticks(range(len(found)), names if axes is panels[0] else [""] * len(found))
    return made


def _columns(table: Table, asked: Sequence[str]) -> list[Column]:
    """The columns that were named, by key; else the first ones. Raises UsageError where there is none of that name."""
    there = {column.key: column for column in table.all_columns}
    for key in asked:
        if key not in there:
            others = hint(key, there, f"there are {', '.join(there)}")
            raise UsageError(f"the table of this run has no column '{key}'{others}")
    return [there[key] for key in asked] or table.columns[:MOST_PANELS]


def _caption(found: Sequence[Entry], columns: Sequence[Column]) -> str:
    simultaneous = max(column.comparisons for column in columns)
    level = ", of differences simultaneous" if simultaneous > 1 else ""
    middle = ", of times the median where some never got there" if any(column.is_time for column in columns) else ""
    counts = sorted({entry.row.n_run for entry in found})
    seeds = (
        "one seed each" if counts == [1] else f"{' to '.join(map(str, dict.fromkeys((counts[0], counts[-1]))))} seeds"
    )
    return "; ".join(filter(None, (seeds, f"mean with its 95 % interval{level}{middle}", standing(found))))


def _draw(axes: Axes, column: Column, found: Sequence[Entry], baseline: Entry | None, theme: Theme) -> None:
    """A column of the table: along each row its seeds, its interval, its mean, and beside it the cell's words."""
    scale = 100 if column.is_difference and column.metric.is_share else 1
    drawn = [
        _draw_cell(axes, place, entry, column, scale * _seeds(entry, column, baseline), scale, theme)
        for place, entry in enumerate(found)
    ]
    values = np.concatenate([own[np.isfinite(own)] for own in drawn])
    quantity = column.metric.quantity
    is_scaled = quantity.is_ratio or (quantity == POSITIVE and not column.is_difference)
    if is_scaled:
        values = values[values > 0]
    value_axis(axes, "x", values, ticks=3, in_decades=is_scaled)
    if column.is_difference:
        axes.axvline(quantity.no_difference * scale, color=theme.faint, linewidth=0.9, zorder=1)
        axes.set_xlabel(
            "percentage points" if scale > 1 else "factor" if quantity.is_ratio else "difference", fontsize=8
        )
    axes.grid(visible=True)
    axes.set_axisbelow(True)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_ylim(len(found) - 0.5, -0.5)


def _draw_cell(
    axes: Axes, place: int, entry: Entry, column: Column, seeds: Floats, scale: float, theme: Theme
) -> Floats:
    """One row; returns the numbers that are to be on the axis."""
    cell, color = entry.row.cells[column.key], stroke(entry.number, theme).color
    axes.plot(seeds, np.full(len(seeds), place), **SEED, color=color)
    ends = np.empty(0)
    if cell.interval is not None and not cell.never:
        ends = scale * np.array([cell.interval.low, cell.interval.high])
        axes.plot(ends, [place, place], color=color, linewidth=2.2, solid_capstyle="butt")
    middle = np.array([] if cell.middle is None else [scale * cell.middle])
    if np.isinf(middle).any():
        axes.plot([0.985], [place], transform=axes.get_yaxis_transform(), **NEVER, color=color, clip_on=False)
    elif len(middle):
        axes.plot(middle, [place], **(BEST if cell.best else MEAN), color=color, markeredgecolor=theme.ground)
    _tell(axes, place, entry.row, column, theme)
    return np.concatenate([seeds, ends, middle])


def _tell(axes: Axes, place: int, row: Row, column: Column, theme: Theme) -> None:
    """The cell as the table has it: its number, and beneath it what belongs to that."""
    number, beside, mark = row_parts(row, column)
    at: dict[str, Any] = {"transform": axes.get_yaxis_transform(), "clip_on": False}
    weight = "bold" if mark else "normal"
    if not (number and beside):
        axes.text(1.03, place, f"{number or beside} {mark}".strip(), **at, fontsize=7.5, va="center", weight=weight)
        return
    axes.text(1.03, place - 0.04, f"{number} {mark}".strip(), **at, fontsize=7.5, va="bottom", weight=weight)
    axes.text(1.03, place + 0.04, beside, **at, fontsize=6.2, va="top", color=theme.faint)


def _seeds(entry: Entry, column: Column, baseline: Entry | None) -> Floats:
    """The value of every seed, or its difference to the same seed's of the baseline."""
    ours = entry.results.values(column.metric, column.at_step)
    if not column.is_difference:
        return np.array(list(ours.values()), np.float64)
    if baseline is None or entry.row.is_baseline:
        return np.empty(0)
    theirs = baseline.results.values(column.metric)
    pairs = [(ours[seed], theirs[seed]) for seed in ours if seed in theirs]
    if column.metric.quantity.is_ratio:
        return np.array([one / other for one, other in pairs if one > 0 and other > 0], np.float64)
    return np.array([one - other for one, other in pairs], np.float64)


def _legend(found: Sequence[Entry], columns: Sequence[Column], theme: Theme) -> Iterator[tuple[Artist, str]]:
    from matplotlib.lines import Line2D

    cells = [entry.row.cells[column.key] for entry in found for column in columns]
    yield Line2D([], [], color=theme.ink, **SEED), "a seed"
    yield Line2D([], [], color=theme.ink, **{**MEAN, "linestyle": "-"}, linewidth=2.2), "mean, 95 % interval"
    if any(cell.best for cell in cells):
        yield Line2D([], [], color=theme.ink, **BEST), f"{BEST_SIGN} best, or level with it"
    if any(cell.median is not None and np.isinf(cell.median) for cell in cells):
        yield Line2D([], [], color=theme.ink, **NEVER), "median: never"
