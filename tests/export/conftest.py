"""What the tests of exports share."""

from __future__ import annotations

import pytest

from dlbench.export.page import figures


@pytest.fixture
def undrawn(monkeypatch):
    """Pages whose pictures are not drawn, which costs most of the time that a page takes."""
    stand_in = figures.PageFigure('<svg viewBox="0 0 1 1" role="img" aria-label="a stand-in"></svg>')
    monkeypatch.setattr(figures, "comparison", lambda report: stand_in)
    monkeypatch.setattr(figures, "curves", lambda report: [stand_in])
    monkeypatch.setattr(figures, "layers", lambda report: [stand_in] * len(report.table.rows))
