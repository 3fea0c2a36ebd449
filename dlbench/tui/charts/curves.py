"""Curves over steps: several series in braille on one scale, with a legend, a cursor, and marks beneath."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dlbench.tui.charts.axes import Area, PlotFrame
from dlbench.tui.charts.braille import COARSE, FINE, Grain
from dlbench.tui.charts.drawing import Drawing
from dlbench.tui.charts.glyphs import Glyphs
from dlbench.tui.charts.ink import Ink
from dlbench.tui.charts.legend import Legend, LegendEntry, fitted
from dlbench.tui.charts.picture import Picture
from dlbench.tui.charts.scale import ROBUST, ValueScale
from dlbench.tui.charts.trace import Series as Series
from dlbench.tui.charts.trace import Trace

GUTTER = 8
"""Cells left of the curves: the labels of the scale and the axis, the same in all charts, so that their steps align."""
AXES_FROM = (24, 6)
"""From this width and height on there are axes."""
LEGEND_ABOVE_FROM = 9
"""From this height on a legend stands above the curves where it has no room beside them."""
LEGEND_BESIDE_FROM = 64
LEGEND_WIDTHS = (14, 34)
EXTREME = 100
"""A linear scale leaves out the rarest values where they span this many times what all others do."""


@dataclass(frozen=True)
class DrawnCurves:
    """Curves as a picture. `scale` is to be handed to the next drawing as `before`."""

    picture: Picture
    scale: ValueScale
    frame: PlotFrame

    def at(self, column: int, row: int) -> int | None:
        """The step under a cell; `None` beside the curves and their axis."""
        area = self.frame.area
        inside = 0 <= column - area.left < area.width and area.top <= row < area.bottom + 2
        return self.frame.step(column) if inside else None


def curves(  # noqa: PLR0913  # what a chart is made of
    series: Sequence[Series],
    width: int,
    height: int,
    glyphs: Glyphs,
    *,
    logarithmic: bool,
    title: str,
    cursor: int | None,
    marks: Sequence[int] = (),
    before: ValueScale | None = None,
    limit: int | None = None,
    log_steps: bool = False,
) -> DrawnCurves:
    """Draw series, earlier ones over later ones, lines over bands, each cell in the ink of one.

    Args:
        series: in the order of the legend.
        width: cells across, 0 or more.
        height: cells down, 0 or more.
        glyphs: the characters; without braille each series has a letter of its own.
        logarithmic: of positive values only: others leave a gap.
        title: the line on top; none, if it is empty.
        cursor: the step of the hair line, at which the legend tells values; `None` for the newest values and no line.
        marks: steps at which someone intervened.
        before: the scale of the drawing before, kept while it fits.
        limit: the last step there will be, if that is known.
        log_steps: whether steps stand by the logarithm of 1 + step.
    """
    picture = Picture.blank(width, height)
    told = [(LegendEntry.of(each, cursor, glyphs), LegendEntry.of_onset(each, glyphs)) for each in series]
    entries = [entry for pair in told for entry in pair if entry is not None]
    head = 1 if title and height >= 3 else 0
    area, legend = _layout(picture, head, entries)
    frame = _frame(series, area, limit, FINE if glyphs.braille else COARSE, log_steps=log_steps)
    edges = frame.edges()
    traces = [Trace.of(each, edges) for each in series]
    scale = _scale(traces, logarithmic=logarithmic).settled(before)
    if head:
        _draw_head(picture, title, cursor, glyphs)
    legend.draw(picture, entries, glyphs.ellipsis)
    if area.left:
        frame.draw_scale(picture, scale, glyphs)
        frame.draw_steps(picture, glyphs, cursor, marks)
    if cursor is not None:
        frame.draw_cursor(picture, cursor, glyphs)
    drawing = Drawing(picture, frame, scale, glyphs)
    drawing.draw(series, traces)
    drawing.draw_words(traces)
    return DrawnCurves(picture, scale, frame)


def _layout(picture: Picture, top: int, entries: Sequence[LegendEntry]) -> tuple[Area, Legend]:
    """Where the curves go and where the legend does: what has no room is left out, the curves last."""
    width, height = picture.width, picture.height
    has_axes = width >= AXES_FROM[0] and height >= AXES_FROM[1]
    left, bottom = (GUTTER, height - 2) if has_axes else (0, height)
    if has_axes and width >= LEGEND_BESIDE_FROM:
        most = min(LEGEND_WIDTHS[1], width // 3)
        # Another value must not move the curves.
        wanted = min(max([LEGEND_WIDTHS[0], *(entry.room for entry in entries)]), most)
        area = Area(top, left, width - left - wanted - 2, bottom - top)
        return area, Legend(Area(top, width - wanted, wanted, bottom - top), in_a_row=False)
    above = 1 if entries and height >= LEGEND_ABOVE_FROM else 0
    legend = Legend(Area(top, 0, width, above), in_a_row=True)
    return Area(top + above, left, width - left, bottom - top - above), legend


def _frame(series: Sequence[Series], area: Area, limit: int | None, grain: Grain, *, log_steps: bool) -> PlotFrame:
    """Steps from 0, unless the series begin late, to the last there is or will be."""
    firsts = [int(each.steps[0]) for each in series if len(each.steps)]
    lasts = [int(each.steps[-1]) for each in series if len(each.steps)]
    first, last = min(firsts, default=0), max([*lasts, limit or 0])
    return PlotFrame(area, 0 if 0 <= first <= last // 2 else first, last, grain, log_steps)


def _scale(traces: Sequence[Trace], *, logarithmic: bool) -> ValueScale:
    """The scale of all that is drawn; without its extremes where they would flatten all the rest into one row."""
    ends = [end for trace in traces for end in (trace.low, trace.high, trace.floor, trace.ceiling)]
    values = np.concatenate(ends) if ends else np.zeros(0)
    whole = ValueScale.spanning(values, logarithmic=logarithmic)
    finite = values[np.isfinite(values)]
    if logarithmic or not len(finite):
        return whole
    low, high = np.percentile(finite, ROBUST, method="nearest").tolist()
    has_extremes = low < high and whole.high - whole.low > EXTREME * (high - low)
    return ValueScale.spanning(finite, logarithmic=False, robust=True) if has_extremes else whole


def _draw_head(picture: Picture, title: str, cursor: int | None, glyphs: Glyphs) -> None:
    """The title, and at the right the step that the legend tells of."""
    at = "" if cursor is None else f"step {cursor:,}"
    if len(at) + len(title) + 2 > picture.width:
        at = ""
    picture.put(0, 0, fitted(title, picture.width, glyphs.ellipsis), Ink.STRONG)
    picture.put(0, picture.width - len(at), at, Ink.CURSOR)
