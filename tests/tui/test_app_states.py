"""A run in every state, in every pane: it is drawn, it fits, and what must be told of it is told."""

import pytest
from app_runs import PANES, Bench, make_folder, subject
from app_states import STATES, Opening
from rich.cells import cell_len

from dlbench.tui.app import NARROW
from dlbench.tui.model.focus import Focus
from dlbench.tui.model.replay import Place, Replay
from dlbench.tui.model.source import Memory
from dlbench.tui.model.view import View
from dlbench.tui.options import Options
from dlbench.tui.themes import ANSI

SIZES = {"120x40": (120, 40), "80x24": (80, 24)}
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
        return lambda: Replay(folder, start=Place(share=0.5), now=lambda: 0.0)
    return lambda: (Opening if state.is_loading else Memory)(happened)


def opened(state, base, size, **options):
    """A dashboard on a run in a state."""
    view = View(subject(state.plan))
    view.standing = state.standing
    happened = list(state.happened(state.plan))
    folder = make_folder(base / "results", state.plan, happened)
    wishes = Options(read_only=state.is_read_only, **options)
    made = Bench(view, source_of(state, folder, happened), folder=folder, options=wishes, size=size)
    for name, value in state.focus.items():
        setattr(view.focus, name, value)
    return made


@pytest.fixture(scope="module")
def bench(request, tmp_path_factory):
    """The dashboard on a run in one state, through all panes and sizes."""
    state = STATES[request.param]
    with opened(state, tmp_path_factory.mktemp("state"), SIZES["120x40"]) as made:
        made.state = state
        yield made


def look(bench, pane):
    """Open a pane, and wait until it shows what it has to say."""
    bench.call(bench.app.show_pane, pane)
    wanted = [*bench.state.said.get("*", []), *bench.state.said.get(pane, [])]
    bench.until(
        lambda: all(one in bench.words() for one in wanted), lambda: [one for one in wanted if one not in bench.words()]
    )
    assert [cell_len(row) for row in bench.rows()] == [bench.size[0]] * bench.size[1]
    assert any(row.strip() for row in bench.rows()[2 : 2 - TAIL])


@pytest.mark.parametrize("pane", PANES)
@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
@pytest.mark.parametrize("bench", STATES, indirect=True, scope="module")
def test_every_pane_tells_of_every_state(bench, size, pane):
    """Every pane shows a run in every state within its size, and says what must be said of it."""
    if bench.size != size:
        bench.resize(*size)
    look(bench, pane)
    if size[0] >= NARROW:
        assert all(one in bench.words() for one in bench.state.listed), bench.frame()


SPARE = {"ascii": {"ascii": True}, "no colour": {"no_color": True, "palette": ANSI}}
QUESTIONS = ((), ("ctrl+p", "slash", "e", "l", "k", "X", "x"))
COLOURFUL = ("running", "diverged", "changed rate", "done", "failed")


@pytest.fixture(scope="module")
def spare(request, tmp_path_factory):
    """A dashboard in a terminal that has ASCII alone, or no colours, and a folder for the runs that it is turned to."""
    base = tmp_path_factory.mktemp("spare")
    with opened(STATES["running"], base / "first", SIZES["120x40"], **SPARE[request.param]) as made:
        made.base = base
        yield made


def turn(bench, name):
    """Look at a run in another state."""
    state = STATES[name]
    happened = list(state.happened(state.plan))
    bench.folder = make_folder(bench.base / name.replace(" ", "-"), state.plan, happened)
    bench.make_source = source_of(state, bench.folder, happened)
    bench.subject, bench.standing, bench.app.read_only = subject(state.plan), state.standing, state.is_read_only
    bench.view.focus = Focus(version=bench.view.focus.version + 1, **state.focus)
    bench.call(bench.rewind)


def everywhere(bench, *, with_questions):
    """Go through all panes; with what lies over them: the help of each, the palette, every question."""
    for pane in PANES:
        bench.call(bench.app.show_pane, pane)
        yield
        for key in ("question_mark", *QUESTIONS[pane == "gradients"]) if with_questions else ():
            bench.press(key)
            yield
            while len(bench.app.screen_stack) > 1:
                bench.call(bench.app.pop_screen)


@pytest.mark.parametrize("name", STATES)
@pytest.mark.parametrize("spare", ["ascii"], indirect=True, scope="module")
def test_ascii_alone_where_that_is_asked(spare, name):
    """In a terminal of ASCII nothing else is drawn in any state: not in a pane, not in the help, not in a question."""
    turn(spare, name)
    for _ in everywhere(spare, with_questions=name in {"running", "names"}):
        assert {letter for row in spare.rows() for letter in row if not letter.isascii()} == set()
        assert [cell_len(row) for row in spare.rows()] == [spare.size[0]] * spare.size[1]


@pytest.mark.parametrize("name", COLOURFUL)
@pytest.mark.parametrize("spare", ["no colour"], indirect=True, scope="module")
def test_no_colour_where_that_is_asked(spare, name):
    """With NO_COLOR no cell has a colour in front or behind; what must be told is told by letters and weight."""
    turn(spare, name)
    for _ in everywhere(spare, with_questions=name == "running"):
        styles = [segment.style for segment in spare.segments() if segment.style is not None]
        assert {colour.name for style in styles for colour in (style.color, style.bgcolor) if colour} <= {"default"}
        assert any(style.bold or style.reverse or style.dim for style in styles)
