"""Ensembles in the dashboard: the same numbers as in print."""

import pytest
from ensemble_run import ASKED, COMPARE, PLAN, ended, folder_of
from listed_run import frame

from dlbench.export import EXPORTERS
from dlbench.plan.questions import Claim, Questions
from dlbench.text.ensembles import COLUMNS, cell_of
from dlbench.tui.charts.glyphs import ASCII, UNICODE
from dlbench.tui.model.feed import Feed
from dlbench.tui.model.source import ListSource
from dlbench.tui.model.view import RunInfo, View
from dlbench.tui.panes.compare import ComparePane

CLAIM = Claim("Three help", "theory", "few", "ensemble_loss_gain", members=3, at_least=0, every_seed=True)


@pytest.fixture
def view(tmp_path, monkeypatch):
    """A view of a run with predictions on disk, with the report that its info makes."""
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    info = RunInfo("x", PLAN, Questions(compare=COMPARE, claims=[CLAIM], ensemble=ASKED), folder=folder_of(tmp_path))
    view = View(info)
    view.state = ended()
    view.report = info.report(view.state)
    view.loading, view.status = None, "done"
    return view


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII], ids=["unicode", "ascii"])
def test_compare_shows_every_ensemble(view, glyphs):
    """Beneath the table stand all sizes of both variants with their gains, and the claim about them with its verdict."""
    text = frame(ComparePane, view, size=(140, 60), glyphs=glyphs)

    for _, one in view.report.ensembles.rows:
        for column in COLUMNS:
            number = cell_of(one, column).text
            assert (number if glyphs is UNICODE else number.replace("−", "-")) in text
    assert "few, 3 members" in text
    assert "by every subset" in " ".join(text.split())


def test_the_feed_makes_them_with_the_report(view):
    """A feed that is asked for a report finds the predictions in the info's folder."""
    view.report, view.wants_report = None, True
    feed = Feed(view, ListSource([]))
    feed.beat()

    assert [len(group.combined) for group in view.report.ensembles.groups] == [3, 3]
    assert "## Ensembles" in EXPORTERS["markdown"].make(view.report)
