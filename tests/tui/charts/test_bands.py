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
        assert min(bands.heights) < halves or layer in shown[0]


@given(st.integers(1, 300), st.integers(1, 60), st.sampled_from([1, 2]))
def test_heights_fill_the_rows(layers, rows, halves):
    """Bands take all rows there are, and none is taller than another by more than a line; layers are grouped alike."""
    bands = Bands.sharing(layers, rows, halves)

    assert sum(bands.heights) == rows * halves
    assert max(bands.heights) - min(bands.heights) <= 1
    assert max(bands.heights) == 1 or bands.grouped == 1 or bands.count < rows * halves


@pytest.mark.parametrize(
    ("layers", "rows", "halves", "grouped", "tallest"),
    [(9, 24, 2, 1, 6), (9, 24, 1, 1, 3), (60, 32, 2, 1, 2), (60, 15, 2, 2, 1), (60, 15, 1, 4, 1), (1, 3, 2, 1, 6)],
)
def test_bands_of_nets_that_people_have(layers, rows, halves, grouped, tallest):
    """Nine layers on 24 rows are five or six half rows each; sixty on fifteen are grouped by twos."""
    bands = Bands.sharing(layers, rows, halves)

    assert (bands.grouped, max(bands.heights)) == (grouped, tallest)


@given(st.data(), st.integers(1, 100), st.integers(1, 60), st.sampled_from([1, 2]))
def test_layers_stand_alone_where_there_is_room(data, layers, rows, halves):
    """Those that are to stand alone have a band and a row to themselves wherever the others can be grouped so far; all are shown."""
    alone = data.draw(st.sets(st.integers(0, layers - 1)))
    bands = Bands.sharing(layers, rows, halves, alone)
    runs = len({sum(other < layer for other in alone) for layer in range(layers) if layer not in alone})

    assert [layer for band in bands.all() for layer in band] == list(range(layers))
    assert sum(bands.heights) == rows * halves
    if len(alone) * halves + runs <= rows * halves:
        assert {band[0] for band in bands.all() if band[0] in alone and len(band) == 1} == alone
        assert len({bands.row(layer) for layer in alone}) == len(alone)
        assert all(bands.heights[::-1][place] >= halves for place, band in enumerate(bands.all()) if band[0] in alone)


def test_steps_of_time_are_grouped_and_their_layer_is_not():
    """Of 28 steps of time, their layer and the output on eight rows of halves, three steps at most share a band."""
    bands = Bands.sharing(30, 8, 2, {28, 29})

    assert bands.all()[-2:] == [range(28, 29), range(29, 30)]
    assert bands.grouped == 3
    assert bands.by_weight()[:2] == [range(29, 30), range(28, 29)]


@pytest.mark.parametrize(("layers", "rows", "have"), [(9, 24, True), (12, 12, True), (12, 14, False), (12, 18, True)])
def test_bands_know_whether_they_have_rows(layers, rows, have):
    """A band of three halves always has a row of its own, one of two only where all of them begin with a row."""
    assert Bands.sharing(layers, rows, 2).have_rows is have
