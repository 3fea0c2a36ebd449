"""Images as tiles: weights of units around zero, samples above what became of them; as many as can be recognized."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlbench.tui.charts.glyphs import Glyphs
from dlbench.tui.charts.ink import Ink
from dlbench.tui.charts.mosaic import grey_inks, in_halves, in_shades, signed_inks
from dlbench.tui.charts.picture import Inks, Picture
from dlbench.tui.charts.scale import Floats, ValueScale
from dlbench.words.number_format import number

GAP = 1
"""Lines and columns between two tiles."""
OF_FILTERS, OF_SAMPLES = 12, 10
"""Columns that an image needs to be recognized; smaller ones are shown whole."""
LEGEND_FROM = 6
"""Rows from which on the last one tells what the colours mean."""
LEGEND = 25
"""Cells of its colours at most."""

Inking: TypeAlias = Callable[[Floats], Inks]


@dataclass(frozen=True)
class Tiling:
    """Where tiles stand, in lines and columns: in each images `tall` by `wide` are `stacked` one above the other."""

    across: int
    down: int
    tall: int
    wide: int
    stacked: int

    @property
    def count(self) -> int:
        """How many tiles there is room for."""
        return self.across * self.down

    @property
    def height(self) -> int:
        """Lines that all take."""
        return max(self.down * (self.stacked * self.tall + GAP) - GAP, 0)

    @property
    def width(self) -> int:
        """Columns that all take."""
        return max(self.across * (self.wide + GAP) - GAP, 0)

    def place(self, tile: int, image: int) -> tuple[slice, slice]:
        """The lines and columns of one image of a tile."""
        top = tile // self.across * (self.stacked * self.tall + GAP) + image * self.tall
        left = tile % self.across * (self.wide + GAP)
        return slice(top, top + self.tall), slice(left, left + self.wide)


@dataclass(frozen=True)
class Dots:
    """Squares of which one cell of the terminal has so many, where it shows images."""

    across: int
    down: int


@dataclass(frozen=True)
class Tiles:
    """Tiles as a picture; the first `shown` of them had room."""

    picture: Picture
    shown: int
    dots: Inks | None = None
    """The tiles as dots of whole cells, `[lines, columns]`, where these were asked for; the picture has what stands beneath."""


def filter_tiles(
    filters: Floats, width: int, height: int, glyphs: Glyphs, limit: float, dots: Dots | None = None
) -> Tiles:
    """Draw weights of units, `[units, height, width]`, on a scale from -`limit` (above 0) over zero to `limit`."""
    scale = ValueScale(-limit, limit, logarithmic=False)
    blank = Picture.blank(width, height)
    drawing = _TileDrawing(blank, glyphs, scale, lambda each: signed_inks(each, limit, glyphs), dots)
    return drawing.draw(filters[:, np.newaxis], OF_FILTERS)


def sample_tiles(
    samples: Floats, width: int, height: int, glyphs: Glyphs, scale: ValueScale, dots: Dots | None = None
) -> Tiles:
    """Draw samples, `[samples, images, height, width]`, in greys: a sample's images stand one above the other."""
    blank = Picture.blank(width, height)
    drawing = _TileDrawing(blank, glyphs, scale, lambda each: grey_inks(each, scale, glyphs), dots)
    return drawing.draw(samples, OF_SAMPLES)


@dataclass(frozen=True)
class _TileDrawing:
    """A picture of tiles, and how their values become inks."""

    picture: Picture
    glyphs: Glyphs
    scale: ValueScale
    inking: Inking
    dots: Dots | None

    def draw(self, images: Floats, least: int) -> Tiles:
        """Tiles in the middle, beneath them their scale, where there is room for it."""
        picture, halves = self.picture, 2 if self.glyphs.in_colour else 1
        has_legend = picture.height >= LEGEND_FROM and len(images) > 0
        rows = picture.height - has_legend
        if has_legend:
            self._draw_legend(rows)
        if self.dots is not None:
            columns, count = picture.width * self.dots.across, rows * self.dots.down
            # Every pixel of an image is a dot, or several; there is no need to make it smaller.
            tiling = fitting(images.shape, columns, count, halves=2, least=images.shape[-1])
            return Tiles(picture, min(tiling.count, len(images)), self._whole_cells(self._drawn(images, tiling)))
        tiling = fitting(images.shape, picture.width, rows * halves, halves=halves, least=least)
        drawn = self._drawn(images, tiling)
        taken = -(-tiling.height // halves)
        lines = np.full((taken * halves, tiling.width), Ink.NONE, np.int8)
        lines[: drawn.shape[0]] = drawn
        picture.paste(self._cells(lines), (rows - taken) // 2, (picture.width - tiling.width) // 2)
        return Tiles(picture, min(tiling.count, len(images)))

    def _whole_cells(self, drawn: Inks) -> Inks:
        """Tiles that end where a cell ends."""
        assert self.dots is not None
        down, across = -drawn.shape[0] % self.dots.down, -drawn.shape[1] % self.dots.across
        return np.pad(drawn, ((0, down), (0, across)), constant_values=Ink.NONE)

    def _drawn(self, images: Floats, tiling: Tiling) -> Inks:
        """The inks of all tiles that have room."""
        lines = np.full((tiling.height, tiling.width), Ink.NONE, np.int8)
        values = resampled(images[: tiling.count], tiling.tall, tiling.wide)
        for tile, image in np.ndindex(values.shape[:2]):
            lines[tiling.place(tile, image)] = self.inking(values[tile, image])
        return lines

    def _draw_legend(self, row: int) -> None:
        """The lowest value, all colours, the highest value."""
        low, high = number(self.scale.low), number(self.scale.high)
        room = min(self.picture.width - len(low) - len(high) - 2, LEGEND)
        if room >= len("-0+"):
            left = max((self.picture.width - room) // 2, len(low) + 1)
            bar = self.inking(np.linspace(self.scale.low, self.scale.high, room))[np.newaxis]
            self.picture.put(row, left - 1 - len(low), low, Ink.FAINT)
            self.picture.paste(self._cells(np.vstack([bar, bar]) if self.glyphs.in_colour else bar), row, left)
            self.picture.put(row, left + room + 1, high, Ink.FAINT)

    def _cells(self, lines: Inks) -> Picture:
        return (in_halves if self.glyphs.in_colour else in_shades)(lines, self.glyphs)


def fitting(shape: tuple[int, ...], columns: int, lines: int, *, halves: int, least: int) -> Tiling:
    """The largest tiles in which all images, `[tiles, images, height, width]`, fit into columns and lines.

    Where these are narrower than `least` columns, that is their size, and as many are in as fit. `halves` lines are as high
    as two columns are wide. Images are enlarged by whole numbers alone, so that a pixel stays a square.
    """
    tiles, stacked, tall, wide = shape
    best = Tiling(0, 0, 1, 1, stacked)
    sizes = [*range(1, min(wide, columns) + 1), *range(2 * wide, columns + 1, wide)]
    for size in reversed(sizes if tiles else []):
        height = max(round(size * tall * halves / wide / 2), 1)
        found = Tiling(
            (columns + GAP) // (size + GAP), (lines + GAP) // (stacked * height + GAP), height, size, stacked
        )
        if best.count and size < min(least, wide):
            break
        if min(found.count, tiles) > best.count:
            best = found
        if best.count >= tiles:
            break
    return _trimmed(best, tiles)


def _trimmed(tiling: Tiling, tiles: int) -> Tiling:
    """Without places that stay empty, so that what is there stands in the middle."""
    across = min(tiling.across, tiles)
    down = -(-min(tiling.count, tiles) // max(across, 1))
    return Tiling(across, down, tiling.tall, tiling.wide, tiling.stacked)


def resampled(images: Floats, tall: int, wide: int) -> Floats:
    """Images `[..., height, width]` in another size, each pixel the mean of what it covers; NaN where any of that is no number."""
    known = np.isfinite(images)
    down, across = _shares(images.shape[-2], tall), _shares(images.shape[-1], wide).T
    found: Floats = down @ np.where(known, images, 0.0) @ across
    found[down @ ~known @ across > 0] = np.nan
    return found


def _shares(have: int, want: int) -> NDArray[np.float64]:
    """How much of each of `have` pixels each of `want` covers, `[want, have]`, as shares of what it covers."""
    ends = np.arange(1, want + 1)[:, np.newaxis] * have
    theirs = np.arange(1, have + 1) * want
    covered = np.minimum(ends, theirs) - np.maximum(ends - have, theirs - want)
    shares: NDArray[np.float64] = np.maximum(covered, 0) / have
    return shares
