"""Columns of steps: every step has its column, every column its steps."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dlbench.tui.charts.glyphs import ASCII
from dlbench.tui.charts.ink import Ink
from dlbench.tui.charts.step_columns import StepColumns


@given(st.integers(0, 10**12), st.integers(1, 300), st.integers(1, 120))
def test_columns_take_steps_in_turn(first, span, width):
    """Columns rise with the steps from the left border on, and each takes as many steps as others, give or take one."""
    axis = StepColumns(first, span, width)
    columns = [axis.column(step) for step in range(first, first + span)]
    counts = np.bincount(columns, minlength=width)

    assert columns == sorted(columns)
    assert columns[0] == 0
    assert columns[-1] < width
    assert counts.max() - counts.min() <= 1


@given(st.integers(0, 10**9), st.integers(1, 10**12), st.integers(1, 300), st.lists(st.floats(0, 1), max_size=20))
def test_a_logarithmic_axis_gives_each_step_its_logarithm(first, span, width, places):
    """A step is in the column of the logarithm of 1 + step, from the first at the left border to the last."""
    axis = StepColumns(first, span, width, logarithmic=True)
    bottom, top = math.log1p(first), math.log1p(first + span)
    for step in {first, first + span - 1, *(first + int(place * (span - 1)) for place in places)}:
        exact = width * (math.log1p(step) - bottom) / (top - bottom)
        assert axis.column(step) in {int(exact - 1e-3), int(exact), int(exact + 1e-3)}
    assert axis.column(first) == 0


def test_powers_of_ten_are_equally_far_apart():
    """On a logarithmic axis each decade is as wide as the next, once a step more or less makes no difference."""
    axis = StepColumns(0, 1_000_000, 600, logarithmic=True)
    columns = [axis.column(10**power) for power in range(2, 6)]
    assert set(np.diff(columns)) <= {99, 100, 101}


@given(st.integers(0, 10**9), st.integers(1, 10**9), st.integers(1, 300), st.booleans())
def test_the_step_of_a_column_is_in_it(first, span, width, logarithmic):
    """Of every column in which a step begins, its step is one of these; of the others the one that goes on."""
    axis = StepColumns(first, span, width, logarithmic)
    for column in range(width):
        assert axis.column(axis.step(column)) == column or axis.edges[column] == axis.edges[column + 1]
        assert first <= axis.step(column) < first + span


@given(st.sets(st.integers(0, 400), min_size=1), st.integers(0, 10**9), st.integers(1, 120), st.booleans())
def test_slices_show_everything_and_nothing_twice_over(begins, first, width, logarithmic):
    """Every start is shown in the column of its step; a column without one shows the last before it."""
    starts = np.array(sorted(begins | {0})) + first
    axis = StepColumns(first, int(starts[-1]) - first + 1, width, logarithmic)
    begin, end = axis.slices(starts)
    shown = [starts[left:right].tolist() for left, right in zip(begin, end, strict=True)]
    own = [[int(start) for start in starts if axis.column(int(start)) == column] for column in range(width)]

    for column in range(width):
        before = [start for earlier in own[:column] for start in earlier]
        assert shown[column] == (own[column] or before[-1:])


@given(
    st.integers(0, 10**7),
    st.integers(1, 10**7),
    st.integers(1, 150),
    st.none() | st.integers(0, 10**8),
    st.lists(st.integers(0, 10**7)),
    st.booleans(),
)
def test_numbers_never_touch(first, span, width, cursor, marks, logarithmic):
    """However many steps in however little room, numbers are whole, apart, and each is a step of the axis."""
    picture = StepColumns(first, span, width, logarithmic).draw(ASCII, cursor, marks)
    numbers = [int(text.replace(",", "")) for text in picture.rows()[1].split()]

    assert picture.width == width
    if width >= len(f"{first + span:,}"):
        assert numbers
        assert numbers == sorted(set(numbers))
        assert all(first <= number < first + span for number in numbers)
        assert cursor is None or min(max(cursor, first), first + span - 1) in numbers


def test_an_axis_is_drawn():
    """Round ticks with their numbers, the mark on its step, the cursor's own number before those in its way."""
    picture = StepColumns(0, 10_000, 50).draw(ASCII, 4_300, [7_000])

    assert picture.rows() == [
        "+---------+---------+|--------+----^----+---------",
        "0       2,000      4,300    6,000     8,000       ",
    ]
    assert picture.front[0, 35] == Ink.MARK
    assert picture.front[0, 21] == picture.front[1, 21] == Ink.CURSOR


def test_a_logarithmic_axis_is_drawn():
    """Zero, then powers of ten; with room also twice and five times these."""
    assert StepColumns(0, 10_000, 50, logarithmic=True).draw(ASCII, 9_999, []).rows() == [
        "+--+---------+-----------+-----------+-----------|",
        "0  1        10          100        1,000     9,999",
    ]
    assert StepColumns(0, 300, 80, logarithmic=True).draw(ASCII, None, []).rows()[1].split() == [
        "0", "1", "2", "5", "10", "20", "50", "100", "200",
    ]  # fmt: skip


def test_marks_beyond_the_axis_are_left_out():
    """What was done before the first step drawn, or after the last, has no place on the axis."""
    picture = StepColumns(100, 10, 10).draw(ASCII, None, [99, 100, 110])

    assert np.flatnonzero(picture.text[0] == ASCII.mark).tolist() == [0]
