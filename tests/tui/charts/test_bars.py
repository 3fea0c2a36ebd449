"""Bars of layers: any numbers in any size, the cursor's layer always in sight, no two states drawn alike."""

import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dlbench.tui.charts.bars import BAR, SECOND, layer_bars
from dlbench.tui.charts.glyphs import ASCII, SHADES, UNICODE
from dlbench.tui.charts.heat_map import Grid, heat_map
from dlbench.tui.charts.ink import Ink
from dlbench.tui.charts.scale import ValueScale

ANYTHING = st.floats(allow_nan=True, allow_infinity=True)
DECADES = ValueScale(1e-4, 1.0, logarithmic=True)


def bars(values, width=40, height=7, glyphs=UNICODE, names=None, **more):
    """Bars of values on four decades."""
    options = dict(scale=DECADES, second=None, cursor=None) | more
    names = names or [f"dense {layer}" for layer in range(len(values))]
    return layer_bars(names, np.asarray(values, np.float64), width, height, glyphs, **options)


def bar_cells(picture, row):
    """How long the bar of a row is."""
    return int((picture.front[row] == BAR).sum())


@given(st.data())
def test_any_values_fit_any_size(data):
    """NaN, infinity, negative, zero, no layers, no cells: a picture of exactly the size, ASCII where only that goes."""
    layers, width, height = data.draw(st.integers(0, 30)), data.draw(st.integers(0, 90)), data.draw(st.integers(0, 20))
    column = arrays(np.float64, layers, elements=ANYTHING)
    values, glyphs = data.draw(column), data.draw(st.sampled_from([UNICODE, SHADES, ASCII]))
    drawn = bars(
        values,
        width,
        height,
        glyphs,
        scale=ValueScale.spanning(data.draw(column), logarithmic=data.draw(st.booleans())),
        second=data.draw(st.none() | column),
        cursor=data.draw(st.none() | st.integers(0, 40)),
        missing=data.draw(st.none() | arrays(np.bool_, layers)),
        halves=data.draw(st.sampled_from([None, 1, 2])),
    )

    assert drawn.picture.text.shape == drawn.picture.back.shape == (height, width)
    assert glyphs is not ASCII or "".join(drawn.picture.rows()).isascii()


@given(st.integers(1, 200), st.integers(1, 30), st.integers(0, 199))
def test_the_layer_of_the_cursor_is_in_sight(layers, height, cursor):
    """Whatever has no room, the cursor's layer has a row; shown and counted layers are all layers."""
    cursor %= layers
    drawn = bars(np.ones(layers), 40, height, cursor=cursor)
    shown = list(dict.fromkeys(layer for layer in drawn.layers if layer is not None))
    counted = [int(row.split()[1]) for row in drawn.picture.rows() if row.startswith("+ ")]

    assert cursor in shown
    assert shown == sorted(shown, reverse=True)
    room = height - 2 if height >= 6 else height
    assert room < 5 or {0, layers - 1} <= set(shown)
    assert room < 5 or len(shown) + sum(counted) == layers


def test_the_output_layer_is_on_top():
    """Rows tell their layers, as do names; beside the bars there is none."""
    drawn = bars([0.1, 0.2, 0.3])

    assert [drawn.at(row) for row in range(-1, 5)] == [None, 2, 1, 0, None, None]
    assert [bars([0.1, 0.2], height=8).at(row) for row in range(7)] == [1, 1, 1, 0, 0, 0, None]
    assert [row.split("│")[0].strip() for row in drawn.picture.rows()[:3]] == ["dense 2", "dense 1", "dense 0"]


def test_lengths_are_in_proportion():
    """On four decades each decade is a quarter of the longest bar."""
    picture = bars([1e-3, 1e-2, 1e-1, 1.0], 100).picture
    lengths = [bar_cells(picture, row) for row in range(4)]

    np.testing.assert_allclose(lengths, np.array([1, 3 / 4, 2 / 4, 1 / 4]) * lengths[0], atol=1)


@given(st.integers(1, 30), st.integers(6, 60), st.sampled_from([None, 1, 2]))
def test_bars_are_equally_thick_and_apart(layers, height, halves):
    """Every layer has a bar of as many rows as the others, in rows that are its own; where there is room, rows between."""
    drawn = bars(np.full(layers, 0.1), 60, height, halves=halves)
    room = height - 2
    rows = [
        [row for row in range(room) if drawn.at(row) == layer and bar_cells(drawn.picture, row)]
        for layer in range(layers)
    ]
    thick = {len(own) for own in rows if own}

    assert len(thick) == 1
    if layers <= room:
        assert all(own == list(range(own[0], own[-1] + 1)) for own in rows)
    if 3 * layers <= room:
        assert all(min(above) - max(below) < -1 for below, above in pairwise(rows))


@given(st.integers(1, 18), st.integers(20, 50), st.sampled_from([UNICODE, ASCII]))
def test_bars_stand_in_line_with_the_heat_map_beside_them(layers, height, glyphs):
    """The name of every layer stands in the row in which the heat map of the same height has it."""
    names = [f"layer {layer}" for layer in range(layers)]
    halves = 2 if glyphs.in_colour else 1
    drawn = bars(np.ones(layers), 60, height, glyphs, names, halves=halves)
    values = np.ones((1, layers))
    whole = Grid(np.arange(1), np.arange(1, 2), values, values == 0, np.ones(1, bool))
    beside = heat_map(whole, names, 60, height, glyphs, scale=DECADES, cursor=None)
    for name in names:
        mine, other = (
            [f"{name} " in re.sub("[|│]", " ", row) for row in one.picture.rows()] for one in (drawn, beside)
        )
        assert mine == other


def test_zero_broken_missing_and_tiny_are_told_apart():
    """Each has a sign and an ink of its own, and none is a bar but the tiny one."""
    values = [1e-9, np.inf, np.nan, np.nan, 0.0]
    picture = bars(values, missing=np.array([0, 0, 0, 1, 0], bool)).picture
    start = picture.rows()[0].index("│") + 1
    signs = [(picture.text[row, start], picture.front[row, start]) for row in range(5)]

    assert signs == [
        ("·", Ink.DEAD),
        (" ", Ink.PLAIN),
        ("×", Ink.ALARM),
        ("█", Ink.ALARM),
        ("▏", BAR),
    ]
    assert [row.split()[-1] for row in picture.rows()[:5]] == ["0", "│", "NaN", "inf", "1.0e-09"]


def test_negative_values_grow_to_the_left():
    """On a linear scale bars begin at zero, to either side."""
    picture = bars([-1.0, 1.0], 60, 6, scale=ValueScale(-1.0, 1.0, logarithmic=False)).picture
    positive, negative = (np.flatnonzero(picture.front[row] == BAR) for row in (0, 2))

    assert negative[-1] + 1 == positive[0]
    assert abs(len(positive) - len(negative)) <= 1


def test_a_second_measure_is_a_tick():
    """It stands where a bar of its value would end."""
    picture = bars([1.0, 1e-2], 60, 6, second=np.array([1e-2, np.nan])).picture
    ticks = np.flatnonzero(picture.front[2] == SECOND)

    assert len(ticks) == 1
    assert abs(ticks[0] - np.flatnonzero(picture.front[0] == BAR)[-1]) <= 1
    assert SECOND not in picture.front[0]


def test_the_row_of_the_cursor_is_pointed_at():
    """A pointer and the ink of the cursor, on that row alone."""
    picture = bars([0.1, 0.2, 0.3], cursor=1).picture

    assert [("▸" in row) for row in picture.rows()[:3]] == [False, True, False]
    assert [bool((picture.front[row] == Ink.CURSOR).any()) for row in range(3)] == [False, True, False]


FRAME = [
    "output▸│███████████████████████████    1",
    "hidden │█████████████▌              0.01",
    "input  │·                              0",
    "       └┬────────────┬────────────┬     ",
    "      1e-4         1e-2          1e0    ",
    "                                        ",
]
ASCII_FRAME = [
    "output>|###########################    1",
    "hidden |#############=              0.01",
    "input  |0                              0",
    "       ++------------+------------+     ",
    "      1e-4         1e-2          1e0    ",
    "                                        ",
]


@pytest.mark.parametrize(("glyphs", "rows"), [(UNICODE, FRAME), (ASCII, ASCII_FRAME)])
def test_a_small_frame_of_bars_is_drawn_to_the_letter(glyphs, rows):
    """Names, pointer, bars, numbers and the axis, each in its place."""
    drawn = bars([0.0, 1e-2, 1.0], 40, 6, glyphs, names=["input", "hidden", "output"], cursor=2)

    assert drawn.picture.rows() == rows
