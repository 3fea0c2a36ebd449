"""Histograms: any counts in any size, powers of ten where they belong, zeros apart."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dlbench.tui.charts.glyphs import ASCII, SHADES, UNICODE
from dlbench.tui.charts.histogram import BAR, histogram
from dlbench.tui.charts.ink import Ink
from dlbench.words.number_format import percent

BINS = 40


def draw(counts, zeros=0, width=60, height=10, glyphs=UNICODE, **more):
    """A histogram in the middle of a screen."""
    return histogram(np.asarray(counts), zeros, width, height, glyphs, **(dict(title="") | more))


def counted(values):
    """Counts of values in the bins that the engine counts in."""
    return np.histogram(np.log2(values), bins=np.arange(-65, -65 + 2 * BINS + 1, 2))[0]


@given(
    st.one_of(
        arrays(np.float64, st.integers(0, BINS), elements=st.floats(allow_nan=True, allow_infinity=True)),
        arrays(np.int64, BINS, elements=st.integers(0, 2**40)),
    ),
    st.floats(allow_nan=True, allow_infinity=True) | st.just(0),
    st.integers(0, 100),
    st.integers(0, 20),
    st.sampled_from([UNICODE, SHADES, ASCII]),
)
def test_any_counts_fit_any_size(counts, zeros, width, height, glyphs):
    """NaN, negative, huge, none at all, no cells: a picture of exactly the size, ASCII where only that goes."""
    picture = draw(counts, zeros, width, height, glyphs, title="gradients")

    assert picture.text.shape == picture.front.shape == (height, width)
    assert glyphs is not ASCII or "".join(picture.rows()).isascii()


@given(st.integers(0, BINS - 1), st.integers(1, 10**9), st.integers(40, 100))
def test_one_entry_among_many_is_seen(at, many, width):
    """Every occupied bin has a column, however little of the whole it holds."""
    counts = np.zeros(BINS, np.int64)
    counts[at] = 1
    counts[(at + 8) % BINS] = many
    picture = draw(counts, width=width)
    bottom = picture.height - 3
    filled = np.flatnonzero((picture.front[bottom] == BAR) & (picture.text[bottom] != " "))

    assert (np.diff(filled) > 1).sum() == 1


@pytest.mark.parametrize("power", [-12, -6, -2, 2])
def test_columns_stand_over_their_power_of_ten(power):
    """Values of about a power of ten are drawn over the label of that power, or within a bin of it."""
    picture = draw(counted(np.full(100, 1.01 * 10.0**power)))
    columns = np.flatnonzero((picture.front[-3] == BAR) & (picture.text[-3] != " "))
    label = f"1e{power}"
    at = picture.rows()[-1].index(label) + len(label) / 2 if label in picture.rows()[-1] else None

    assert at is not None
    assert columns[0] - 1 <= at <= columns[-1] + 2


def test_heights_are_in_proportion():
    """A bin of half as many entries is half as high."""
    counts = np.zeros(BINS)
    counts[20:24] = [8, 4, 2, 1]
    picture = draw(counts, height=11, glyphs=UNICODE)
    heights = ((picture.front == BAR) & (picture.text != " ")).sum(axis=0)

    assert sorted(set(heights.tolist())) == [0, 1, 2, 4, 8]


def test_zeros_have_a_column_and_a_share_of_their_own():
    """A column apart in the ink of what is dead; its share of everything in numbers."""
    picture = draw(counted(np.full(300, 1e-3)), zeros=100)
    zero, other = (
        np.flatnonzero(((picture.front == ink) & (picture.text == "█")).any(axis=0)) for ink in (Ink.DEAD, BAR)
    )

    assert picture.rows()[0].endswith("0: 25 %")
    assert zero[-1] + 1 < other[0]
    assert (picture.text[:, zero[0]] == "█").sum() < (picture.text[:, other[0]] == "█").sum()


def test_nothing_and_only_zeros_are_said_in_words():
    """No picture of nothing."""
    assert "nothing measured" in "\n".join(draw(np.zeros(BINS)).rows())
    for width, words in ((60, "every gradient is exactly zero"), (34, "all exactly zero"), (28, "all zero")):
        rows = draw(np.zeros(BINS), zeros=7, width=width).rows()
        assert any(f"███ {words}" in re.sub(" +", " ", row) for row in rows)


def test_shares_are_never_rounded_to_none_or_all():
    """Only none is 0 %, only all is 100 %."""
    assert [percent(share) for share in (0, 1e-9, 0.124, 0.9999, 1)] == ["0 %", "0.1 %", "12 %", "99.9 %", "100 %"]


FRAME = [
    "dense 3                          0: 12 %",
    " 33 %┤                  ███             ",
    "     │                  ██████          ",
    "     │  ▄▄▄           ████████          ",
    "     │  ███        ▄▄▄██████████        ",
    "     └───┬──────┬────────┬────────┬─────",
    "         0    1e-8     1e-6     1e-4    ",
]
ASCII_FRAME = [
    "dense 3                          0: 12 %",
    " 33 %+                  @@@             ",
    "     |                  @@@@@@          ",
    "     |  +++           @@@@@@@@          ",
    "     |  @@@        +++@@@@@@@@@@        ",
    "     +---+------+--------+--------+-----",
    "         0    1e-8     1e-6     1e-4    ",
]


@pytest.mark.parametrize(("glyphs", "rows"), [(UNICODE, FRAME), (ASCII, ASCII_FRAME)])
def test_a_small_histogram_is_drawn_to_the_letter(glyphs, rows):
    """Title, zeros, columns and axes, each in its place."""
    counts = np.zeros(BINS, np.int64)
    counts[20:25] = [1, 4, 8, 6, 2]

    assert draw(counts, 3, 40, 7, glyphs, title="dense 3").rows() == rows
