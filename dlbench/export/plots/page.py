"""One figure with its title, its caption and its legend around the axes, each with the room that it needs."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dlbench.errors import UsageError
from dlbench.export.plots.lettering import Lettering
from dlbench.export.plots.style import DPI, Look, Theme

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.figure import Figure

MARGIN = 0.1
"""Inches around everything."""
TITLE, CAPTION = 0.26, 0.2
"""Inches of a line of each."""
ENTRY = 0.2
"""Inches of a line of the legend."""
LETTER = 0.073
"""Inches that a letter of a legend or caption takes about, at 8 points in a wide font."""
SAMPLE = 0.62
"""Inches of the sample before a legend's entry, and of the gap behind it."""


LEAST = 1.0
"""Inches that axes need, however small a figure is to be."""


@dataclass(frozen=True)
class Page:
    """A figure that is ready to be written: what it shows in words, and its texts."""

    figure: Figure
    title: str
    letters: Lettering
    theme: Theme
    height: float
    """Inches that what is drawn has."""


@dataclass(frozen=True)
class Surroundings:
    """What stands around the axes of a figure."""

    title: str
    """What the figure shows."""
    caption: str
    """What its marks mean."""
    legend: Sequence[tuple[Artist, str]] = ()
    """Samples with their names, in lines beneath."""


def page(
    look: Look, letters: Lettering, around: Surroundings, width: float, height: float, least: float = LEAST
) -> Page:
    """An empty figure whose axes stand beneath the title and the caption, above the legend.

    It is `width` inches wide, and its axes get `height` inches; where the look has a size, that is the size of the whole. Raises
    UsageError where that leaves the axes fewer inches than the `least` that they need.
    """
    from matplotlib.figure import Figure

    width = width if look.size is None else look.size[0]
    fitting = int((width - 2 * MARGIN) / LETTER)
    titles = letters.lines(around.title, int(fitting / 1.45)) if look.is_titled else ""
    captions = letters.lines(around.caption, fitting) if around.caption else ""
    names = [letters.fitted(name, fitting - int(SAMPLE / LETTER)) for _, name in around.legend]
    columns, foot = _grid(width, names)
    head = MARGIN + TITLE * _lines(titles) + CAPTION * _lines(captions)
    height = height if look.size is None else look.size[1] - head - foot
    if height < least:
        raise UsageError(
            f"--size: this figure needs {math.ceil(10 * (least + head + foot)) / 10:g} inches down at least"
        )
    whole = height + head + foot
    figure = Figure((width, whole), dpi=DPI, layout="constrained")
    engine: Any = figure.get_layout_engine()
    engine.set(rect=(0, foot / whole, 1, height / whole), w_pad=0.06, h_pad=0.05, wspace=0.04, hspace=0.06)
    left, top = MARGIN / width, 1 - (MARGIN + TITLE * _lines(titles)) / whole
    figure.text(left, 1 - MARGIN / whole, titles, size=11, weight="bold", va="top", in_layout=False)
    figure.text(left, top, captions, size=8, color=look.theme.faint, va="top", in_layout=False)
    if names:
        _draw_legend(figure, [sample for sample, _ in around.legend], names, columns)
    return Page(figure, around.title, letters, look.theme, height)


def settle(figure: Figure) -> None:
    """Lay the axes out, and keep them where they are then: what the solver leaves undecided differs in its last decimals.

    Raises UsageError where the texts leave no room for them.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message="constrained_layout not applied")
        try:
            figure.draw_without_rendering()
        except UserWarning as warning:
            raise UsageError(
                "--size: the texts of this figure leave no room for what it shows; make it wider"
            ) from warning
    figure.set_layout_engine("none")
    for axes in figure.axes:
        axes.set_position(np.round(axes.get_position(original=True).bounds, 5).tolist())


def _lines(text: str) -> int:
    return text.count("\n") + 1 if text else 0


def _grid(width: float, names: Sequence[str]) -> tuple[int, float]:
    """Columns of a legend, and the inches that it takes beneath the axes."""
    if not names:
        return 1, 0.0
    widest = max(len(name) for name in names) * LETTER + SAMPLE
    columns = max(min(int((width - 2 * MARGIN) / widest), len(names)), 1)
    return columns, MARGIN + ENTRY * -(-len(names) // columns)


def _draw_legend(figure: Figure, samples: Sequence[Artist], names: Sequence[str], columns: int) -> None:
    # It fills column after column, and people read rows.
    order = [place for column in range(columns) for place in range(column, len(names), columns)]
    # Its own texts would take a name that begins with _ for none at all.
    legend = figure.legend(
        [samples[place] for place in order],
        [" "] * len(order),
        loc="lower left",
        bbox_to_anchor=(MARGIN / figure.get_figwidth(), 0.04 / figure.get_figheight()),
        ncols=columns,
        borderaxespad=0,
        borderpad=0,
        labelspacing=0.55,
        handlelength=3.2,
        handletextpad=0.6,
        columnspacing=1.4,
    )
    legend.set_in_layout(False)
    for shown, place in zip(legend.get_texts(), order, strict=True):
        shown.set_text(names[place])
