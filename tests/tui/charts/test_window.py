"""Layers that have a row where not all do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlbench.tui.charts.window import left_out, window


@given(st.integers(1, 200), st.integers(1, 60), st.integers(0, 199))
def test_ends_and_cursor_have_rows(layers, rows, cursor):
    """From five rows on the first, the last and the cursor's layer are there, in order, and what is left out is counted."""
    cursor %= layers
    found = window(layers, rows, cursor)
    shown = [layer for layer in found if layer is not None]

    assert len(found) == min(layers, rows)
    assert cursor in shown
    assert shown == sorted(set(shown), reverse=True)
    if rows >= 5:
        assert {0, layers - 1} <= set(shown)
        assert len(shown) + sum(left_out(found).values()) == layers
        assert all(count > 0 for count in left_out(found).values())


@pytest.mark.parametrize(
    ("cursor", "wanted"),
    [
        (10, [10, 9, 8, 7, 6, None, 0]),
        (5, [10, None, 6, 5, 4, None, 0]),
        (1, [10, None, 4, 3, 2, 1, 0]),
        (None, [10, None, 4, 3, 2, 1, 0]),
    ],
)
def test_eleven_layers_on_seven_rows(cursor, wanted):
    """Near an end there is one gap, in the middle there are two."""
    assert window(11, 7, cursor) == wanted
