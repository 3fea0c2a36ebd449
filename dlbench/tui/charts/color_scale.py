"""The scale of a heat map: which colour or shade stands for which value, upright, the highest on top."""

from __future__ import annotations

import numpy as np
from rich.cells import cell_len

from dlbench.tui.charts.glyphs import Glyphs
from dlbench.tui.charts.ink import Ink
from dlbench.tui.charts.legend import fitted
from dlbench.tui.charts.mosaic import in_halves, in_shades, inks
from dlbench.tui.charts.picture import Picture
from dlbench.tui.charts.scale import ValueScale
from dlbench.words.number_format import number

BAR = 2
"""Cells across the bar of colours."""
LABELS = BAR + 1
"""The column where numbers begin."""
TITLE = 14
"""Cells that a title may take."""
SHORTEST = 3
"""Rows that the bar keeps before there is room for a legend of marks."""


def color_scale(scale: ValueScale, height: int, glyphs: Glyphs, title: str) -> Picture:
    """The bar with its numbers under a title, and beneath it what marks mean, as far as there is room.

    It is as wide as it needs to be, and `height` rows high.
    """
    title = fitted(title, TITLE, glyphs.ellipsis)
    marks = [(Ink.ALARM, "NaN, inf")]
    if scale.logarithmic:
        marks.insert(0, (Ink.DEAD, "zero"))
    top = 1 if title and height > 1 else 0
    beneath = len(marks) + 1 if height - top - len(marks) - 1 >= SHORTEST else 0
    rows = max(height - top - beneath, 0)
    labels = _labels(scale, rows)
    texts = [*labels.values(), *(text for _, text in marks[:beneath])]
    width = max([LABELS + cell_len(text) for text in texts] + [cell_len(title) if top else 0, BAR])
    picture = Picture.blank(width, height)
    if top:
        picture.put(0, 0, title, Ink.STRONG)
    picture.paste(_bar(rows, glyphs), top, 0)
    for row, label in labels.items():
        picture.put(top + row, LABELS, label, Ink.FAINT)
    for row, (ink, text) in enumerate(marks[:beneath], start=height - len(marks)):
        picture.paste(_sample(ink, glyphs), row, 0)
        picture.put(row, LABELS, text, Ink.FAINT)
    return picture


def _bar(rows: int, glyphs: Glyphs) -> Picture:
    """All colours over that many rows, the highest on top."""
    count = rows * 2 if glyphs.in_colour else rows
    places = (np.arange(count, 0, -1) - 0.5) / max(count, 1)
    across = ValueScale(0.0, 1.0, logarithmic=False)
    lines = inks(np.repeat(places[:, None], BAR, axis=1), np.zeros((count, BAR), bool), across, glyphs)
    return (in_halves if glyphs.in_colour else in_shades)(lines, glyphs)


def _labels(scale: ValueScale, rows: int) -> dict[int, str]:
    """The numbers beside the bar, by row: its ticks, or where there is none its ends."""
    if not rows:
        return {}
    ticks = scale.ticks((rows + 1) // 2)
    if not ticks:
        return {0: number(scale.high), rows - 1: number(scale.low)}
    places = (1 - scale.positions(ticks)) * rows
    found = np.minimum(places.astype(int), rows - 1)
    return {row: scale.label(tick) for row, tick in zip(found.tolist(), ticks, strict=True)}


def _sample(ink: int, glyphs: Glyphs) -> Picture:
    """How a mark looks in the map."""
    lines = np.full((2 if glyphs.in_colour else 1, BAR), ink, np.int8)
    return (in_halves if glyphs.in_colour else in_shades)(lines, glyphs)
