"""Values as cells: the ink of each value, and lines of inks drawn as half blocks in colour or as shades."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlbench.tui.charts.glyphs import Glyphs
from dlbench.tui.charts.ink import RAMP_INKS, Ink
from dlbench.tui.charts.picture import Inks, Picture
from dlbench.tui.charts.scale import Floats, Scale

UPPER, LOWER = "▀", "▄"
CROSS = "┼"
"""Where the cursor's lines cross. Like half blocks only drawn in colour, so no glyph of either set."""

Place: TypeAlias = tuple[int | None, int]
"""A line and a column; no line where the cursor's layer is none of the picture's."""


def inks(values: Floats, broken: NDArray[np.bool_], scale: Scale, glyphs: Glyphs) -> Inks:
    """What each value is drawn with: `ALARM` where broken, `NONE` where NaN, else a level of the ramp.

    On a logarithmic scale an exact zero is `DEAD`, and less than that at the lowest level. There are as many levels as
    `RAMP_INKS`, or as shades that are not blank.
    """
    count = RAMP_INKS if glyphs.in_colour else len(glyphs.shades) - 1
    levels = np.nan_to_num(scale.positions(values) * count).astype(np.int8)
    found = Ink.RAMP + np.minimum(levels, count - 1)
    if scale.logarithmic:
        found = np.where(values == 0, Ink.DEAD, found)
    found = np.where(np.isnan(values), Ink.NONE, found)
    return np.where(broken, Ink.ALARM, found).astype(np.int8)


def in_halves(lines: Inks, glyphs: Glyphs, cursor: Place | None = None) -> Picture:
    """Two lines of inks a row, the upper as front, the lower as back. Cells all zero or all broken get their glyph.

    The cursor's hair line hides nothing: where a cell holds two different values, it is left out in every other row.
    """
    if len(lines) % 2:
        lines = np.vstack([lines, np.full_like(lines[:1], Ink.NONE)])
    upper, lower = lines[0::2], lines[1::2]
    same, open_above = upper == lower, upper == Ink.NONE
    dead, broken = same & (upper == Ink.DEAD), same & (upper == Ink.ALARM)
    text = np.select([same & open_above, open_above, dead, broken], [" ", LOWER, glyphs.dead, glyphs.broken], UPPER)
    front = np.select([same & open_above, open_above, dead, broken], [Ink.PLAIN, lower, Ink.PLAIN, Ink.STRONG], upper)
    back = np.where(open_above, Ink.NONE, lower)
    picture = Picture(text, front.astype(np.int8), back.astype(np.int8))
    if cursor is not None:
        line, column = cursor
        values = (upper[:, column] >= Ink.RAMP) & (lower[:, column] >= Ink.RAMP)
        even = np.arange(len(upper)) % 2 == 0
        on = np.where(same[:, column], values | open_above[:, column], values & even)
        picture.text[on, column] = glyphs.vertical
        picture.back[on, column] = np.maximum(upper, lower)[on, column]
        picture.front[on | dead[:, column] | broken[:, column], column] = Ink.CURSOR
        if line is not None:
            picture.put(line // 2, column, CROSS, Ink.CURSOR, int(lines[line, column]))
    return picture


def in_shades(lines: Inks, glyphs: Glyphs, cursor: Place | None = None) -> Picture:
    """One line of inks a row, as characters. The cursor changes inks alone, but where nothing stands."""
    letters = np.full(Ink.RAMP + RAMP_INKS + 1, " ")
    letters[Ink.DEAD], letters[Ink.ALARM] = glyphs.dead, glyphs.broken
    letters[Ink.RAMP : Ink.RAMP + len(glyphs.shades) - 1] = list(glyphs.shades[1:])
    front = np.where(lines >= Ink.RAMP, np.int8(Ink.PLAIN), np.where(lines == Ink.NONE, np.int8(Ink.PLAIN), lines))
    picture = Picture(letters[lines], front, np.full_like(lines, Ink.NONE))
    if cursor is not None:
        line, column = cursor
        picture.text[lines[:, column] == Ink.NONE, column] = glyphs.vertical
        picture.front[front[:, column] == Ink.PLAIN, column] = Ink.CURSOR
        if line is not None:
            picture.front[line, front[line] == Ink.PLAIN] = Ink.CURSOR
            picture.front[line, column] = Ink.STRONG
    return picture
