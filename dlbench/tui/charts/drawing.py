"""Drawing curves into a frame: bands, lines over them, what breaks and what goes beyond the scale over all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dlbench.tui.charts.axes import PlotFrame
from dlbench.tui.charts.braille import Dots, cells
from dlbench.tui.charts.glyphs import Glyphs
from dlbench.tui.charts.ink import Ink
from dlbench.tui.charts.legend import fitted, letter_of
from dlbench.tui.charts.picture import Picture
from dlbench.tui.charts.scale import ValueScale
from dlbench.tui.charts.trace import Outline, Series, Trace, band, dashes, line


@dataclass(frozen=True)
class Drawing:
    """A picture with a frame in it, and the scale of its values."""

    picture: Picture
    frame: PlotFrame
    scale: ValueScale
    glyphs: Glyphs

    def draw(self, series: Sequence[Series], traces: Sequence[Trace]) -> None:
        """All bands, then all lines, then where one broke or began to overfit; the first of each last, over all others."""
        series, traces = series[::-1], traces[::-1]
        for each, trace in zip(series, traces, strict=True):
            if each.is_band:
                self._stamp(band(trace, self.scale, self.frame.rows, self.frame.grain), self.glyphs.dot, each.ink)
        outlines = [Outline.of(trace, self.scale, self.frame.rows) for trace in traces]
        for each, outline in zip(series, outlines, strict=True):
            self._draw_line(each, outline)
        for each, outline in zip(series, outlines, strict=True):
            if each.broken_at is not None:
                self._draw_end(each.broken_at, outline)
            if each.onset_at is not None:
                self._draw_onset(each.onset_at, each.ink, outline)

    def draw_words(self, traces: Sequence[Trace]) -> None:
        """Say why there is no curve, where there is none."""
        highs = np.concatenate([trace.high for trace in traces]) if traces else np.zeros(0)
        if (highs > 0).any() or (not self.scale.logarithmic and not np.isnan(highs).all()):
            return
        if not any(trace.reached.any() for trace in traces):
            words = "nothing measured yet"
        elif np.isnan(highs).all():
            words = "no value is finite"
        else:
            words = "nothing is above zero, where a logarithmic axis begins"
        area = self.frame.area
        words = fitted(words, area.width - 2, self.glyphs.ellipsis)
        self.picture.put(area.top + area.height // 2, area.left + (area.width - len(words)) // 2, words, Ink.FAINT)

    def _stamp(self, dots: Dots, letter: str, ink: int) -> None:
        """Draw dots over whatever is there: a cell with any of them belongs to them alone."""
        text, mask = cells(dots, self.frame.grain, letter)
        area = self.frame.area
        window = (slice(area.top, area.bottom), slice(area.left, area.left + area.width))
        self.picture.text[window][mask] = text[mask]
        self.picture.front[window][mask] = ink

    def _draw_line(self, series: Series, outline: Outline) -> None:
        """A curve; what of it lies beyond the scale is drawn at the border, in alarm."""
        dots, letter = line(outline, self.frame.rows), letter_of(series.ink, self.glyphs)
        self._stamp(dashes(dots, self.frame.grain) if series.dashed else dots, letter, series.ink)
        if outline.above.any() or outline.below.any():
            pinned = np.zeros_like(dots)
            pinned[:1], pinned[-1:] = outline.above, outline.below
            self._stamp(pinned, letter, Ink.ALARM)
        end = self._end(outline, len(outline.leave))
        if end is not None and self.glyphs.braille and not self.glyphs.in_colour:
            self.picture.put(*end, letter, series.ink)

    def _draw_end(self, step: int, outline: Outline) -> None:
        """Where a curve broke: a mark on the axis, and one at its end if it ever had a value."""
        area, cell = self.frame.area, self.frame.cell(step)
        if cell is None:
            return
        if area.left:
            self.picture.put(area.bottom, cell, self.glyphs.broken, Ink.ALARM)
        end = self._end(outline, (cell - area.left + 1) * self.frame.grain.across)
        if end is not None:
            self.picture.put(end[0], cell, self.glyphs.broken, Ink.ALARM)

    def _draw_onset(self, step: int, ink: int, outline: Outline) -> None:
        """Where a curve begins to overfit: a mark above its lowest point, and one on the axis."""
        area, cell = self.frame.area, self.frame.cell(step)
        if cell is None:
            return
        if area.left:
            self.picture.put(area.bottom, cell, self.glyphs.onset, ink)
        across = self.frame.grain.across
        rows = outline.bottom[(cell - area.left) * across : (cell - area.left + 1) * across]
        if not np.isnan(rows).all():
            row = area.top + int(np.nanmax(rows)) // self.frame.grain.down
            self.picture.put(max(row - 1, area.top), cell, self.glyphs.onset, Ink.STRONG)

    def _end(self, outline: Outline, columns: int) -> tuple[int, int] | None:
        """The cell of the last value within the first columns of dots: row and column of the picture."""
        known = np.flatnonzero(~np.isnan(outline.leave[:columns]))
        if not len(known):
            return None
        row = int(outline.leave[known[-1]]) // self.frame.grain.down
        return self.frame.area.top + row, self.frame.area.left + int(known[-1]) // self.frame.grain.across
