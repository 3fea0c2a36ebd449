"""Bands of layers: all are shown, evenly, the last on top."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlbench.tui.charts.bands import Bands


@given(st.integers(0, 300), st.integers(0, 60), st.sampled_from([1, 2]))
def test_every_layer_has_its_band(layers, rows, halves):
    """All layers are in the rows from the last to the first, in no more rows than there are."""
    bands = Bands.sharing(layers, rows, halves)
    found = dict.fromkeys(layer for row in range(rows) for band in bands.at(row) for layer in reversed(band))

    assert bands.rows <= rows
    assert list(found) == (list(range(layers))[::-1] if rows else [])
    assert [layer for band in bands.all() for layer in band] == list(range(layers))


@given(st.integers(1, 300), st.integers(1, 60), st.sampled_from([1, 2]))
def test_a_layer_stands_in_its_row(layers, rows, halves):
    """The row of a layer shows it; where bands have rows of their own, it is the uppermost there."""
    bands = Bands.sharing(layers, rows, halves)
    for layer in range(layers):
        shown = bands.at(bands.row(layer))

        assert any(layer in band for band in shown)
        assert bands.tall < halves or layer in shown[0]


@pytest.mark.parametrize(
    ("layers", "rows", "halves", "grouped", "tall"),
    [(9, 24, 2, 1, 5), (9, 24, 1, 1, 2), (60, 32, 2, 1, 1), (60, 15, 2, 2, 1), (60, 15, 1, 4, 1), (1, 3, 2, 1, 6)],
)
def test_heights_fill_the_rows(layers, rows, halves, grouped, tall):
    """Nine layers on 24 rows are five half rows each; sixty on fifteen are grouped by twos."""
    bands = Bands.sharing(layers, rows, halves)

    assert (bands.grouped, bands.tall) == (grouped, tall)
