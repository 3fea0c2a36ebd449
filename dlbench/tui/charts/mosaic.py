"""Values as cells: the ink of each value, and lines of inks drawn as half blocks in colour or as shades."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlbench.tui.charts.glyphs import Glyphs
from dlbench.tui.charts.ink import GREY_INKS, INKS, RAMP_INKS, SIGNED_INKS, Ink
from dlbench.tui.charts.picture import Inks, Picture
from dlbench.tui.charts.scale import Floats, ValueScale

UPPER, LOWER = "▀", "▄"
CROSS = "┼"
"""Where the cursor's lines cross. Like half blocks only drawn in colour, so no glyph of either set."""

Place: TypeAlias = tuple[int | None, int]
"""A line and a column; no line where the cursor's layer is none of the picture's."""


def inks(values: Floats, broken: NDArray[np.bool_], scale: ValueScale, glyphs: Glyphs) -> Inks:
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


def signed_inks(weights: Floats, limit: float, glyphs: Glyphs) -> Inks:
    """What each weight is drawn with on a scale from -`limit` over zero to `limit`; `ALARM` where it is no finite number."""
    return _levels(weights / limit / 2 + 0.5, Ink.SIGNED, SIGNED_INKS if glyphs.in_colour else len(odd(glyphs.shades)))


def grey_inks(pixels: Floats, scale: ValueScale, glyphs: Glyphs) -> Inks:
    """What each pixel is drawn with, black at the scale's low end, white at its high one; `ALARM` where it is no finite number."""
    return _levels(scale.positions(pixels), Ink.GREY, GREY_INKS if glyphs.in_colour else len(glyphs.shades))


def _levels(places: Floats, first: Ink, count: int) -> Inks:
    """Inks from `first` on for places between 0 and 1, whose ends and middle are the middles of levels."""
    levels = first + np.rint(np.clip(np.nan_to_num(places), 0, 1) * (count - 1))
    return np.where(np.isfinite(places), levels, Ink.ALARM).astype(np.int8)


def odd(shades: str) -> str:
    """As many shades as have one in their middle, for zero; where the blank is one too many, it is left out."""
    return shades if len(shades) % 2 else shades[1:]


def in_halves(lines: Inks, glyphs: Glyphs, cursor: Place | None = None, *, open_halves: bool = True) -> Picture:
    """Two lines of inks a row, the upper as front, the lower as back. Cells all zero or all broken get their glyph.

    Half a cell of these is left open where its band has the glyph in another row (`open_halves`), else it has its ink.
    The cursor's hair line hides nothing: where a cell holds two values, it is left out in every other row.
    """
    if len(lines) % 2:
        lines = np.vstack([lines, np.full_like(lines[:1], Ink.NONE)])
    upper, lower = lines[0::2], lines[1::2]
    same = upper == lower
    dead, broken = same & (upper == Ink.DEAD), same & (upper == Ink.ALARM)
    if open_halves:
        upper, lower = (
            np.where(np.isin(half, (Ink.DEAD, Ink.ALARM)) & ~same, np.int8(Ink.NONE), half) for half in (upper, lower)
        )
    open_above, blank = upper == Ink.NONE, (upper == Ink.NONE) & (lower == Ink.NONE)
    cases = [blank, open_above, dead, broken]
    text = np.select(cases, [" ", LOWER, glyphs.dead, glyphs.broken], UPPER)
    front = np.select(cases, [np.int8(Ink.PLAIN), lower, np.int8(Ink.DEAD), np.int8(Ink.ALARM)], upper)
    back = np.where(open_above | dead | broken, np.int8(Ink.NONE), lower)
    picture = Picture(text, front, back)
    if cursor is not None:
        _cross(picture, lines, cursor, glyphs)
    return picture


def _cross(picture: Picture, lines: Inks, cursor: Place, glyphs: Glyphs) -> None:
    """The cursor over half blocks: a line in the column, dark on what is bright and bright on what is dark."""
    line, column = cursor
    upper, lower = lines[0::2, column], lines[1::2, column]
    two_values = (upper != lower) & (upper >= Ink.RAMP) & (lower >= Ink.RAMP)
    on = (upper == lower) | (two_values & (np.arange(len(upper)) % 2 == 0))
    behind = np.where(np.isin(upper, (Ink.DEAD, Ink.ALARM)), np.int8(Ink.NONE), np.maximum(upper, lower))
    contrast = np.where(behind < Ink.RAMP + RAMP_INKS // 2, Ink.ramp(RAMP_INKS - 1), Ink.ramp(0))
    picture.text[on, column] = glyphs.vertical
    picture.front[on, column] = np.where(behind < Ink.RAMP, Ink.STRONG, contrast)[on]
    picture.back[on, column] = behind[on]
    if line is not None:
        picture.put(line // 2, column, CROSS, Ink.CURSOR)


def in_shades(lines: Inks, glyphs: Glyphs, cursor: Place | None = None) -> Picture:
    """One line of inks a row, as characters. The cursor changes inks alone, but where nothing stands."""
    letters = np.full(INKS + 1, " ")
    letters[Ink.DEAD], letters[Ink.ALARM] = glyphs.dead, glyphs.broken
    for first, shades in ((Ink.RAMP, glyphs.shades[1:]), (Ink.SIGNED, odd(glyphs.shades)), (Ink.GREY, glyphs.shades)):
        letters[first : first + len(shades)] = list(shades)
    marks = (lines == Ink.DEAD) | (lines == Ink.ALARM)
    picture = Picture(letters[lines], np.where(marks, lines, np.int8(Ink.PLAIN)), np.full_like(lines, Ink.NONE))
    if cursor is not None:
        line, column = cursor
        picture.text[lines[:, column] == Ink.NONE, column] = glyphs.vertical
        picture.front[~marks[:, column], column] = Ink.STRONG
        if line is not None:
            picture.front[line, column] = Ink.CURSOR
    return picture
