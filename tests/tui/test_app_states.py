"""A run in every state, in every pane: it is drawn, it fits, and what must be told of it is told."""

import pytest
from app_runs import PANES, Bench, info_of, make_folder, training_run
from app_states import STATES, Opening
from rich.cells import cell_len

from dlbench.tui.app import NARROW
from dlbench.tui.model.focus import Focus
from dlbench.tui.model.replay import Replay, ReplayPosition
from dlbench.tui.model.source import ListSource
from dlbench.tui.model.view import View
from dlbench.tui.options import DashboardOptions
from dlbench.tui.themes import ANSI

TERMINALS = {"full": {}, "ascii": {"ascii": True}, "no colour": {"no_color": True, "palette": ANSI}}
QUESTIONS = ((), ("slash", "e", "l", "k", "X", "x"))
COLOURFUL = ("running", "diverged", "changed rate", "done", "failed")
SMALL, LARGE = (80, 24), (120, 40)
BOTH = (SMALL, LARGE)
TAIL = 4
"""Lines about a pane: bar, tabs, words, keys."""


@pytest.fixture(autouse=True, scope="module")
def english():
    """The texts in English, whatever the caller's locale."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LC_ALL", "C.UTF-8")
        yield


def source_of(state, folder, happened):
    """What makes the source of a run in a state."""
    if state.is_replay:
        return lambda: Replay(folder, start=ReplayPosition(share=0.5), now=lambda: 0.0)
    return lambda: (Opening if state.is_loading else ListSource)(happened)


@pytest.fixture(scope="module")
def bench(request, tmp_path_factory):
    """A dashboard that is turned to run after run, in a terminal that can do everything, or not."""
    plan, base = training_run(), tmp_path_factory.mktemp("states")
    options = DashboardOptions(**TERMINALS[request.param])
    with Bench(View(info_of(plan)), lambda: ListSource([]), folder=make_folder(base, plan), options=options) as made:
        made.base = base
        yield made


def terminal(kind):
    """The same app for all states."""
    return pytest.mark.parametrize("bench", [kind], indirect=True, scope="module")


def turn(bench, name):
    """Look at a run in another state."""
    state = STATES[name]
    happened = list(state.happened(state.plan))
    bench.folder = make_folder(bench.base / name.replace(" ", "-") / "results", state.plan, happened)
    bench.make_source = source_of(state, bench.folder, happened)
    bench.info, bench.status, bench.app.read_only = info_of(state.plan), state.status, state.is_read_only

    def begin():
        # Both at once: a tick between them would look for this run's trial in the one before.
        bench.view.focus = Focus(version=bench.view.focus.version + 1, **state.focus)
        bench.rewind()

    bench.call(begin)
    return state


def look(bench, pane, state):
    """Open a pane, and wait until it shows what it has to say."""
    bench.call(bench.app.show_pane, pane)
    wanted = [*state.said.get("*", []), *state.said.get(pane, [])]
    wanted += state.listed if bench.size[0] >= NARROW else ()

    rows = []

    def missing():
        rows[:] = bench.rows()
        words = bench.words(rows)
        return [one for one in wanted if one not in words]

    bench.until(lambda: not missing(), missing)
    assert [cell_len(row) for row in rows] == [bench.size[0]] * bench.size[1]
    assert any(row.strip() for row in rows[2 : 2 - TAIL])


@terminal("full")
@pytest.mark.parametrize("name", STATES)
def test_every_pane_tells_of_every_state(bench, name):
    """Every pane shows a run in every state within its size, and says what must be said of it.

    Half of the panes are looked at in either size, by turns; `test_ascii_alone_where_that_is_asked` draws them in the other.
    """
    state = turn(bench, name)
    for size, panes in halves(name, BOTH):
        bench.resize(*size)
        for pane in panes:
            look(bench, pane, state)


def halves(name, sizes):
    """Every other pane with the first of two sizes, the others with the second; in the next state it is the other way round.

    A state begins in the size in which the one before has ended: another one takes as long as a look at two panes.
    """
    turned = list(STATES).index(name) % 2
    found = tuple(zip(sizes, (PANES[turned::2], PANES[1 - turned :: 2]), strict=True))
    return found[::-1] if turned else found


def everywhere(bench, panes=PANES, *, with_questions):
    """Go through panes; with what lies over them: the help of each, the palette, every question."""
    for pane in panes:
        bench.call(bench.app.show_pane, pane)
        yield
        for key in ("question_mark", *QUESTIONS[pane == "gradients"]) if with_questions else ():
            bench.press(key)
            yield
            while len(bench.app.screen_stack) > 1:
                bench.call(bench.app.pop_screen)


@terminal("ascii")
@pytest.mark.parametrize("name", STATES)
def test_ascii_alone_where_that_is_asked(bench, name):
    """In a terminal of ASCII nothing else is drawn in any state: not in a pane, not in the help, not in a question."""
    turn(bench, name)
    for size, panes in halves(name, BOTH[::-1]):
        bench.resize(*size)
        for _ in everywhere(bench, panes, with_questions=name == "names"):
            rows = bench.rows()
            assert {letter for row in rows for letter in row if not letter.isascii()} == set()
            assert [cell_len(row) for row in rows] == [bench.size[0]] * bench.size[1]


@terminal("no colour")
@pytest.mark.parametrize("name", COLOURFUL)
def test_no_colour_where_that_is_asked(bench, name):
    """With NO_COLOR no cell has a colour in front or behind; what must be told is told by letters and weight."""
    turn(bench, name)
    for _ in everywhere(bench, with_questions=name == "running"):
        styles = [segment.style for segment in bench.segments() if segment.style is not None]
        assert {colour.name for style in styles for colour in (style.color, style.bgcolor) if colour} <= {"default"}
        assert any(style.bold or style.reverse or style.dim for style in styles)
