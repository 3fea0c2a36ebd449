"""The learning-rate range test as a figure: a panel a variant, its loss over the rates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from dlbench.analysis.rate_range import RateRange
from dlbench.export.plots.axes import decades, value_axis
from dlbench.export.plots.lettering import Lettering
from dlbench.export.plots.page import Page, Surroundings, page
from dlbench.export.plots.rendering import Form, rendered
from dlbench.export.plots.style import LIGHT, Look, Theme, styled
from dlbench.words.number_format import number

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

MOST_ABREAST = 3
WHOLE, PANEL = 7.5, 2.0
"""Inches across, and down a panel."""
CAPTION = "The loss of a batch at each step of a training whose rate grows, smoothed. Above: the suggested rate."


def rate_range_picture(found: Sequence[RateRange], form: Form, theme: Theme = LIGHT) -> bytes:
    """The figure in a format."""
    with styled(theme):
        return rendered(_figure(found, theme), form)


def _figure(found: Sequence[RateRange], theme: Theme) -> Page:
    letters = Lettering()
    around = Surroundings("Loss over the learning rate", CAPTION, _legend(theme))
    columns = 2 if len(found) in (2, 4) else min(len(found), MOST_ABREAST)
    rows = -(-len(found) // columns)
    width = WHOLE if columns > 1 else 0.7 * WHOLE
    made = page(Look(theme), letters, around, width, PANEL * rows)
    grid = made.figure.subplots(rows, columns, squeeze=False, sharex=True)
    for axes, one in zip(grid.flat, found, strict=False):
        _draw(axes, one, theme)
        axes.set_title(letters.lines(_title(one), round(30 * width / WHOLE / columns * MOST_ABREAST)), fontsize=8)
    for empty in grid.flat[len(found) :]:
        empty.remove()
    for column in range(columns):
        lowest = [row for row in range(rows) if row * columns + column < len(found)][-1]
        grid[lowest][column].set_xlabel("learning rate")
        grid[lowest][column].tick_params(labelbottom=True)
    return made


def _draw(axes: Axes, one: RateRange, theme: Theme) -> None:
    rates = one.curves[0].rates
    for curve in one.curves:
        axes.plot(rates, curve.smoothed, color=theme.series[0], lw=0.9, alpha=0.7)
    smoothed = np.concatenate([curve.smoothed for curve in one.curves])
    value_axis(axes, "y", smoothed[np.isfinite(smoothed)], ticks=4)
    decades(axes, "x", float(rates[0]), float(rates[-1]), ticks=4)
    axes.set_xlim(rates[0], rates[-1])
    if rates[0] <= one.lr <= rates[-1]:
        axes.axvline(one.lr, color=theme.faint, lw=1.0, ls=(0, (1.4, 1.4)))
    if (suggestion := one.suggestion) is not None:
        axes.axvline(suggestion, color=theme.series[1], lw=1.4)


def _title(one: RateRange) -> str:
    return f"{one.name}: {'no rate' if one.suggestion is None else number(one.suggestion)}"


def _legend(theme: Theme) -> list[tuple[Artist, str]]:
    from matplotlib.lines import Line2D

    return [
        (Line2D([], [], color=theme.series[0], lw=0.9), "a seed"),
        (Line2D([], [], color=theme.series[1], lw=1.4), "suggested rate"),
        (Line2D([], [], color=theme.faint, lw=1.0, ls=(0, (1.4, 1.4))), "rate in the recipe"),
    ]
