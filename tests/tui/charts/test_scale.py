"""Scales: monotone, inside their bounds, calm; ticks that people can read."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dlbench.tui.charts.scale import ValueScale
from dlbench.words.number_format import number

ANYTHING = st.floats(allow_nan=True, allow_infinity=True)
DATA = arrays(np.float64, st.integers(0, 30), elements=ANYTHING)


@st.composite
def scales(draw):
    """Any scale at all, however narrow or wide."""
    logarithmic = draw(st.booleans())
    bounds = st.floats(1e-300 if logarithmic else -1e300, 1e300)
    low, high = sorted((draw(bounds), draw(bounds)))
    assume(low < high)
    return ValueScale(low, high, logarithmic)


@given(DATA, st.booleans(), st.booleans())
def test_spanning_makes_a_scale_of_any_data(data, logarithmic, robust):
    """Whatever the data, there is a scale; and without `robust` it holds all that has a place on it."""
    scale = ValueScale.spanning(data, logarithmic=logarithmic, robust=robust)
    kept = data[np.isfinite(data) & ((data > 0) | (not logarithmic)) & (np.abs(data) < 1e300) & (np.abs(data) > 1e-300)]

    assert scale.low < scale.high
    assert robust or all((scale.low <= kept) & (kept <= scale.high))


@given(DATA, scales())
def test_positions_are_between_zero_and_one_and_monotone(data, scale):
    """A larger value never lies lower; only NaN, and no logarithm, have no place."""
    positions = scale.positions(np.sort(data))
    placed = positions[~np.isnan(positions)]

    assert np.isnan(positions).sum() == (np.isnan(data) | ((data <= 0) & scale.logarithmic)).sum()
    assert all((placed >= 0) & (placed <= 1))
    assert all(np.diff(placed) >= 0)


def test_positions_are_where_arithmetic_puts_them():
    """Thirds of three decades, quarters of a line, and bounds for what lies beyond."""
    decades, line = ValueScale(1e-3, 1.0, logarithmic=True), ValueScale(-1.0, 3.0, logarithmic=False)

    np.testing.assert_allclose(decades.positions([1e-9, 1e-3, 1e-2, 0.1, 1.0, np.inf]), [0, 0, 1 / 3, 2 / 3, 1, 1])
    np.testing.assert_allclose(line.positions([-np.inf, -1.0, 0.0, 3.0, 9.0]), [0, 0, 0.25, 1, 1])


@given(scales(), st.integers(-1, 40))
def test_ticks_are_few_rising_and_inside(scale, most):
    """Never more ticks than asked for, rising, within the scale, each with a label of its own value."""
    ticks = scale.ticks(most)

    assert len(ticks) <= max(most, 0)
    assert ticks == sorted(set(ticks))
    assert all(scale.low <= tick <= scale.high for tick in ticks)


@pytest.mark.parametrize(
    ("scale", "most", "labels"),
    [
        (ValueScale(0, 1, logarithmic=False), 6, ["0", "0.2", "0.4", "0.6", "0.8", "1"]),
        (ValueScale(0, 1, logarithmic=False), 3, ["0", "0.5", "1"]),
        (ValueScale(0, 9_999, logarithmic=False), 5, ["0", "2,000", "4,000", "6,000", "8,000"]),
        (ValueScale(0, 10_000, logarithmic=False), 6, ["0", "2,000", "4,000", "6,000", "8,000", "10,000"]),
        (ValueScale(-0.3, 0.3, logarithmic=False), 7, ["-0.3", "-0.2", "-0.1", "0", "0.1", "0.2", "0.3"]),
        (ValueScale(1e-3, 1e1, logarithmic=True), 5, ["1e-3", "1e-2", "1e-1", "1e0", "1e1"]),
        (ValueScale(1e-12, 1.0, logarithmic=True), 5, ["1e-12", "1e-9", "1e-6", "1e-3", "1e0"]),
        (ValueScale(0.03, 0.4, logarithmic=True), 5, ["0.05", "0.1", "0.2"]),
        (ValueScale(0.03, 0.4, logarithmic=True), 1, ["0.1"]),
        (ValueScale(0.15, 2.5, logarithmic=True), 3, ["0.3", "1"]),
        (ValueScale(0.003, 0.04, logarithmic=True), 2, ["5e-3", "1e-2"]),
        (ValueScale(0, 1, logarithmic=False), 0, []),
    ],
)
def test_ticks_are_round(scale, most, labels):
    """Decades of a logarithm, or 1, 2, 5 within one; steps of 1, 2, 5 on a line."""
    assert [scale.label(tick) for tick in scale.ticks(most)] == labels


def test_a_robust_scale_leaves_extremes_out():
    """One value in a thousand does not stretch a robust scale, but does the other."""
    data = np.append(np.linspace(1.0, 2.0, 1000), 1e9)

    assert ValueScale.spanning(data, logarithmic=False, robust=True).high <= 2.0
    assert ValueScale.spanning(data, logarithmic=False).high == 1e9


@pytest.mark.parametrize("value", [1e-30, 0.5, 7.0, 1e30])
def test_a_constant_gets_room(value):
    """A constant lies in the middle: of a decade on a logarithmic scale, of a little on a line."""
    log, line = (ValueScale.spanning([value] * 3, logarithmic=kind) for kind in (True, False))

    assert math.isclose(log.high / log.low, 10)
    assert [scale.positions([value])[0] for scale in (log, line)] == pytest.approx([0.5, 0.5])


@given(DATA, DATA, st.booleans())
def test_settled_holds_the_data_and_then_stands_still(before, now, logarithmic):
    """A settled scale spans at least what it must, and the same data move it no more."""
    wanted = ValueScale.spanning(now, logarithmic=logarithmic)
    settled = wanted.settled(ValueScale.spanning(before, logarithmic=logarithmic))

    assert settled.low <= wanted.low < wanted.high <= settled.high
    assert wanted.settled(settled) == settled


def test_settled_keeps_grows_and_shrinks():
    """Kept while at least half full; grown with head-room on the side that was too short; shrunk when mostly empty."""
    before = ValueScale(0, 10, logarithmic=False)

    assert ValueScale(1, 7, logarithmic=False).settled(before) is before
    assert ValueScale(1, 12, logarithmic=False).settled(before) == ValueScale(0, 12 + 11 / 4, logarithmic=False)
    assert ValueScale(1, 3, logarithmic=False).settled(before) == ValueScale(0.5, 3.5, logarithmic=False)
    assert ValueScale(1, 3, logarithmic=True).settled(before) == ValueScale(1, 3, logarithmic=True)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0031, "3.1e-03"),
        (0.42, "0.42"),
        (1840, "1,840"),
        (0, "0"),
        (-0.5, "-0.5"),
        (12.345, "12.3"),
        (99.96, "100"),
        (3.2e7, "3.2e+07"),
        (math.nan, "NaN"),
        (math.inf, "inf"),
        (-math.inf, "-inf"),
    ],
)
def test_numbers_are_short(value, text):
    """Three digits where they can be read, else two with a power of ten; words for what is no number."""
    assert number(value) == text


@given(st.floats(-1e307, 1e307) | st.just(math.nan) | st.just(math.inf))
def test_any_number_is_short(value):
    """No number takes more than nine letters, and each can be read back to a twentieth."""
    text = number(value)

    assert len(text) <= 9
    if math.isfinite(value):
        assert float(text.replace(",", "")) == pytest.approx(value, rel=0.051, abs=1e-320)


def test_spanning_leaves_out_what_has_no_place():
    """Zero, negative values, NaN and infinity bound no logarithmic scale; only NaN and infinity bound no linear one."""
    data = [0.0, -1.0, math.nan, math.inf, 0.01, 1.0]

    assert ValueScale.spanning(data, logarithmic=True) == ValueScale(0.01, 1.0, logarithmic=True)
    assert ValueScale.spanning(data, logarithmic=False) == ValueScale(-1.0, 1.0, logarithmic=False)
