"""Traces: what reducing a series to columns of dots keeps, and what it must not invent."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dlbench.tui.charts.axes import Area, PlotFrame
from dlbench.tui.charts.braille import COARSE, FINE, cells
from dlbench.tui.charts.scale import ValueScale
from dlbench.tui.charts.trace import Outline, Series, Trace, band, dashes, line

UNIT = ValueScale(0.0, 1.0, logarithmic=False)
# As the Unicode standard numbers the dots of a braille pattern: row and column of dots 1 to 8.
NUMBERED = [(0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (2, 1), (3, 0), (3, 1)]


def curve(steps, middle, **more):
    """A series of single values."""
    values = np.asarray(middle, np.float64)
    return Series("curve", np.asarray(steps, np.int64), values, values, values, 8, **more)


def drawn(steps, values, columns=40, rows=40, last=None):
    """The dots of a curve on a chart of so many dots, and the step at which each column begins."""
    frame = PlotFrame(Area(0, 0, columns, rows), int(steps[0]), int(steps[-1] if last is None else last), COARSE)
    trace = Trace.of(curve(steps, values), frame.edges())
    return line(Outline.of(trace, UNIT, rows), rows), frame.edges()


@given(arrays(np.bool_, st.tuples(st.integers(0, 3).map(lambda n: 4 * n), st.integers(0, 3).map(lambda n: 2 * n))))
def test_braille_shows_the_dots_it_was_given(dots):
    """Read back by the Unicode standard's numbering, every dot is where it was put."""
    text, mask = cells(dots, FINE, "*")
    back = np.zeros_like(dots)
    for (row, column), character in np.ndenumerate(text):
        for number, (down, across) in enumerate(NUMBERED):
            back[4 * row + down, 2 * column + across] = ord(character) - 0x2800 >> number & 1

    np.testing.assert_array_equal(back, dots)
    np.testing.assert_array_equal(mask, text != "\u2800")


@given(arrays(np.float64, st.integers(2, 120), elements=st.floats(0, 1)), st.integers(1, 7))
def test_neighbouring_points_are_joined(values, stride):
    """Between the first and the last point every column has dots, and those of two columns touch."""
    dots, _ = drawn(np.arange(len(values)) * stride, values)
    columns = np.flatnonzero(dots.any(axis=0))

    np.testing.assert_array_equal(columns, np.arange(columns[0], columns[-1] + 1))
    for left, right in zip(dots.T[columns], dots.T[columns[1:]], strict=False):
        a, b = np.flatnonzero(left), np.flatnonzero(right)
        assert b[0] - a[-1] <= 1
        assert a[0] - b[-1] <= 1


@given(arrays(np.float64, st.integers(2, 300), elements=st.floats(0, 1)))
def test_no_extreme_is_lost(values):
    """The highest and the lowest value of all have their dots, however many points share a column."""
    dots, edges = drawn(np.arange(len(values)), values)

    for index in (np.argmax(values), np.argmin(values)):
        column = np.searchsorted(edges, index, side="right") - 1
        assert dots[round((1 - values[index]) * 39), column]


@given(arrays(np.float64, st.integers(2, 200), elements=st.floats(0, 1) | st.just(np.nan)), st.integers(1, 5))
def test_a_gap_is_never_drawn_over(values, stride):
    """Steps between the points on both sides of a NaN have no dots, unless their column holds a number."""
    steps = np.arange(len(values)) * stride
    dots, edges = drawn(steps, values)
    column = np.searchsorted(edges, steps, side="right") - 1
    numbered = set(column[~np.isnan(values)])

    for index in np.flatnonzero(np.isnan(values)):
        around = range(column[max(index - 1, 0)], column[min(index + 1, len(values) - 1)] + 1)
        assert not dots[:, [at for at in around if at not in numbered]].any()


def test_a_line_falls_evenly():
    """A straight line from corner to corner has one dot in each row and column."""
    dots, _ = drawn(np.arange(40), 1 - np.arange(40) / 39)

    np.testing.assert_array_equal(dots, np.eye(40, dtype=bool))


def test_a_step_is_shared_between_its_columns():
    """From the bottom to the top within a step: half the way in one column, half in the next, no row twice."""
    dots, _ = drawn(np.array([0, 1]), np.array([0.0, 1.0]), columns=2, rows=6)

    np.testing.assert_array_equal(dots.T.astype(int), [[0, 0, 0, 1, 1, 1], [1, 1, 1, 0, 0, 0]])


@pytest.mark.parametrize("slope", [0.0, 0.05, 1.0])
def test_dashes_leave_out_about_a_third(slope):
    """Flat, sloping and steep lines lose a third of their dots, and gain none."""
    steps = np.arange(40)
    dots, _ = drawn(steps, 0.5 + slope * (steps % 2 - 0.5))
    dashed = dashes(dots, COARSE)

    assert not (dashed & ~dots).any()
    assert dashed.sum() / dots.sum() == pytest.approx(2 / 3, abs=0.05)


def test_a_band_fills_between_its_borders_and_nowhere_else():
    """Dots lie between low and high, in every column, a quarter of the places."""
    steps = np.arange(40)
    series = Series("band", steps, np.full(40, 0.25), np.full(40, 0.75), np.full(40, 0.5), 8, is_band=True)
    trace = Trace.of(series, steps)
    dots = band(trace, UNIT, 41, FINE)

    assert not dots[:10].any()
    assert not dots[31:].any()
    assert dots.any(axis=0).all()
    assert dots.sum() == pytest.approx(40 * 21 / 4, rel=0.05)
    assert line(Outline.of(trace, UNIT, 41), 41).sum() == 40


def test_a_band_below_zero_goes_to_the_bottom_of_a_logarithmic_scale():
    """Mean less deviation may be negative: the band is drawn as far down as there is room."""
    steps = np.arange(10)
    series = Series("band", steps, np.full(10, -1.0), np.full(10, 0.1), np.full(10, 0.05), 8, is_band=True)
    dots = band(Trace.of(series, steps), ValueScale(0.01, 1.0, logarithmic=True), 20, FINE)

    assert dots[-2:].any()
    assert not dots[:9].any()


def test_the_value_at_a_step_is_the_one_that_stood_then():
    """The last point at or before the step; the newest without a step; none before the first."""
    series = curve([10, 20, 30], [1.0, 2.0, np.nan])

    assert [series.at(step) for step in (9, 10, 19, 20)] == [None, 1.0, 1.0, 2.0]
    assert np.isnan(series.at(None))
    assert curve([], []).at(None) is None
