"""Heat maps: any data in any size; what is drawn where; what can be told without colour."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dlbench.tui.charts.glyphs import ASCII, SHADES, UNICODE
from dlbench.tui.charts.heat_map import Grid, heat_map
from dlbench.tui.charts.ink import RAMP_INKS, Ink
from dlbench.tui.charts.mosaic import inks
from dlbench.tui.charts.scale import ValueScale

DECADES = ValueScale(1e-3, 1.0, logarithmic=True)
LINE = ValueScale(0.0, 1.0, logarithmic=False)
GLYPHS = st.sampled_from([UNICODE, SHADES, ASCII])
SCALES = st.sampled_from([DECADES, LINE])


def grid(values, *, first=0, stride=1, broken=None):
    """A grid whose columns are all filled."""
    values = np.array(values, float)
    starts = first + stride * np.arange(len(values))
    nothing = np.zeros(values.shape, bool)
    broken = nothing if broken is None else np.array(broken)
    return Grid(starts, starts + stride, values, broken, np.ones(len(values), bool))


def named(count):
    """Names of that many layers, as nets give them."""
    return [f"{index} dense" for index in range(count)]


@st.composite
def grids(draw):
    """Grids of anything: columns that are not filled, NaN, infinity, nothing at all."""
    columns, layers = draw(st.integers(0, 40)), draw(st.integers(0, 30))
    shape, first, stride = (columns, layers), draw(st.integers(0, 10**9)), draw(st.integers(1, 10**6))
    values = draw(arrays(np.float64, shape, elements=st.floats(allow_nan=True, allow_infinity=True)))
    broken, filled = draw(arrays(bool, shape)), draw(arrays(bool, columns))
    starts = first + stride * np.arange(columns)
    return Grid(starts, starts + stride, values, broken, filled)


@given(
    grids(),
    st.integers(0, 70),
    st.integers(0, 30),
    GLYPHS,
    SCALES,
    st.none() | st.tuples(st.integers(-1, 40), st.integers(0, 2 * 10**9)),
    st.none() | st.integers(0, 40),
    st.booleans(),
    st.data(),
)
def test_any_data_is_drawn_in_any_size(data, width, height, glyphs, scale, cursor, names_width, log_steps, more):
    """Nothing raises, the picture has the size asked for, and every place in it is one of the grid's."""
    layers = data.values.shape[1]
    names = more.draw(st.lists(st.text(max_size=12), min_size=layers, max_size=layers))
    drawn = heat_map(
        data,
        names,
        width,
        height,
        glyphs,
        scale=scale,
        cursor=cursor,
        marks=(0, 500),
        names_width=names_width,
        log_steps=log_steps,
    )
    found = [drawn.at(column, row) for column in range(-1, width + 1) for row in range(-1, height + 1)]
    places = {place for place in found if place is not None}

    assert (drawn.picture.width, drawn.picture.height) == (width, height)
    assert all(0 <= layer < layers and step in data.starts[data.filled] for layer, step in places)


@given(grids(), st.integers(0, 70), st.integers(0, 30), st.integers(0, 30))
def test_ascii_emits_ascii_alone(data, width, height, layer):
    """With the ASCII glyphs no cell holds anything else, the cursor and marks included."""
    names = named(data.values.shape[1])
    drawn = heat_map(data, names, width, height, ASCII, scale=DECADES, cursor=(layer, 3), marks=(0, 2))

    assert all(row.isascii() for row in drawn.picture.rows())


@given(arrays(np.float64, 20, elements=st.floats(allow_nan=False, allow_infinity=False)), GLYPHS, SCALES)
def test_levels_are_monotone(values, glyphs, scale):
    """A larger value never has a lower ink; zero on a logarithmic scale is apart."""
    values = np.sort(values[(values != 0) | (not scale.logarithmic)])
    found = inks(values, np.zeros(len(values), bool), scale, glyphs)

    assert all(np.diff(found) >= 0)
    assert all((found >= Ink.RAMP) & (found < Ink.RAMP + RAMP_INKS))


@given(st.integers(1, 30), st.integers(1, 60), st.integers(3, 40), st.integers(30, 120), GLYPHS)
def test_at_finds_the_layer_that_stands_there(layers, columns, height, width, glyphs):
    """The cell in which the cursor is drawn is found again as the cursor's layer, at every step that has a column."""
    data = grid(np.full((columns, layers), 0.1), first=7, stride=5)
    for layer, step in ((0, 7), (layers - 1, 7 + 5 * (columns - 1)), (layers // 2, 7 + 5 * (columns // 2))):
        drawn = heat_map(data, named(layers), width, height, glyphs, scale=LINE, cursor=(layer, step))
        rows = [row for row, line in enumerate(drawn.picture.rows()) if glyphs.pointer in line]
        cells = np.flatnonzero(drawn.picture.front[rows[0], drawn.left :] == Ink.CURSOR)

        assert len(rows) == len(cells) == 1
        found = drawn.at(drawn.left + cells[0], rows[0])
        assert found is not None
        assert found[0] == layer
        assert found[1] == step or columns > width - drawn.left


@given(st.integers(1, 60), st.integers(1, 40), st.sampled_from([UNICODE, ASCII]))
def test_layers_fill_the_rows_in_one_order(layers, rows, glyphs):
    """Every layer has its band, the output on top, and all rows are taken; no more layers share a band than must."""
    data = grid(np.geomspace(1e-3, 1, layers)[None])
    drawn = heat_map(data, named(layers), 30, rows + 2, glyphs, scale=LINE, cursor=None)
    bands = -(-layers // drawn.grouped)
    lines = rows * (2 if glyphs.in_colour else 1)
    found = [place[0] for row in range(rows) if (place := drawn.at(29, row))]

    assert bands <= lines
    pinned, halves = 2 if rows >= 3 else 0, lines // rows
    assert drawn.grouped == 1 or -(-(layers - pinned) // (drawn.grouped - 1)) > lines - pinned * halves
    assert len(found) == rows
    assert found[0] == layers - 1
    assert found == sorted(found, reverse=True)


@pytest.mark.parametrize("glyphs", [UNICODE, SHADES, ASCII], ids=["colour", "shades", "ascii"])
@pytest.mark.parametrize(("layers", "rows"), [(11, 8), (11, 7), (60, 8), (60, 7), (60, 32), (500, 3)])
def test_the_first_and_the_last_layer_are_always_in_sight(layers, rows, glyphs):
    """Where layers are more than rows both ends have their name and a row alone, wherever the cursor is; others are merged."""
    data = grid(np.geomspace(1e-3, 1, layers)[None])
    for cursor in (0, 1, layers // 2, layers - 2, layers - 1):
        drawn = heat_map(data, named(layers), 40, rows + 2, glyphs, scale=LINE, cursor=(cursor, 0))
        shown = [row[:9] for row in drawn.picture.rows()[:rows]]

        assert f"{layers - 1} dense" in shown[0]
        assert "0 dense" in shown[-1]
        assert drawn.bands.at(0) == [range(layers - 1, layers)]
        assert drawn.bands.at(rows - 1) == [range(1)]
        assert any(f"{cursor} dense" in row for row in shown)


@given(st.integers(1, 50), st.integers(1, 90))
def test_the_whole_run_is_visible(columns, width):
    """Whatever fits how badly: the largest value of all columns is drawn, and few columns are widened evenly."""
    values = np.arange(1.0, columns + 1)[:, None]
    scale = ValueScale(0.0, float(columns), logarithmic=False)
    drawn = heat_map(grid(values), [""], width, 1, UNICODE, scale=scale, cursor=None)
    steps = drawn.steps.tolist()

    assert drawn.picture.front[0].tolist() == sorted(drawn.picture.front[0].tolist())
    assert drawn.picture.front[0, -1] == Ink.ramp(RAMP_INKS - 1)
    assert steps[0] == 0
    if width >= columns:
        widths = np.bincount(steps)
        assert len(widths) == columns
        assert widths.max() - widths.min() <= 1
    else:
        assert all(earlier < later for earlier, later in pairwise(steps))


def test_a_frame_without_colour():
    """Three layers, eight steps, in ASCII: lowest to highest, zero, NaN, missing, names cut, ticks, cursor, mark."""
    values = np.geomspace(1e-3, 1.0, 8)[:, None] * [1.0, 1.0, 0.0]
    values[:3, 1] = np.nan
    broken = np.zeros((8, 3), bool)
    broken[6:, 0] = True
    data = grid(values, stride=250, broken=broken)
    drawn = heat_map(
        data, ["0 convolution", "1 dense", "output"], 33, 8, ASCII, scale=DECADES, cursor=(1, 1250), marks=[500]
    )

    assert drawn.picture.rows() == [
        "          |0000000000000000000000",
        "    output|0000000000000000000000",
        "          |        ===**###%%%@@@",
        "   1 dense>        ===**###%%%@@@",
        "          |..:::---===**###xxxxxx",
        "0 co~ution|..:::---===**###xxxxxx",
        "          ++----^-----+-|--------",
        "           0          1,250      ",
    ]


def test_a_frame_in_colour():
    """Two layers a row, the upper as front and the lower as back; zero and NaN by ink, and by glyph where alone."""
    data = grid([[0.0, 0.0, 1.0, 1e-3], [np.nan, 1.0, 1e-3, np.nan]], broken=[[False] * 4, [False, False, False, True]])
    drawn = heat_map(data, [""] * 4, 2, 2, UNICODE, scale=DECADES, cursor=None)
    low, high = Ink.ramp(0), Ink.ramp(RAMP_INKS - 1)

    assert drawn.picture.rows() == ["▀▀", "·▀"]
    assert drawn.picture.front.tolist() == [[low, Ink.ALARM], [Ink.DEAD, high]]
    assert drawn.picture.back.tolist() == [[high, low], [Ink.NONE, Ink.NONE]]


def test_half_a_cell_of_zeros_is_open_where_its_glyph_is_near():
    """Three half rows a layer: the glyph of zeros stands in their own row, the row that they share shows the other."""
    tall = heat_map(grid([[0.0, 1.0]]), [""] * 2, 1, 5, UNICODE, scale=DECADES, cursor=None).picture
    low = heat_map(grid([[1.0, 0.0]]), [""] * 2, 1, 1, UNICODE, scale=DECADES, cursor=None).picture

    assert tall.rows()[:3] == ["▀", "▀", "·"]
    assert tall.back[:3, 0].tolist() == [Ink.ramp(RAMP_INKS - 1), Ink.NONE, Ink.NONE]
    assert (low.text[0, 0], low.front[0, 0], low.back[0, 0]) == ("▀", Ink.DEAD, Ink.ramp(RAMP_INKS - 1))


@pytest.mark.parametrize("value", [1e-3, 1.0])
def test_the_hair_line_stands_out_from_its_ground(value):
    """It is bright on the lowest values and dark on the highest, over their own ink."""
    picture = heat_map(grid([[value]]), [""], 1, 1, UNICODE, scale=DECADES, cursor=(-1, 0)).picture

    assert picture.rows() == ["│"]
    assert {int(picture.front[0, 0]), int(picture.back[0, 0])} == {Ink.ramp(0), Ink.ramp(RAMP_INKS - 1)}
    assert picture.back[0, 0] == inks(np.array([value]), np.zeros(1, bool), DECADES, UNICODE)[0]


def test_zero_is_a_value_on_a_line():
    """A share of 0 is nothing dead: on a linear scale it has the lowest ink."""
    assert inks(np.zeros(1), np.zeros(1, bool), LINE, UNICODE).tolist() == [Ink.ramp(0)]
    assert inks(np.zeros(1), np.zeros(1, bool), DECADES, UNICODE).tolist() == [Ink.DEAD]


def test_a_column_without_a_measurement_goes_on_with_the_one_before():
    """Probes are rarer than columns: between two of them the first goes on, before the first there is nothing."""
    values = np.full((9, 1), np.nan)
    values[[2, 5]] = [[0.0], [1.0]]
    data = Grid(np.arange(9), np.arange(1, 10), values, np.zeros((9, 1), bool), np.isfinite(values[:, 0]))
    drawn = heat_map(data, [""], 6, 1, ASCII, scale=LINE, cursor=None)

    assert drawn.picture.rows() == ["...@@@"]
    assert drawn.steps.tolist() == [2, 2, 2, 5, 5, 5]


def test_more_layers_than_lines_are_grouped_by_their_maximum():
    """Five layers on two rows: bands of three and two, the note says so, the names are those on top, broken wins."""
    values = [[0.1, 1.0, 0.5, 0.2, 0.3]]
    calm = heat_map(grid(values), named(5), 24, 4, ASCII, scale=LINE, cursor=None)
    broken = heat_map(grid(values, broken=[[True] + [False] * 4]), named(5), 24, 4, ASCII, scale=LINE, cursor=(1, 0))

    assert calm.grouped == 3
    assert [row[:12] for row in calm.picture.rows()] == ["4 dense|----", "2 dense|@@@@", "       ++---", "  max 3 0   "]
    assert [row[:12] for row in broken.picture.rows()[:2]] == ["4 dense|----", "1 dense>xxxx"]
    assert [broken.at(15, row) for row in range(3)] == [(4, 0), (1, 0), None]


def test_the_hair_line_hides_nothing():
    """In colour, wherever both halves of a cell differ, a cell in two keeps both; where they agree, their ink stays."""
    values = np.geomspace(1e-3, 1.0, 8)[None]
    arguments = {"names": [""] * 8, "width": 1, "height": 6, "glyphs": UNICODE, "scale": DECADES}
    plain = heat_map(grid(values), **arguments, cursor=None).picture
    crossed = heat_map(grid(values), **arguments, cursor=(-1, 0)).picture
    tall = heat_map(grid(values[:, :2]), **arguments | {"names": [""] * 2}, cursor=(-1, 0)).picture

    assert crossed.rows()[:4] == ["│", "▀", "│", "▀"]
    assert crossed.front[[1, 3]].tolist() == plain.front[[1, 3]].tolist()
    assert crossed.back[[1, 3]].tolist() == plain.back[[1, 3]].tolist()
    assert tall.rows()[:4] == ["│"] * 4
    assert tall.back[:4, 0].tolist() == [Ink.ramp(3)] * 2 + [Ink.ramp(0)] * 2


def test_the_cursor_changes_no_letter_that_tells_a_value():
    """Without colour the cursor's row and column are told by ink alone, by the pointer and on the axis."""
    data = grid(np.geomspace(1e-3, 1.0, 12).reshape(4, 3))
    plain, marked = (
        heat_map(data, named(3), 30, 5, SHADES, scale=DECADES, cursor=cursor).picture for cursor in (None, (1, 2))
    )
    letters = [[row[8:] for row in picture.rows()[:3]] for picture in (plain, marked)]

    assert letters[0] == letters[1]
    assert np.argwhere(marked.front[:3, 8:] == Ink.CURSOR).tolist() == [[1, 11]]
    assert np.argwhere(marked.front[:3, 8:] == Ink.STRONG).tolist() == [[0, 11], [2, 11]]
    assert marked.text[1, 7] == "▸"
    assert "│" in marked.rows()[3]


def test_names_take_a_third_at_most():
    """Names give way to the picture, and in a very narrow one they are gone."""
    data = grid([[0.5]])
    lefts = [
        heat_map(data, ["a very long name"], width, 5, UNICODE, scale=LINE, cursor=None).left for width in (90, 30, 9)
    ]

    assert lefts == [17, 10, 0]


def test_maps_with_one_names_width_stand_in_line():
    """Two maps of different names have their pictures in the same columns."""
    lefts = {
        heat_map(grid([[0.5]]), [name], 60, 5, UNICODE, scale=LINE, cursor=None, names_width=8).left
        for name in ("a", "0 dense", "very long name")
    }

    assert lefts == {9}


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII])
def test_nothing_measured_leaves_the_picture_empty(glyphs):
    """Before the first probe there are names and nothing else."""
    data = Grid(np.arange(0), np.arange(0), np.empty((0, 2)), np.empty((0, 2), bool), np.empty(0, bool))
    drawn = heat_map(data, named(2), 30, 6, glyphs, scale=LINE, cursor=(0, 5))

    assert {row[8:].strip() for row in drawn.picture.rows()} == {""}
    assert drawn.at(20, 0) is None


def test_infinity_is_broken_and_spreads_no_further():
    """An infinite value is marked where it stands; the columns beside it keep their own values."""
    drawn = heat_map(grid([[0.5], [np.inf], [0.5], [-np.inf]]), [""], 4, 1, ASCII, scale=LINE, cursor=None)

    assert drawn.picture.rows() == ["=x=x".replace("=", ASCII.shades[1 + 9 // 2])]
