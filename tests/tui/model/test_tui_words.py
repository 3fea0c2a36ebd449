"""What the bars say."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from model_runs import STEPS, begins, diverged, ended, evaluated, make_plan, probed, view_of
from rich.cells import cell_len

from dlbench.metrics.trial_view import Status
from dlbench.tui.charts.ink import Ink
from dlbench.tui.model.view import Playback
from dlbench.tui.model.words import BADGES, badge, cursor_line, facts, measured
from dlbench.words.number_format import clock, percent

SICK = {"gradient_norm": [1e-6, None, 1e-3, 0.1]}


def said(view, width=None):
    """The line as one reads it."""
    return "".join(text for text, _ in cursor_line(view, width))


def test_the_cursor_in_words():
    """Layer, step, the measure in focus, then the others that the layer has."""
    view = view_of(make_plan(), [begins(), probed(1212)])
    view.focus.layer = 2
    assert said(view) == "dense2 · step 1,212 · gradient norm 0.2 · update/weight 1.0e-03 · 0 % exact zeros"
    view.focus.measure = "saturated_fraction"
    assert said(view).startswith("dense2 · step 1,212 · saturated: n/a · gradient norm 0.2")


def test_what_is_wrong_stands_behind_the_cursor():
    """Findings follow the numbers; where there is no room the other numbers go before them."""
    view = view_of(make_plan(), [begins(), probed(7, **SICK)])
    whole = said(view)
    assert whole.endswith("· vanishing gradient: dense1's is 1.0e-05 of output's, since step 7")
    place = "dense1 · step 7 · gradient norm 1.0e-06"
    assert said(view, 120) == f"{place} · vanishing gradient: dense1's is 1.0e-05 of output's, since step 7"
    assert said(view, 80) == f"{place} · vanishing gradient since step 7"
    assert said(view, 60) == "dense1 · step 7 · vanishing gradient since step 7"


@given(st.integers(0, 200))
def test_the_line_fits_and_always_says_what_is_worst(width):
    """The line is never wider than asked, but for three letters of the layer and what is worst, which always stand."""
    view = view_of(make_plan(), [begins(), probed(7, **SICK)])
    pieces = [text for text, _ in cursor_line(view, width)]
    assert pieces[0] == "dense1" or re.fullmatch("de?…e?1", pieces[0])
    assert "vanishing gradient" in pieces[-1]
    assert pieces[0] == "d…1" or sum(map(cell_len, pieces)) <= width


def test_without_a_probe_there_is_no_cursor():
    """Before the first probe the line is empty; a cursor beyond the layers means the last one."""
    assert cursor_line(view_of(make_plan(), [])) == []
    view = view_of(make_plan(), [begins(), probed(7)])
    view.focus.layer = 99
    assert said(view).startswith("output · step 7")


def test_facts_are_those_of_the_trial_and_the_run():
    """The status bar's numbers are those of the stack of the focus's trial, and of all trials."""
    run = {
        "kind": "run", "session": 0, "worker": 0, "stacks": [0, 1], "device": "cpu", "device_name": "a processor",
        "threads": 1, "host": "here", "pid": 1, "torch": "2",
    }  # fmt: skip
    beat = {"kind": "heartbeat", "session": 0, "stack": 0, "step": 250, "rate": 50.0, "paused": False, "memory": 2**30}
    view = view_of(
        make_plan(), [run, begins(session=0), evaluated(200, [1, 1], session=0), probed(200) | {"session": 0}, beat]
    )
    found = facts(view)
    assert (found.recipe, found.trial, found.badge[0]) == ("made-up", "sigmoid, seed 0", "LIVE")
    assert (found.step, found.steps, found.share, found.progress) == (250, STEPS, 0.25, 0.125)
    assert (found.rate, found.eta, found.seconds) == (50, 15, 2)
    assert (found.device, found.memory, found.probe_cost) == ("cpu", 2**30, 0.02)
    assert found.trials == {Status.RUNNING: 2, Status.WAITING: 2}
    assert found.findings == []
    view.focus.trial = 2
    assert (facts(view).rate, facts(view).device) == (None, "cpu")


def test_the_badge_is_how_the_run_stands():
    """Loading, replayed, starting, live, paused, done, or how it ended: one word each."""
    view = view_of(make_plan(), [])
    assert badge(view)[0] == "STARTING"
    view.state.apply([begins(session=0)])
    assert badge(view)[0] == "LIVE"
    view.state.apply([{"kind": "heartbeat", "session": 0, "stack": 0, "step": 5, "rate": 1.0, "paused": True}])
    assert badge(view)[0] == "PAUSED"
    for status, (word, _) in BADGES.items():
        if status != "running":
            view.status = status
            assert badge(view)[0] == word
    view.status = "running"
    view.state.apply([ended(0, session=0), begins(1, session=0), ended(1, session=0)])
    assert badge(view)[0] == "DONE"
    view.to_come = 0  # a `dlbench repeat` waits for its last trial to begin
    assert badge(view)[0] == "LIVE"
    view.playback = Playback(1.0, 2.0, 1.0, paused=False)
    assert badge(view)[0] == "REPLAY"
    view.loading = 0.456
    assert badge(view)[0] == "LOADING 46 %"


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "0 %"),
        (1.0, "100 %"),
        (0.12, "12 %"),
        (0.003, "0.3 %"),
        (1e-9, "0.1 %"),
        (0.9999, "99.9 %"),
        (0.995, "99.5 %"),
    ],
)
def test_shares_are_never_rounded_to_all_or_nothing(share, text):
    """What reads 0 % is exactly nothing, and 100 % exactly all."""
    assert percent(share) == text


def test_measures_in_words():
    """Shares are told in percent before their name, other numbers behind it, NaN as not applicable."""
    assert measured("zero_fraction", 0.12) == "12 % exact zeros"
    assert measured("gradient_norm", 3.1e-3) == "gradient norm 3.1e-03"
    assert measured("gradient_norm", float("nan")) == "gradient norm: n/a"
    assert measured("gradient_norm", float("inf")) == "gradient norm NaN or infinite"


def test_a_missing_gradient_is_said_to_be_none():
    """Of a layer that had no gradient the line says that, and not that it is NaN."""
    absent = probed(5, gradient_norm=[None, None, 0.1, 0.1], gradient_missing=[1, 0, 0, 0])
    assert said(view_of(make_plan(), [begins(), absent])).startswith("dense1 · step 5 · no gradient in this step")


def test_a_number_that_is_none_is_not_said_to_be_missing():
    """After a divergence a layer's gradient is NaN or infinite, in alarm; a layer without weights has none."""
    view = view_of(make_plan(), [begins(), probed(5), diverged(6), probed(7, gradient_norm=[None] * 4)])
    assert said(view).startswith("dense1 · step 7 · gradient norm NaN or infinite")
    assert ("gradient norm NaN or infinite", Ink.ALARM) in cursor_line(view)
    healthy = view_of(make_plan(), [begins(), probed(5)])
    healthy.focus.layer = 1
    assert said(healthy).startswith("activation1 · step 5 · gradient norm: n/a")


@pytest.mark.parametrize(("seconds", "text"), [(5, "0:05"), (750, "12:30"), (3723, "1:02:03"), (59.6, "1:00")])
def test_durations_in_words(seconds, text):
    """Minutes and seconds, with hours where there are any."""
    assert clock(seconds) == text
