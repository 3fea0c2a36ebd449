"""How measures are shown."""

from __future__ import annotations

import pytest

from dlbench.measures.names import MEASURES
from dlbench.tui.model.measures import MEASURE_VIEWS


def test_every_measure_has_a_view():
    """What probes measure can be shown, in the same order."""
    assert tuple(MEASURE_VIEWS) == MEASURES


@pytest.mark.parametrize("measure", MEASURES)
def test_views_fit_their_places(measure):
    """Titles and symbols are short, different from each other and in ASCII; shares are linear between 0 and 1."""
    shown = MEASURE_VIEWS[measure]
    assert (shown.title + shown.symbol + shown.explain).isascii()
    assert len(shown.symbol) <= 8
    assert len(shown.title) <= 20
    assert shown.explain.endswith(".")
    assert [other.symbol for other in MEASURE_VIEWS.values()].count(shown.symbol) == 1
    assert (shown.bounds == (0.0, 1.0)) == measure.endswith("_share")
    assert not (shown.logarithmic and shown.bounds)
