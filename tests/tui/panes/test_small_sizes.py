"""Every chart and pane in every condition of a run at any size, however small: it is drawn in exactly that size."""

import asyncio
from itertools import product

import pytest
from pictured_run import conditions, failed, make_plan, make_view, told, training
from rich.cells import cell_len
from stage import Stage, shown

from dlbench.tui.charts.glyphs import ASCII, UNICODE
from dlbench.tui.charts.ink import Ink
from dlbench.tui.model.view import RunInfo, View
from dlbench.tui.panes import TABS
from dlbench.tui.widgets.chart import Chart
from dlbench.tui.widgets.keys_line import KeysLine
from dlbench.tui.widgets.notices import Notice, blank, lines
from dlbench.tui.widgets.replay_bar import ReplayBar
from dlbench.tui.widgets.status_bar import StatusBar, WordsLine
from dlbench.tui.widgets.tabs import Tabs

SMALL = [(width, height) for width in range(1, 11) for height in range(1, 5)]
ODD = [(200, 1), (1, 60), (2, 40), (90, 2), (30, 9)]


def runs():
    """A run in each condition that puts a notice somewhere, and trained ones with their pictures."""
    plan = make_plan()
    diverged = {"v": 1, "kind": "diverged", "session": 0, "stack": 0, "step": 310, "trial": 0, "last_loss": 9e9}
    found = {name: view for name, (view, _) in conditions().items()}
    found["trained"] = make_view(plan, [*training(plan), told(0, "0 dense", 900, "train")])
    found["beside"] = make_view(plan, [*training(plan), diverged])
    found["beside"].focus.beside = 2
    found["failed"] = make_view(plan, failed(plan, error="a very long story " * 9))
    found["without probes"] = make_view(make_plan(points=0), training(plan, layers=1))
    return found


def drawn_otherwise(made):
    """The charts of a pane, the conditions and the sizes in which one is not drawn as large as asked."""

    async def run():
        app, wrong = Stage(made, View(RunInfo("pictured/now", make_plan()))), []
        async with app.run_test(size=(80, 24)):
            charts = app.query(Chart)
            for (name, view), glyphs in product(runs().items(), (UNICODE, ASCII)):
                app.view, app.appearance.glyphs = view, glyphs
                for chart, size in product(charts, SMALL + ODD):
                    drawn = chart.draw(view, *size)
                    if (drawn.width, drawn.height) != size:
                        wrong.append((type(chart).__name__, name, size))
        return wrong

    return asyncio.run(run())


class KeysOfGradients(KeysLine):
    """The line of keys, on a stage where it is the pane itself."""

    NAME = "gradients"


LINES = (StatusBar, WordsLine, KeysOfGradients, Tabs, ReplayBar)
MAKERS = {tab.name: tab.make for tab in TABS if tab.name in {"gradients", "curves", "layers", "pictures"}}


@pytest.mark.parametrize("made", [*MAKERS.values(), *LINES], ids=[*MAKERS, *(line.__name__ for line in LINES)])
def test_every_chart_is_drawn_at_any_size(made):
    """From one cell on, with every notice there is, a chart is a picture of exactly its size."""
    assert drawn_otherwise(made) == []


@pytest.mark.parametrize("tab", TABS, ids=lambda tab: tab.name)
def test_every_pane_stands_any_terminal(tab):
    """A pane that shows a run and tells why it failed stands terminals of a few cells."""

    async def run():
        app = Stage(tab.make, runs()["failed"])
        async with app.run_test(size=(8, 3)) as pilot:
            for size in ((8, 3), (1, 1), (60, 2)):
                await pilot.resize_terminal(*size)
                await shown(pilot)
                assert [cell_len(row) for row in app.rows()] == [size[0]] * size[1]

    asyncio.run(run())


@pytest.mark.parametrize("width", range(-3, 14))
def test_a_notice_fits_any_room(width):
    """A notice is cut into the room that there is, says by dots that it goes on, and is left out where these do not fit."""
    notice = Notice("an unforeseeably longish notice", Ink.ALARM)
    for height in range(-1, 5):
        picture, found = blank(notice, width, height), lines(notice, width, height)

        assert (picture.width, picture.height) == (max(width, 0), max(height, 0))
        assert len(found) <= max(height, 0)
        assert all(len(one.text) <= width for one in found)
        assert not found or found[-1].text.endswith(("...", "notice"))
