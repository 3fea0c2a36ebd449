"""Charts of curves: any data in any size, and what must be seen in them."""

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dlbench.tui.charts.curves import Series, curves
from dlbench.tui.charts.glyphs import ASCII, SHADES, UNICODE
from dlbench.tui.charts.ink import Ink

ANYTHING = st.floats(allow_nan=True, allow_infinity=True) | st.sampled_from([0.0, 1e308, -1e308, 5e-324, np.nan])
GLYPHS = st.sampled_from([UNICODE, SHADES, ASCII])
RED, BLUE = Ink.series(0), Ink.series(1)


def curve(name="he", values=(), steps=None, ink=RED, **more):
    """A series of single values."""
    middle = np.asarray(values, np.float64)
    steps = np.arange(len(middle)) if steps is None else np.asarray(steps, np.int64)
    return Series(name, steps, middle, middle, middle, ink, **more)


def chart(series, width=78, height=14, glyphs=UNICODE, **more):
    """A chart of series, by default a linear one as wide as a small terminal."""
    options = dict(logarithmic=False, title="loss", cursor=None) | more
    return curves(series, width, height, glyphs, **options)


def inside(drawn):
    """The cells of the curves alone: characters and inks."""
    area = drawn.frame.area
    window = (slice(area.top, area.bottom), slice(area.left, area.left + area.width))
    return drawn.picture.text[window], drawn.picture.front[window]


@st.composite
def any_series(draw):
    """Any series at all, at rising steps."""
    count = draw(st.integers(0, 40))
    steps = np.cumsum(draw(arrays(np.int64, count, elements=st.integers(1, 10**6))))
    low, middle, high = (draw(arrays(np.float64, count, elements=ANYTHING)) for _ in range(3))
    return Series(
        draw(st.text(max_size=30)),
        steps,
        np.fmin(low, high),
        np.fmax(low, high),
        middle,
        Ink.series(draw(st.integers(0, 9))),
        is_band=draw(st.booleans()),
        broken_at=draw(st.none() | st.integers(0, 10**7)),
        dashed=draw(st.booleans()),
        onset_at=draw(st.none() | st.integers(0, 10**7)),
    )


@given(st.data())
def test_any_data_fit_any_size(data):
    """NaN, infinity, huge, constant, no points, no cells: a picture of exactly the size asked for, and no error."""
    width, height = data.draw(st.integers(0, 130)), data.draw(st.integers(0, 30))
    drawn = chart(
        data.draw(st.lists(any_series(), max_size=4)),
        width,
        height,
        data.draw(GLYPHS),
        title=data.draw(st.text(max_size=20)),
        logarithmic=data.draw(st.booleans()),
        cursor=data.draw(st.none() | st.integers(-5, 10**7)),
        marks=data.draw(st.lists(st.integers(-5, 10**7), max_size=3)),
        limit=data.draw(st.none() | st.integers(0, 10**7)),
    )

    assert drawn.picture.text.shape == drawn.picture.front.shape == (height, width)


@given(st.lists(any_series(), max_size=4), st.integers(0, 100), st.integers(0, 20), st.booleans())
def test_ascii_is_ascii(series, width, height, logarithmic):
    """Without braille nothing but ASCII goes out, where names are ASCII."""
    plain = [Series(**(vars(each) | {"name": "train"})) for each in series]
    drawn = chart(plain, width, height, ASCII, logarithmic=logarithmic, cursor=3, marks=[1])

    assert "".join(drawn.picture.rows()).isascii()


@pytest.mark.parametrize("at", [0, 123_456, 999_999])
@pytest.mark.parametrize("glyphs", [UNICODE, ASCII])
def test_a_spike_in_a_million_points_is_seen(at, glyphs):
    """One point among 1e6 reaches the upper row, and it alone."""
    values = np.full(1_000_000, 0.1)
    values[at] = 1.0
    text, ink = inside(chart([curve(values=values)], glyphs=glyphs))

    assert np.flatnonzero((ink[0] == RED) & (text[0] != " ")).tolist() == [at * text.shape[1] // 1_000_000]


def test_a_million_points_cost_what_a_thousand_do():
    """Three series of 1e6 points are drawn within a frame's time, where the processor is ours."""
    series = [curve(values=np.random.default_rng(seed).random(1_000_000), ink=Ink.series(seed)) for seed in range(3)]

    def seconds():
        start = time.thread_time()
        chart(series, 120, 30)
        return time.thread_time() - start

    assert min(seconds() for _ in range(5)) < 0.05


def test_a_gap_stays_open():
    """NaN in the middle third: no dot there, dots on both sides."""
    values = np.where((np.arange(300) >= 100) & (np.arange(300) < 200), np.nan, 1.0)
    drawn = chart([curve(values=values)])
    text, ink = inside(drawn)
    columns = np.flatnonzero((ink == RED).any(axis=0) & (text != " ").any(axis=0)) + drawn.frame.area.left
    first, last, end = (drawn.frame.cell(step) for step in (99, 200, 299))

    assert last - first > 15
    assert set(columns) == {*range(drawn.frame.area.left, first + 1), *range(last, end + 1)}


def test_a_logarithmic_axis_leaves_gaps_for_what_is_not_positive():
    """Zero and below are drawn nowhere, and what lies between positive values is not joined across them."""
    values = [1.0] * 100 + [0.0] * 50 + [-1.0] * 50 + [10.0] * 100
    text, ink = inside(chart([curve(values=values)], logarithmic=True))
    width = text.shape[1]
    columns = (ink == RED).any(axis=0) & (text != " ").any(axis=0)

    assert columns[: width // 3].all()
    assert not columns[width // 3 + 1 : 2 * width // 3 - 1].any()
    assert columns[-width // 3 + 1 :].all()


@pytest.mark.parametrize(("glyphs", "sign"), [(UNICODE, "▽"), (SHADES, "▽"), (ASCII, "v")])
@pytest.mark.parametrize("logarithmic", [False, True])
def test_an_onset_of_overfitting_is_marked_above_the_lowest_point(glyphs, sign, logarithmic):
    """One mark in the cell above the curve's lowest, one on the axis beneath it, and its step in the legend."""
    values = 0.4 + np.abs(np.arange(100) - 30) / 100
    drawn = chart([curve("test", values, onset_at=30)], glyphs=glyphs, logarithmic=logarithmic, title="")
    text, ink = inside(drawn)
    column = drawn.frame.cell(30) - drawn.frame.area.left
    (mark,) = np.flatnonzero(text[:, column] == sign)
    curve_rows = np.flatnonzero((ink[:, column] == RED) & (text[:, column] != " "))

    assert (text == sign).sum() == 1
    assert mark == curve_rows[-1] - 1 if len(curve_rows) else True
    assert drawn.picture.text[drawn.frame.area.bottom, column + drawn.frame.area.left] == sign
    assert any(sign in row and "onset" in row and row.rstrip().endswith("30") for row in drawn.picture.rows())


def test_a_curve_that_does_not_overfit_has_no_mark():
    """Neither in the chart nor in the legend is an onset spoken of."""
    drawn = chart([curve("test", [3.0, 2.0, 1.0])])

    assert not any("▽" in row or "onset" in row for row in drawn.picture.rows())


def test_a_broken_curve_ends_in_a_mark():
    """A cross at its end and one on the axis, both in alarm; the legend says since when."""
    drawn = chart([curve(values=[1.0, 2.0, 3.0, np.nan, np.nan], broken_at=3)], limit=10)
    crosses = list(zip(*np.nonzero(drawn.picture.text == "×"), strict=True))
    column, area = drawn.frame.cell(3), drawn.frame.area

    assert (area.top, column) in crosses
    assert (area.bottom, column) in crosses
    assert all(drawn.picture.front[cross] == Ink.ALARM for cross in crosses)
    assert "× 3" in drawn.picture.rows()[1]


def test_infinity_is_pinned_to_the_frame():
    """Beyond the scale a curve is in the upper or the lower row, in alarm."""
    drawn = chart([curve(values=[1.0, np.inf, 2.0, 1.0, -np.inf, 1.5])])
    _, ink = inside(drawn)
    rows, _ = np.nonzero(ink == Ink.ALARM)

    assert set(rows) == {0, drawn.frame.area.height - 1}
    assert drawn.scale.high == 2.0


def test_rare_extremes_do_not_flatten_a_linear_axis():
    """A loss of 1e9 for a moment is pinned to the frame; the rest is drawn as if it were not there."""
    values = np.linspace(2.0, 1.0, 5000)
    values[3000] = 1e9
    drawn = chart([curve(values=values)])
    _, ink = inside(drawn)

    assert drawn.scale.high < 2.1
    assert (ink[0] == Ink.ALARM).any()


def test_a_cell_belongs_to_the_earlier_series():
    """Two equal curves: only the ink of the first in the legend is seen."""
    _, ink = inside(chart([curve(values=[1.0, 2.0, 1.0], ink=BLUE), curve(values=[1.0, 2.0, 1.0])]))

    assert BLUE in ink
    assert RED not in ink


def test_lines_lie_over_bands():
    """A band that comes later covers no line."""
    values = np.linspace(0, 1, 50)
    band = Series("band", np.arange(50), values - 1, values + 1, values, BLUE, is_band=True)
    line = curve(values=values[::-1])
    alone = chart([line, Series(**(vars(band) | {"low": values, "high": values}))], before=None)
    both = chart([line, band])
    text, ink = inside(both)

    assert (ink == RED).sum() > 20
    assert (ink == BLUE).sum() > 2 * (inside(alone)[1] == BLUE).sum()
    assert (text[ink == RED] != " ").all()


def test_the_cursor_is_a_hair_line_with_values():
    """A line through the step, the step on the axis, and each series' value there instead of its newest."""
    drawn = chart([curve(values=[4.0, 3.0, 2.0, 1.0], steps=[0, 100, 200, 300])], cursor=150, limit=1000)
    column, area = drawn.frame.cell(150), drawn.frame.area
    cells = drawn.picture.text[area.top : area.bottom, column]
    rows = drawn.picture.rows()

    assert (cells == "│").sum() >= area.height - 3
    assert (drawn.picture.front[area.top : area.bottom, column] == Ink.CURSOR).sum() >= area.height - 3
    assert rows[0].endswith("step 150")
    assert "150" in rows[-1]
    assert rows[1].endswith("─── he        3")


def test_other_values_do_not_move_the_curves():
    """However long the values of the legend are, the curves stand where they stood."""
    values = [0.75, 0.1, 9.8e-4, 1234.5]
    areas = {chart([curve("a long name", values, steps=range(4))], cursor=step).frame.area for step in range(4)}

    assert len(areas) == 1


def test_interventions_are_marked_on_the_axis():
    """A triangle beneath each step at which someone intervened, and nowhere else."""
    drawn = chart([curve(values=np.ones(100))], marks=[20, 80, 5000])
    axis = drawn.picture.text[drawn.frame.area.bottom]
    columns = np.flatnonzero(axis == "▲")

    assert columns.tolist() == [drawn.frame.cell(20), drawn.frame.cell(80)]
    assert (drawn.picture.front[drawn.frame.area.bottom, columns] == Ink.MARK).all()


def test_dashes_are_seen():
    """A dashed curve has holes where a solid one has none."""

    def holes(*, dashed):
        text, ink = inside(chart([curve(values=np.ones(200), dashed=dashed)], glyphs=ASCII))
        return ((text == " ") & (ink == Ink.PLAIN)).all(axis=0).sum()

    assert holes(dashed=False) == 0
    assert holes(dashed=True) > 10


def test_the_scale_stands_still_while_it_fits():
    """Handed on, the scale stays for a little less data and grows with head-room for more."""
    first = chart([curve(values=[0.0, 1.0])])
    fitting = chart([curve(values=[0.1, 0.9])], before=first.scale)
    outgrown = chart([curve(values=[0.0, 1.5])], before=first.scale)

    assert fitting.scale == first.scale
    assert outgrown.scale.high > 1.5


@given(st.integers(1, 10**6), st.integers(24, 120), GLYPHS)
def test_a_cell_and_its_step_are_each_others(last, width, glyphs):
    """The step under a cell is drawn in that cell, or in the nearest left of it that a step is drawn in."""
    drawn = chart([curve(values=[1.0, 2.0], steps=[0, last])], width, 12, glyphs)
    area = drawn.frame.area

    for column in range(area.left, area.left + area.width):
        step = drawn.at(column, area.top)
        cell = drawn.frame.cell(step)
        assert cell == column if last >= area.width else cell <= column
    assert drawn.at(area.left - 1, area.top) is None
    assert drawn.at(area.left, area.bottom + 2) is None


def test_the_axis_reaches_to_where_the_run_will_end():
    """With a limit the curve takes its share of the width; labels have separators of thousands."""
    drawn = chart([curve(values=np.ones(1001))], limit=4000)
    text, _ = inside(drawn)
    columns = np.flatnonzero((text != " ").any(axis=0))

    assert columns[-1] == 1000 * text.shape[1] // 4001
    assert "2,000" in drawn.picture.rows()[-1]


def test_a_legend_too_long_is_cut_and_counted():
    """Names have an ellipsis in their middle, values stay whole, and what has no row is counted."""
    series = [curve(f"variant with a very long name {index}", [0.125], ink=Ink.series(index)) for index in range(20)]
    rows = chart(series, 80, 12).picture.rows()

    assert rows[1].endswith("─── variant…g name 0 0.125")
    assert rows[9].rstrip().endswith("+ 12 more")


def test_a_narrow_chart_has_its_legend_on_top():
    """As many as fit in one row, each with its value; the rest are counted."""
    series = [curve(f"v{index}", [0.125], ink=Ink.series(index)) for index in range(5)]

    assert chart(series, 60, 12).picture.rows()[1] == "─── v0  0.125            ─── v1  0.125              + 3 more"


@pytest.mark.parametrize(
    ("values", "logarithmic", "words"),
    [
        ([], False, "nothing measured yet"),
        ([np.nan, np.nan], False, "no value is finite"),
        ([0.0, -1.0], True, "nothing is above zero"),
    ],
)
def test_an_empty_chart_says_why(values, logarithmic, words):
    """Words in the middle instead of a picture of nothing."""
    assert words in "\n".join(chart([curve(values=values)], logarithmic=logarithmic).picture.rows())


def test_without_colours_each_curve_has_a_letter():
    """Where inks may not be told apart, a curve ends in its letter, and the legend shows it."""
    picture = chart([curve(values=[1.0, 2.0]), curve("xavier", [2.0, 1.0], ink=BLUE)], glyphs=SHADES).picture

    assert "─•─ he" in picture.rows()[1]
    assert "─◦─ xavier" in picture.rows()[2]
    assert "".join(picture.rows()).count("•") == 2


def test_a_small_frame_is_drawn_to_the_letter():
    """Title, scale, curve, axis and labels, each in its place."""
    drawn = chart([curve(values=[0.0, 1.0, 2.0, 3.0, 4.0, 4.0, 4.0, np.nan])], 24, 7, title="accuracy")

    assert drawn.picture.rows() == [
        "accuracy                ",
        "      4┤      ⢀⠔⠉⠉⠉⠉⠁   ",
        "       │    ⢀⠔⠁         ",
        "      2┤  ⡠⠔⠁           ",
        "      0┤⡠⠊              ",
        "       └┬─────────┬─────",
        "        0         5     ",
    ]


def test_a_small_frame_in_ascii_is_drawn_to_the_letter():
    """The same with letters for dots."""
    series = [curve(values=[0.0, 1.0, 2.0, 3.0, 4.0, 4.0, 4.0]), curve("x", [4.0] * 3, ink=BLUE)]
    drawn = chart(series, 24, 7, ASCII, title="accuracy")

    assert drawn.picture.rows() == [
        "accuracy                ",
        "      4+ooooo   ******  ",
        "       |      **        ",
        "      2+ *****          ",
        "      0+*               ",
        "       ++----------+----",
        "        0          5    ",
    ]
