"""Names in little room."""

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from dlbench.tui.charts.legend import fitted, squeezed


@given(st.text(max_size=40), st.integers(-3, 50))
def test_names_fit_or_are_cut_with_a_sign(name, width):
    """No name is wider than its room, and none is changed that has room."""
    for cut in (fitted, squeezed):
        found = cut(name, width, "~")
        assert cell_len(found) <= max(width, 0)
        assert found == name or cell_len(name) > width


def test_names_that_begin_alike_stay_apart():
    """The middle of a name goes, its end stays: that is where variants and layers differ."""
    assert squeezed("few labels, keep 0.9", 16, "…") == "few lab…keep 0.9"
    assert squeezed("residual12.dense3", 8, "…") == "res…nse3"
    assert squeezed("시그모이드 아홉 층", 9, "…") == "시그… 층"
