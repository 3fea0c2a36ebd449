"""Columns of steps: every step has its column, every column its steps."""

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


@given(st.sets(st.integers(0, 400), min_size=1), st.integers(0, 10**9), st.integers(1, 120))
def test_slices_show_everything_and_nothing_twice_over(begins, first, width):
    """Every start is shown in the column of its step; a column without one shows the last before it."""
    starts = np.array(sorted(begins | {0})) + first
    axis = StepColumns(first, int(starts[-1]) - first + 1, width)
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
)
def test_numbers_never_touch(first, span, width, cursor, marks):
    """However many steps in however little room, numbers are whole, apart, and each is a step of the axis."""
    picture = StepColumns(first, span, width).draw(ASCII, cursor, marks)
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


def test_marks_beyond_the_axis_are_left_out():
    """What was done before the first step drawn, or after the last, has no place on the axis."""
    picture = StepColumns(100, 10, 10).draw(ASCII, None, [99, 100, 110])

    assert np.flatnonzero(picture.text[0] == ASCII.mark).tolist() == [0]
