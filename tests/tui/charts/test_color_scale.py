"""The scale beside a heat map: high on top, readable numbers, marks explained where there is room."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlbench.tui.charts.color_scale import color_scale
from dlbench.tui.charts.glyphs import ASCII, SHADES, UNICODE
from dlbench.tui.charts.ink import RAMP_INKS, Ink
from dlbench.tui.charts.scale import ValueScale

DECADES = ValueScale(1e-4, 1.0, logarithmic=True)


@given(
    st.floats(1e-300, 1e300),
    st.floats(1e-300, 1e300),
    st.booleans(),
    st.integers(0, 50),
    st.sampled_from([UNICODE, SHADES, ASCII]),
    st.text(max_size=30),
)
def test_any_scale_is_drawn_in_any_height(one, other, logarithmic, height, glyphs, title):
    """It is as high as asked for, never wide, and of ASCII alone where title and glyphs are."""
    scale = ValueScale.spanning([one, other], logarithmic=logarithmic)
    picture = color_scale(scale, height, glyphs, title)

    assert picture.height == height
    assert picture.width <= 24
    assert glyphs is not ASCII or not title.isascii() or all(row.isascii() for row in picture.rows())


def test_a_frame_without_colour():
    """Title, decades beside their shades, and the marks as the map draws them."""
    assert color_scale(DECADES, 13, ASCII, "|g|").rows() == [
        "|g|        ",
        "@@ 1e0     ",
        "%%         ",
        "## 1e-1    ",
        "**         ",
        "++ 1e-2    ",
        "==         ",
        "-- 1e-3    ",
        "::         ",
        ".. 1e-4    ",
        "           ",
        "00 zero    ",
        "xx NaN, inf",
    ]


def test_a_line_has_no_mark_for_zero():
    """On a linear scale zero is a value like any other, so only what is broken is explained."""
    rows = color_scale(ValueScale(0.0, 1.0, logarithmic=False), 8, ASCII, "share").rows()

    assert not any("zero" in row for row in rows)
    assert rows[-1].startswith("xx NaN")


@pytest.mark.parametrize("height", [1, 2, 3, 5])
def test_a_low_one_keeps_its_colours(height):
    """Where there is no room for a legend, or a title, the bar still goes from the highest to the lowest."""
    picture = color_scale(DECADES, height, UNICODE, "|g|")
    bar = picture.front[:, 0][picture.text[:, 0] == "▀"]

    assert len(bar) >= 1
    assert all(np.diff(bar) < 0)


def test_colours_are_those_of_the_map():
    """The bar holds all inks of the ramp where it is high enough, the highest on top."""
    picture = color_scale(DECADES, 60, UNICODE, "")
    bar = np.stack([picture.front[:57, 0], picture.back[:57, 0]], axis=1).ravel()

    assert list(dict.fromkeys(bar.tolist())) == [Ink.ramp(level) for level in reversed(range(RAMP_INKS))]
