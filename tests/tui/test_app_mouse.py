"""The mouse does what keys do: tabs, keys of the footer, trials, pictures, tables, the bar of a replay."""

import pytest
from app_runs import PANES, START, VARIANTS, Bench, finished_run, info_of, make_folder, training_run, under_way
from textual import events
from textual.widgets import DataTable

from dlbench.tui.key_table import KeyTable
from dlbench.tui.model.replay import Replay, ReplayPosition
from dlbench.tui.model.source import ListSource
from dlbench.tui.model.view import View
from dlbench.tui.panes import TABS
from dlbench.tui.widgets.chart import Chart
from dlbench.tui.widgets.trials import TrialList

PICTURES = ("gradients", "curves", "layers")
SIZES = {"60x16": (60, 16), "80x24": (80, 24), "120x40": (120, 40), "200x60": (200, 60)}


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """A folder of results: a run under way, and another one that has ended."""
    base, plan = tmp_path_factory.mktemp("mouse") / "results", training_run()
    make_folder(base, plan, finished_run(plan), name="other", day=1)
    return make_folder(base, plan, under_way(plan))


@pytest.fixture(scope="module")
def bench(results, tmp_path_factory):
    """An app on a run under way."""
    plan, cwd = training_run(), tmp_path_factory.mktemp("saved")
    with Bench(View(info_of(plan)), lambda: ListSource(under_way(plan)), folder=results, cwd=cwd) as made:
        yield made


@pytest.fixture
def wide(bench):
    """The same in the size that has room for the list of trials."""
    if bench.size != (120, 40):
        bench.resize(120, 40)
    return bench


def focus_after(bench, pane, *keys):
    """What is looked at after keys, and what was before them."""
    bench.show(pane)
    bench.press(*keys)
    return bench.seen().focus


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
def test_a_click_on_a_tab_is_its_digit(bench, size):
    """Every tab can be clicked at every size, in whatever form it is written."""
    bench.resize(*size)
    bench.show("runs")
    for tab in TABS:
        row = bench.rows()[1]
        bench.click(row.index(tab.title if tab.title in row else tab.short), 1)
        assert tab.name == bench.app.pane.NAME


@pytest.mark.parametrize("pane", PANES)
def test_a_click_on_a_key_is_the_key(wide, pane):
    """Every key that the footer shows does the same by a click as by itself."""
    wide.show(pane)
    row = wide.rows()[-1]
    shown = [key for key in KeyTable().footer(pane) if f"{key.faces[0]} {key.label}" in row]
    for key in shown:
        by_key = changes_of(wide, pane, wide.press, key.key.split(",")[0])
        by_mouse = changes_of(wide, pane, lambda x: wide.click(x, 39), row.index(f"{key.faces[0]} {key.label}"))
        assert by_mouse == by_key
    assert len(shown) >= 3


def changes_of(bench, pane, way, argument):
    """What is another after a key or a click, with its new value; where it goes on in a circle, only that it is."""
    bench.show(pane)
    was = vars(bench.seen())
    way(argument)
    now = vars(bench.seen())
    return {name: name in {"order", "overlays", "console"} or now[name] for name in now if now[name] != was[name]}


def line_of(bench, trial):
    """The row of the screen on which a trial stands in the list."""
    trials = bench.app.main.query_one(TrialList)
    return next(
        y + trials.region.y for y in range(trials.size.height) if (one := trials.line_at(y)) and one.trial == trial
    )


@pytest.mark.parametrize("pane", PICTURES)
def test_a_click_on_a_trial_is_the_way_to_it(wide, pane):
    """A click on a line of the list chooses the trial that as many keys choose, and holds it."""
    for trial in range(2 * len(VARIANTS)):
        way = ("n",) * (trial - START.trial) or ("p",) * (START.trial - trial) or ("n", "p")
        by_keys = focus_after(wide, pane, *way)
        wide.show(pane)
        wide.click(6, line_of(wide, trial))
        assert wide.seen().focus == by_keys
        assert by_keys["trial"] == trial


def test_a_click_in_the_list_over_the_picture_closes_it(bench):
    """Where the list lies over the picture, it goes once a trial is chosen."""
    bench.resize(80, 24)
    bench.show("gradients")
    bench.press("left_square_bracket")
    bench.click(6, line_of(bench, 2))

    assert bench.seen().focus["trial"] == 2
    assert not bench.seen().sidebar


def places(chart):
    """Three cells of a chart that can be chosen, as (column, row) of the screen, with what they stand for."""
    region = chart.content_region
    found = [
        (x + region.x, y + region.y, place)
        for y in range(region.height)
        for x in range(region.width)
        if (place := chart.place(x, y)) is not None
    ]
    return found[:: max(len(found) // 3, 1)]


def way_to(bench, pane, place):
    """What is looked at once keys have brought the cursor to a place."""
    stops = bench.app.pane.cursor.stops()
    layers = place.layer is not None and place.layer - START.layer
    keys = ["up" if layers > 0 else "down"] * abs(layers)
    if place.step is not None:
        keys += ["home", *["right"] * stops.index(place.step)]
    return focus_after(bench, pane, *keys)


@pytest.mark.parametrize("pane", PICTURES)
def test_a_click_in_a_picture_is_the_way_of_the_cursor(wide, pane):
    """A click in any picture puts the cursor where the arrows can bring it: on its layer, its step, or both."""
    wide.show(pane)
    charts = [chart for chart in wide.app.pane.query(Chart) if chart.is_on_screen and places(chart)]
    for chart in charts:
        wide.show(pane)
        for x, y, place in places(chart):
            wide.show(pane)
            wide.click(x, y)
            by_mouse = wide.seen().focus
            assert place.layer in {None, by_mouse["layer"]}
            assert place.step in {None, by_mouse["step"]}
            if place.step is None or place.step in wide.app.pane.cursor.stops():
                assert by_mouse == way_to(wide, pane, place)
    assert charts


@pytest.mark.parametrize("pane", PICTURES)
def test_the_wheel_moves_through_time(wide, pane):
    """A notch of the wheel is an arrow to the left or to the right."""
    for kind, key in ((events.MouseScrollUp, "left"), (events.MouseScrollDown, "right")):
        by_key = focus_after(wide, pane, key)
        wide.show(pane)
        chart = next(chart for chart in wide.app.pane.query(Chart) if chart.is_on_screen)
        wide.mouse((kind, chart.content_region.x + 4, chart.content_region.y + 2))
        assert wide.seen().focus == by_key


def test_dragging_takes_the_cursor_along(wide):
    """While the button is down the cursor follows the mouse, and stays where that leaves the picture; afterwards it rests."""
    wide.show("gradients")
    chart = next(chart for chart in wide.app.pane.query(Chart) if places(chart))
    (x, y, _), *_, (to_x, to_y, there) = places(chart)
    wide.mouse((events.MouseDown, x, y), (events.MouseMove, to_x, to_y))
    dragged = wide.seen().focus
    wide.mouse((events.MouseMove, 0, 39))
    beyond = wide.seen().focus
    wide.mouse((events.MouseUp, 0, 39), (events.MouseMove, to_x, to_y))

    assert (dragged["layer"], dragged["step"]) == (there.layer, there.step)
    assert dragged == beyond == wide.seen().focus


@pytest.mark.parametrize("pane", PANES)
def test_hovering_changes_nothing(wide, pane):
    """The mouse over anything, without a button, changes nothing that is looked at."""
    wide.show(pane)
    was = wide.seen()
    wide.mouse(*((events.MouseMove, x, y) for x in range(3, 120, 29) for y in range(0, 40, 6)))

    assert wide.seen() == was


def test_a_header_sorts_and_a_row_is_chosen(wide):
    """In the table a click on a header sorts by it, a second one backwards; a click on the row under the bar is Enter."""
    wide.show("compare")
    wide.until(lambda: "test loss" in wide.frame(), wide.frame)
    table = wide.app.pane.query_one(DataTable)
    x, _ = wide.find("seeds")
    keys = []
    for _ in range(2):
        wide.click(x, table.region.y)
        keys.append((table.order.key, table.order.backwards))
    row = next(y for y, line in enumerate(wide.rows()) if line[26:].lstrip().startswith("relu"))
    for _ in range(2):
        wide.click(30, row)

    assert keys == [("seeds", False), ("seeds", True)]
    assert wide.seen().focus["trial"] == 2
    assert not wide.seen().focus["follow"]


def test_two_clicks_open_a_run(wide):
    """A second click on a run opens it, as Enter does."""
    wide.show("runs")
    wide.until(lambda: "other/" in wide.frame(), wide.frame)
    x, y = wide.find("other/")
    wide.click(x, y)
    wide.click(x, y)
    wide.until(lambda: "other" in wide.app.folder.name and wide.app.pane.NAME == "gradients", wide.frame)


def test_a_click_between_shows_the_next_console(wide):
    """A click on the line above the console is `w`."""
    wide.show("log")
    wide.until(lambda: "Console of worker" in wide.frame(), wide.frame)
    was = wide.seen().console
    wide.click(*wide.find("Console of worker"))

    assert wide.seen().console != was


def test_a_click_in_a_replay_goes_there(results):
    """A click on the bar of a replay goes to that share of the run's time; its right end is `G`."""
    plan = training_run()
    with Bench(
        View(info_of(plan)), lambda: Replay(results, start=ReplayPosition(share=0.5), now=lambda: 0.0), folder=results
    ) as bench:
        bar = next(y for y, row in enumerate(bench.rows()) if "━●" in row)
        row = bench.rows()[bar]
        start, end = row.index("━"), row.rindex("─")
        shares = []
        for x in (start, (start + end) // 2, end):
            bench.click(x, bar)
            shares.append(bench.replay.playback.position / bench.replay.playback.length)
        bench.press("G")

        assert shares == pytest.approx([0, 0.5, 1], abs=0.02)
        assert bench.replay.playback.position == bench.replay.playback.length
