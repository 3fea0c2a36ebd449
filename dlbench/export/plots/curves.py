"""Loss and score over the training: of every variant, as mean and band over its seeds, together or side by side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from dlbench.analysis.aligned import Floats
from dlbench.analysis.seed_curves import interval_ends, seed_curves
from dlbench.analysis.statistics.intervals import Method
from dlbench.analysis.statistics.methods import method_of
from dlbench.export.plots.axes import step_axis, value_axis
from dlbench.export.plots.base import PLOTS, Asked, BandKind
from dlbench.export.plots.entries import Entry, entries, standing
from dlbench.export.plots.lettering import Lettering
from dlbench.export.plots.page import LETTER, Page, Surroundings, page
from dlbench.export.plots.series import metric_of, shown_series, split_of, title_of
from dlbench.export.plots.style import MOST_TOGETHER, Dash, Stroke, stroke
from dlbench.metrics.names import EVALUATED
from dlbench.metrics.quantity import POSITIVE

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

BANDS: dict[BandKind, str] = {
    "range": "bands: from the lowest to the highest seed",
    "interval": "bands: 95 % interval of the mean",
    "none": "",
}
OF_SPLIT: dict[str, Dash] = {
    "train": "-",
    "test": (0, (5, 1.5)),
    "validation": (0, (1.4, 1.4)),
    "batch": (0, (5, 1.5, 1.4, 1.5)),
}
"""Where a panel has one variant, its splits are told by their dashes."""
MOST_BANDS = 4
"""Bands that can lie over each other."""
MOST_ABREAST = 4
"""Panels beside each other."""
OTHERS = 0.45
"""How much of the lines of others is seen, where a panel is one variant's."""
WHOLE = 7.5
"""Inches across."""


@PLOTS.add(takes=("metric", "band", "seed", "size"))
def curves(asked: Asked) -> Page:
    """Loss and score (accuracy or RMSE) over the steps: the mean of each variant's seeds, with a band of how far they lie apart.

    All variants in one panel, where these are few and none is named; else each in a panel of its own, all on one scale.
    """
    found = entries(asked.report, asked.variants, asked.choice.seed, with_search=True)
    series = shown_series(found, asked.metrics)
    most = MOST_BANDS if asked.band != "none" else MOST_TOGETHER
    is_together = len(found) <= most and not asked.variants
    return _together(asked, found, series) if is_together else _abreast(asked, found, series)


@dataclass(frozen=True)
class Line:
    """One line with its band, `[steps]` each; without a band `low` and `high` are the mean."""

    steps: Floats
    mean: Floats
    low: Floats
    high: Floats

    @classmethod
    def of(cls, entry: Entry, series: str, band: BandKind, method: Method) -> Line:
        """The numbers of an entry's seeds; none where nothing was evaluated."""
        found = seed_curves(entry.trials, series)
        mean = found.mean
        low, high = mean, mean
        if len(entry.trials) > 1 and band != "none":
            low, high = (found.low, found.high) if band == "range" else interval_ends(found, series, method)
        return cls(found.steps.astype(np.float64), mean, low, high)


def _together(asked: Asked, found: Sequence[Entry], series: Sequence[Sequence[str]]) -> Page:
    """A panel a series, a row a metric; a line a variant."""
    from matplotlib.lines import Line2D

    theme, letters = asked.look.theme, Lettering()
    strokes = [stroke(entry.number, theme) for entry in found]
    legend: list[tuple[Artist, str]] = [
        (Line2D([], [], **_drawn(own), markersize=4), entry.name) for own, entry in zip(strokes, found, strict=True)
    ]
    around = _around(asked, found, series, legend)
    columns = max(map(len, series))
    made = page(asked.look, letters, around, WHOLE if columns > 1 else 0.75 * WHOLE, 2.3 * len(series), len(series))
    grid = made.figure.subplots(len(series), columns, squeeze=False, sharex=True, sharey="row")
    for row, names in zip(grid, series, strict=True):
        lines = [[Line.of(entry, name, asked.band, method_of(asked.state.plan)) for entry in found] for name in names]
        for axes, name, own in zip(row, names, lines, strict=False):
            for each, line, entry in zip(strokes, own, found, strict=True):
                _draw(axes, line, each, entry.number)
            axes.set_title(title_of_series(name))
        _settle(row, [line for own in lines for line in own], metric_of(names[0]))
        for empty in row[len(names) :]:
            empty.remove()
    _label_steps(grid)
    return made


def _abreast(asked: Asked, found: Sequence[Entry], series: Sequence[Sequence[str]]) -> Page:
    """A panel a variant; a line a split, behind them the other variants. Of many only the first metric."""
    theme, letters = asked.look.theme, Lettering()
    shown = series if len(found) <= MOST_ABREAST else [_deciding(asked, series)]
    deep = -(-len(found) // MOST_ABREAST)
    columns, rows = -(-len(found) // deep), deep * len(shown)
    splits = list(dict.fromkeys(split_of(name) for names in shown for name in names))
    around = _around(asked, found, shown, _samples(splits, asked, has_others=len(found) > 1))
    made = page(asked.look, letters, around, WHOLE, (2.3 if columns < 3 else 1.65) * rows, rows)
    wide = int(made.figure.get_figwidth() / columns / LETTER - 6)
    grid = made.figure.subplots(rows, columns, squeeze=False, sharex=True, sharey="row" if len(shown) > 1 else True)
    for place, names in enumerate(shown):
        panels = list(grid.flat)[: len(found)] if len(shown) == 1 else grid[place]
        lines = [[Line.of(entry, name, asked.band, method_of(asked.state.plan)) for name in names] for entry in found]
        for axes, entry, own in zip(panels, found, lines, strict=True):
            _behind(axes, [other[-1] for other in lines if other is not own], theme.faint)
            for name, line in zip(names, own, strict=True):
                each = replace(stroke(entry.number, theme), dash=OF_SPLIT[split_of(name)], marker="")
                _draw(axes, line, each, 0)
            if not place:
                axes.set_title(letters.lines(entry.name, wide), fontsize=8)
        _settle(panels, [line for own in lines for line in own], metric_of(names[0]))
    for empty in list(grid.flat)[len(shown) * len(found) :]:
        empty.remove()
    _label_steps(grid)
    return made


def _deciding(asked: Asked, series: Sequence[Sequence[str]]) -> Sequence[str]:
    """Of several metrics the one that the table decides by, else the score, which is last."""
    metric = metric_of(asked.report.table.metric)
    return next((names for names in series if metric_of(names[0]) == metric), series[-1])


def _around(
    asked: Asked, found: Sequence[Entry], series: Sequence[Sequence[str]], legend: Sequence[tuple[Artist, str]]
) -> Surroundings:
    """Title, what lines and bands are, and the legend."""
    metrics = " and ".join(title_of(metric_of(names[0])) for names in series)
    title = f"{metrics[0].upper()}{metrics[1:]} of {asked.state.plan.recipe}"
    return Surroundings(title, _caption(found, asked.band), legend)


def _caption(found: Sequence[Entry], band: BandKind) -> str:
    counts = sorted({len(entry.trials) for entry in found})
    seeds = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    if counts[-1] == 1:
        seed = found[0].trials[0].plan.seed_text if len(found) == 1 else "one seed each"
        return "; ".join(filter(None, (seed, standing(found))))
    lost = any(trial.diverged_at is not None for entry in found for trial in entry.trials)
    told = [
        f"lines: mean of {seeds} seeds" + (" (of those that have not diverged)" if lost else ""),
        BANDS[band],
        standing(found),
    ]
    return "; ".join(filter(None, told))


def _drawn(own: Stroke) -> dict[str, Any]:
    return {"color": own.color, "linestyle": own.dash, "marker": own.marker, "linewidth": 1.5}


def _draw(axes: Axes, line: Line, own: Stroke, number: int) -> None:
    """A line with its band; its markers stand where those of other lines do not."""
    every = max(len(line.steps) // 6, 1)
    axes.plot(line.steps, line.mean, **_drawn(own), markersize=4, markevery=(number * every // 4 % every, every))
    if not (np.array_equal(line.low, line.mean) and np.array_equal(line.high, line.mean)):
        axes.fill_between(line.steps, line.low, line.high, color=own.color, alpha=0.16, linewidth=0)


def _behind(axes: Axes, lines: Iterable[Line], color: str) -> None:
    for line in lines:
        axes.plot(line.steps, line.mean, color=color, alpha=OTHERS, linewidth=0.8, zorder=1)


def _settle(row: Sequence[Axes], lines: Sequence[Line], metric: str) -> None:
    """One scale for all panels of a row."""
    ends = np.concatenate([np.concatenate([line.low, line.high, line.mean]) for line in lines])
    ends = ends[np.isfinite(ends)]
    is_positive = metric in EVALUATED and EVALUATED[metric].quantity == POSITIVE
    if is_positive:
        # A band that touches 0 does not keep the means from powers of ten.
        ends = ends[ends > 0]
    for axes in row:
        value_axis(axes, "y", ends, in_decades=is_positive)
        axes.grid(visible=True)
        axes.set_axisbelow(True)
    row[0].set_ylabel(title_of(metric))


def _label_steps(grid: Any) -> None:
    """The steps' name beneath the lowest panel of each column, and as many of them as have room."""
    wide = grid[0, 0].figure.get_figwidth() / len(grid.T)
    for column in grid.T:
        lowest = [axes for axes in column if axes.figure is not None][-1:]
        for axes in lowest:
            step_axis(axes, ticks=max(min(int((wide - 0.5) / 0.5), 4), 1))
            axes.tick_params(labelbottom=True)
            if axes is column[-1]:
                axes.set_xlabel("step")


def _samples(splits: Sequence[str], asked: Asked, *, has_others: bool) -> list[tuple[Artist, str]]:
    from matplotlib.lines import Line2D

    theme = asked.look.theme
    found: list[tuple[Artist, str]] = [
        (Line2D([], [], color=theme.ink, linestyle=OF_SPLIT[split], linewidth=1.5), split) for split in splits
    ]
    if has_others:
        found.append(
            (Line2D([], [], color=theme.faint, alpha=OTHERS, linewidth=1.2), f"{splits[-1]}, the other variants")
        )
    return found


def title_of_series(series: str) -> str:
    """`test loss`."""
    return f"{split_of(series)} {title_of(metric_of(series))}"
