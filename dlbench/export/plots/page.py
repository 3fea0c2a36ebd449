"""One figure with its title, its caption and its legend around the axes, each with the room that it needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dlbench.export.plots.lettering import Lettering
from dlbench.export.plots.style import DPI, Theme

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


@dataclass(frozen=True)
class Page:
    """A figure that is ready to be written: what it shows in words, and its texts."""

    figure: Figure
    title: str
    letters: Lettering
    theme: Theme


@dataclass(frozen=True)
class Surroundings:
    """What stands around the axes of a figure."""

    title: str
    """What the figure shows; it is written above where `is_titled`."""
    caption: str
    """What its marks mean."""
    is_titled: bool
    legend: Sequence[tuple[Artist, str]] = ()
    """Samples with their names, in lines beneath."""


def page(width: float, height: float, theme: Theme, letters: Lettering, frame: Surroundings) -> Page:
    """An empty figure `width` inches wide whose axes get `height` inches, beneath the title and the caption, above the legend."""
    from matplotlib.figure import Figure

    titles = letters.lines(frame.title, round(width / LETTER / 1.5)) if frame.is_titled else ""
    captions = letters.lines(frame.caption, round(width / LETTER)) if frame.caption else ""
    head = MARGIN + TITLE * _lines(titles) + CAPTION * _lines(captions)
    columns, foot = _grid(width, [name for _, name in frame.legend])
    whole = height + head + foot
    figure = Figure((width, whole), dpi=DPI, layout="constrained")
    engine = figure.get_layout_engine()
    assert engine is not None
    room: dict[str, Any] = {"rect": (0, foot / whole, 1, height / whole), "w_pad": 0.06, "h_pad": 0.05}
    room |= {"wspace": 0.04, "hspace": 0.06}
    engine.set(**room)
    left = MARGIN / width
    if titles:
        figure.text(left, 1 - MARGIN / whole, titles, size=11, weight="bold", va="top", in_layout=False)
    if captions:
        top = 1 - (MARGIN + TITLE * _lines(titles)) / whole
        figure.text(left, top, captions, size=8, color=theme.faint, va="top", in_layout=False)
    if frame.legend:
        _draw_legend(figure, frame.legend, columns, left, letters)
    return Page(figure, frame.title, letters, theme)


def settle(figure: Figure) -> None:
    """Lay the axes out, and keep them where they are then: what the solver leaves undecided differs in its last decimals."""
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for axes in figure.axes:
        axes.set_position(np.round(axes.get_position(original=True).bounds, 5).tolist())


def inside(size: tuple[float, float] | None, width: float, height: float, frame: Surroundings) -> tuple[float, float]:
    """Width and height for the axes so that the whole page has a size, if one was asked for; else those that suit it."""
    if size is None:
        return width, height
    around = MARGIN + TITLE * frame.is_titled + CAPTION * bool(frame.caption)
    around += _grid(size[0], [name for _, name in frame.legend])[1]
    return size[0], max(size[1] - around, 0.8)


def _lines(text: str) -> int:
    return text.count("\n") + 1 if text else 0


def _grid(width: float, names: Sequence[str]) -> tuple[int, float]:
    """Columns of a legend, and the inches that it takes beneath the axes."""
    if not names:
        return 1, 0.0
    widest = max(len(name) for name in names) * LETTER + SAMPLE
    columns = max(min(int((width - 2 * MARGIN) / widest), len(names)), 1)
    return columns, MARGIN + ENTRY * -(-len(names) // columns)


def _draw_legend(
    figure: Figure, entries: Sequence[tuple[Artist, str]], columns: int, left: float, letters: Lettering
) -> None:
    # It fills column after column, and people read rows.
    entries = [entry for column in range(columns) for entry in entries[column::columns]]
    # Its own texts would take a name that begins with _ for none at all.
    legend = figure.legend(
        [sample for sample, _ in entries],
        [" "] * len(entries),
        loc="lower left",
        bbox_to_anchor=(left, 0.04 / figure.get_figheight()),
        ncols=columns,
        borderaxespad=0,
        borderpad=0,
        labelspacing=0.55,
        handlelength=3.2,
        handletextpad=0.6,
        columnspacing=1.4,
    )
    legend.set_in_layout(False)
    for shown, (_, name) in zip(legend.get_texts(), entries, strict=True):
        shown.set_text(letters(name))
