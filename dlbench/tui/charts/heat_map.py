"""Heat maps: layers by steps, one value a cell as colour or shade; and what becomes of a value too many."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rich.cells import cell_len

from dlbench.tui.charts.bands import Bands
from dlbench.tui.charts.glyphs import Glyphs
from dlbench.tui.charts.ink import Ink
from dlbench.tui.charts.legend import squeezed
from dlbench.tui.charts.mosaic import in_halves, in_shades, inks
from dlbench.tui.charts.picture import Picture
from dlbench.tui.charts.scale import Floats, ValueScale
from dlbench.tui.charts.step_columns import StepColumns

Cursor = tuple[int, int]
AXIS_ROWS = 2
NARROWEST_NAME = 3
"""Names with less room are left out."""


@dataclass(frozen=True)
class Grid:
    """A measure over steps and layers: `values` and `broken` [columns, layers], the others [columns].

    A column holds the steps from `starts` (rising) to before `ends`. NaN is missing; `broken` says that NaN or infinity was
    measured. A column that is not `filled` had no measurement: what stood before it goes on.
    """

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    values: Floats
    broken: NDArray[np.bool_]
    filled: NDArray[np.bool_]


@dataclass(frozen=True)
class HeatMap:
    """A drawn heat map: `grouped` layers share a band (their maximum is drawn); `steps` [columns of the picture]."""

    picture: Picture
    grouped: int
    bands: Bands
    left: int
    steps: NDArray[np.int64]
    cursor: Cursor | None

    def at(self, column: int, row: int) -> Cursor | None:
        """The layer and the step drawn in a cell, `None` beside the map.

        Where a cell shows several layers, it is the cursor's if that is one of them, else the uppermost.
        """
        layers = [layer for band in self.bands.at(row) for layer in reversed(band)]
        if not layers or row >= self.picture.height or not 0 <= column - self.left < self.steps.size:
            return None
        chosen = self.cursor[0] if self.cursor and self.cursor[0] in layers else layers[0]
        return chosen, int(self.steps[column - self.left])


def heat_map(  # noqa: PLR0913  # one picture has as many sides
    grid: Grid,
    names: Sequence[str],
    width: int,
    height: int,
    glyphs: Glyphs,
    *,
    scale: ValueScale,
    cursor: Cursor | None,
    marks: Sequence[int] = (),
    names_width: int | None = None,
    log_steps: bool = False,
    alone: Collection[int] = (),
) -> HeatMap:
    """The picture of a grid: the whole run over the whole width, the output layer on top, names left, steps beneath.

    Half blocks with two lines a row where colour tells values, else one shade a layer. Few columns are widened, many
    reduced by their maximum; so are layers, if they are more than lines, but for the first and the last one, which stand alone.
    `names_width` (cells) makes maps stand in line; 0 leaves names out.
    With `log_steps` steps stand by the logarithm of 1 + step. Layers that stand `alone` are grouped with no other.
    """
    picture = Picture.blank(width, height)
    rows = picture.height - AXIS_ROWS if picture.height > AXIS_ROWS else picture.height
    bands = _bands(grid.values.shape[1], rows, 2 if glyphs.in_colour else 1, alone)
    left = _names_room(names, picture.width, names_width)
    grid = _measured(grid)
    axis = _columns(grid, picture.width - left, log_steps=log_steps) if bands.lines else None
    if axis is None:
        _write_names(picture, names, bands, left, cursor, glyphs)
        return HeatMap(picture, bands.grouped, bands, left, np.empty(0, np.int64), cursor)
    values, broken, steps = _reduced(grid, axis, bands)
    lines = inks(values, broken, scale, glyphs)[::-1].repeat(bands.heights, axis=0)
    place = cursor and (bands.line(cursor[0]) if 0 <= cursor[0] < bands.layers else None, axis.column(cursor[1]))
    if glyphs.in_colour:
        area = in_halves(lines, glyphs, place, open_halves=bands.have_rows)
    else:
        area = in_shades(lines, glyphs, place)
    picture.paste(area, 0, left)
    _write_names(picture, names, bands, left, cursor, glyphs)
    if rows < picture.height:
        picture.paste(axis.draw(glyphs, cursor[1] if cursor else None, marks), bands.rows, left)
    return HeatMap(picture, bands.grouped, bands, left, steps, cursor)


def _bands(layers: int, rows: int, halves: int, alone: Collection[int]) -> Bands:
    """The bands; where layers are more than rows the first and the last have a row each, unless others had to be grouped for it."""
    plain = Bands.sharing(layers, rows, halves, alone)
    if layers <= rows:
        return plain
    pinned = Bands.sharing(layers, rows, halves, {0, layers - 1}.union(alone))
    is_kept = len(pinned.groups[0]) == len(pinned.groups[-1]) == 1 if pinned.groups else False
    return pinned if is_kept and (plain.grouped > 1 or pinned.grouped == 1) else plain


def _names_room(names: Sequence[str], width: int, wanted: int | None) -> int:
    """Cells for names and the line right of them: at most a third of the width; none where that is too few."""
    longest = max(map(cell_len, names), default=0) if wanted is None else wanted
    room = min(longest, width // 3 - 1)
    return room + 1 if room >= min(NARROWEST_NAME, longest) and longest else 0


def _measured(grid: Grid) -> Grid:
    """The columns of a grid in which something was measured."""
    if grid.filled.all():
        return grid
    kept = grid.filled
    return Grid(grid.starts[kept], grid.ends[kept], grid.values[kept], grid.broken[kept], grid.filled[kept])


def _columns(grid: Grid, width: int, *, log_steps: bool) -> StepColumns | None:
    """The columns of the picture: from the first measurement to the end of the last, which lasts as long as others."""
    if not grid.starts.size or width < 1:
        return None
    between = int(np.median(np.diff(grid.starts))) if grid.starts.size > 1 else 1
    first = int(grid.starts[0])
    end = max(int(grid.starts[-1]) + max(between, 1), int(grid.ends[-1]))
    return StepColumns(first, end - first, width, log_steps)


def _reduced(grid: Grid, axis: StepColumns, bands: Bands) -> tuple[Floats, NDArray[np.bool_], NDArray[np.int64]]:
    """Values and whether broken, [bands, columns of the picture], and the first step of each of these columns."""
    starts, stops = axis.slices(grid.starts)
    values, broken = grid.values, grid.broken | np.isinf(grid.values)
    values = np.where(broken, np.nan, values)
    values = np.fmax.reduceat(values, bands.starts, axis=1)
    broken = np.logical_or.reduceat(broken, bands.starts, axis=1)
    ends = np.stack([starts, stops], axis=1).ravel()
    values = np.vstack([values, np.full((1, bands.count), np.nan)])
    broken = np.vstack([broken, np.zeros((1, bands.count), bool)])
    return (
        np.fmax.reduceat(values, ends, axis=0)[::2].T,
        np.logical_or.reduceat(broken, ends, axis=0)[::2].T,
        grid.starts[starts],
    )


def _write_names(
    picture: Picture, names: Sequence[str], bands: Bands, left: int, cursor: Cursor | None, glyphs: Glyphs
) -> None:
    """Names before the rows of their bands, the cursor's layer, the last and the first before others; how many are grouped."""
    if not left:
        return
    for row in range(bands.rows):
        picture.put(row, left - 1, glyphs.vertical, Ink.FAINT)
    picture.put(bands.rows, left - 1, glyphs.corner, Ink.FAINT)
    free = set(range(bands.rows))
    if cursor is not None and 0 <= cursor[0] < bands.layers and bands.rows:
        row = bands.row(cursor[0])
        free.discard(row)
        _write_name(picture, row, left - 1, names[cursor[0]], Ink.CURSOR, glyphs)
        picture.put(row, left - 1, glyphs.pointer, Ink.CURSOR)
    ends = {0, bands.layers - 1}
    for layers in sorted(bands.by_weight(), key=ends.isdisjoint):
        if (row := bands.row(layers[-1])) in free:
            free.discard(row)
            _write_name(picture, row, left - 1, names[layers[-1]], Ink.PLAIN, glyphs)
    if bands.grouped > 1:
        note = f"max of {bands.grouped}" if left > len(f"max of {bands.grouped}") else f"max {bands.grouped}"
        _write_name(picture, bands.rows + 1, left - 1, note, Ink.FAINT, glyphs)


def _write_name(picture: Picture, row: int, room: int, name: str, ink: int, glyphs: Glyphs) -> None:
    """A name at the right end of the room for names."""
    name = squeezed(name, room, glyphs.ellipsis)
    picture.put(row, room - cell_len(name), name, ink)
