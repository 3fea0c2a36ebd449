"""Histograms of gradients by their size: bins of powers of two, an axis of powers of ten, exact zeros apart."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dlbench.tui.charts.axes import Area
from dlbench.tui.charts.glyphs import Glyphs
from dlbench.tui.charts.ink import Ink
from dlbench.tui.charts.legend import fitted
from dlbench.tui.charts.picture import Picture
from dlbench.tui.charts.scale import Floats
from dlbench.words.number_format import percent

AXES_FROM = (28, 4)
"""From this width and height on there are axes."""
HEAD_FROM = 5
"""From this height on, beside axes, there is a head; without axes it needs three rows."""
GUTTER = 6
"""Cells for the share of the tallest bin, and the axis."""
ZEROS = 3
"""Cells of the column of zeros."""
SPACE = 2
"""Cells at its sides."""
PADDING = 1
"""Empty bins shown on both sides of the occupied ones."""
FEWEST = 10
"""Bins shown at least."""
LABEL_ROOM = 8
"""Cells that a power of ten takes with the space around it."""
BAR = Ink.series(0)
ALL_ZERO = ("every gradient is exactly zero", "all exactly zero", "all zero")


def histogram(  # noqa: PLR0913  # what a chart is made of
    counts: NDArray[np.number],
    zeros: float,
    width: int,
    height: int,
    glyphs: Glyphs,
    *,
    low_power: float = -65,
    width_power: float = 2,
    title: str,
) -> Picture:
    """Draw columns, each as high as its bin's share of all entries.

    Args:
        counts: `[bins]` of the logarithm to base 2 of absolute values.
        zeros: how many are exactly zero, and so in no bin.
        width: cells across, 0 or more.
        height: cells down, 0 or more.
        glyphs: the characters.
        low_power: where the first bin begins.
        width_power: how far a bin reaches.
        title: at the top left, where there is room; the share of zeros is at the top right.
    """
    picture = Picture.blank(width, height)
    everything = np.append(np.asarray(counts, np.float64), zeros)
    everything = np.where(np.isfinite(everything) & (everything > 0), everything, 0.0)
    has_axes = picture.width >= AXES_FROM[0] and picture.height >= AXES_FROM[1]
    top = 1 if has_head(picture.width, picture.height) else 0
    left, bottom = (GUTTER, picture.height - 2) if has_axes else (0, picture.height)
    area = Area(top, left, picture.width - left, bottom - top)
    if not everything.any():
        return _with_words(picture, "nothing measured", glyphs)
    shares = everything / everything.max()
    shares /= shares.sum()
    drawing = _HistogramDrawing(picture, area, glyphs)
    if top:
        drawing.draw_head(title, float(shares[-1]))
    bins = _Bins(shares[:-1], low_power, width_power).trimmed()
    drawing.draw(bins, float(shares[-1]), has_axes=has_axes)
    return picture


def has_head(width: int, height: int) -> bool:
    """Whether a histogram of that size tells the share of zeros itself."""
    return height >= (HEAD_FROM if width >= AXES_FROM[0] else 3)


def _with_words(picture: Picture, words: str, glyphs: Glyphs) -> Picture:
    words = fitted(words, picture.width, glyphs.ellipsis)
    picture.put(picture.height // 2, (picture.width - len(words)) // 2, words, Ink.FAINT)
    return picture


@dataclass(frozen=True)
class _Bins:
    """Bins side by side: `shares` of all entries, `[bins]`; they begin at a power of two and reach `width` each."""

    shares: Floats
    low: float
    width: float

    def trimmed(self) -> _Bins:
        """The occupied bins with padding, and as many as are shown at least."""
        occupied, count = np.flatnonzero(self.shares), len(self.shares)
        if not len(occupied):
            return _Bins(self.shares[:0], self.low, self.width)
        first, last = int(occupied[0]) - PADDING, int(occupied[-1]) + PADDING
        lacking = max(FEWEST - (last - first + 1), 0)
        first = max(min(first - lacking // 2, count - FEWEST), 0)
        last = max(last + lacking - lacking // 2, first + FEWEST - 1)
        return _Bins(self.shares[first : last + 1], self.low + first * self.width, self.width)

    def merged(self, most: int) -> _Bins:
        """At most so many bins, each of as many of these as it takes."""
        together = -(-len(self.shares) // max(most, 1))
        if together < 2:
            return self
        shares = np.add.reduceat(self.shares, np.arange(0, len(self.shares), together))
        return _Bins(shares, self.low, self.width * together)


@dataclass(frozen=True)
class _HistogramDrawing:
    """A picture and the area of the columns in it."""

    picture: Picture
    area: Area
    glyphs: Glyphs

    def draw_head(self, title: str, zeros: float) -> None:
        """The title, and the share of zeros."""
        share = f"0: {percent(zeros)}"
        share = share if len(share) <= self.picture.width else ""
        self.picture.put(0, self.picture.width - len(share), share, Ink.DEAD if zeros else Ink.FAINT)
        self.picture.put(0, 0, fitted(title, self.picture.width - len(share) - 2, self.glyphs.ellipsis), Ink.STRONG)

    def draw(self, bins: _Bins, zeros: float, *, has_axes: bool) -> None:
        """Columns of zeros and of bins on one scale, up to the tallest bin."""
        start = ZEROS + 2 * SPACE if has_axes else 0
        room = max(self.area.width - start, 0)
        bins = bins.merged(room)
        tallest = float(bins.shares.max(initial=0.0))
        if tallest:
            shown = np.arange(room) * len(bins.shares) // max(room, 1)
            self._draw_columns(start, bins.shares[shown] / tallest, BAR)
        else:
            self._draw_words(start)
        if has_axes:
            self._draw_columns(SPACE, np.full(ZEROS, min(zeros / (tallest or 1.0), 1.0)), Ink.DEAD)
            self._draw_axes(tallest or 1.0)
            self._draw_powers(bins, start, room)

    def _draw_words(self, start: int) -> None:
        """Beside the column of zeros, that there is nothing else."""
        area, room = self.area, self.area.width - start
        words = next((words for words in ALL_ZERO if len(words) <= room), ALL_ZERO[-1])
        words = fitted(words, room, self.glyphs.ellipsis)
        row, column = area.top + area.height // 2, area.left + start + max((room - len(words)) // 2, 0)
        self.picture.put(row, column, words, Ink.FAINT)

    def _draw_columns(self, start: int, heights: Floats, ink: int) -> None:
        """Columns of cells from `start` on, of heights between 0 and 1, to an eighth of a cell and never nothing."""
        area, steps = self.area, np.array(list(self.glyphs.eighths))
        full = len(steps) - 1
        levels = np.ceil(heights * area.height * full - 1e-9)
        above = np.arange(area.height - 1, -1, -1)[:, None]
        filled = np.clip(levels - above * full, 0, full).astype(np.int64)
        columns = slice(area.left + start, area.left + start + len(heights))
        self.picture.text[area.top : area.bottom, columns] = steps[filled]
        self.picture.front[area.top : area.bottom, columns] = ink

    def _draw_axes(self, tallest: float) -> None:
        """The lines, the share of the tallest bin, and the zero beneath the column of zeros."""
        area, picture, share = self.area, self.picture, percent(tallest)
        for row in range(area.top, area.bottom):
            picture.put(row, area.left - 1, self.glyphs.vertical, Ink.FAINT)
        picture.put(area.top, area.left - 1 - len(share), share + self.glyphs.tick_left, Ink.FAINT)
        picture.put(area.bottom, area.left - 1, self.glyphs.corner + self.glyphs.horizontal * area.width, Ink.FAINT)
        picture.put(area.bottom, area.left + SPACE + ZEROS // 2, self.glyphs.tick, Ink.FAINT)
        picture.put(area.bottom + 1, area.left + SPACE + ZEROS // 2, "0", Ink.FAINT)

    def _draw_powers(self, bins: _Bins, start: int, room: int) -> None:
        """Powers of ten beneath the bins, as many as have room."""
        wide = room / max(len(bins.shares), 1)
        cells = wide * math.log2(10) / bins.width if len(bins.shares) else 0
        apart = max(math.ceil(LABEL_ROOM / cells), 1) if cells else 0
        first = math.ceil(bins.low / math.log2(10))
        last = math.floor((bins.low + bins.width * len(bins.shares)) / math.log2(10))
        for power in range(first, last + 1) if cells else ():
            cell = self.area.left + start + int((power * math.log2(10) - bins.low) / bins.width * wide)
            label = f"1e{power}"
            begin = min(cell - len(label) // 2, self.picture.width - len(label))
            if power % apart == 0 and begin >= self.area.left + start - SPACE:
                self.picture.put(self.area.bottom, cell, self.glyphs.tick, Ink.FAINT)
                self.picture.put(self.area.bottom + 1, begin, label, Ink.FAINT)
