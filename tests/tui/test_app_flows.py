"""Keys in a row: questions answered into the run's folder, tables written, runs that have ended, runs of which little is known."""

import random

import orjson
import pytest
from app_runs import PANES, VARIANTS, Bench, finished_run, info_of, make_folder, training_run, under_way
from app_states import STATES, heartbeat
from rich.cells import cell_len

from dlbench.export import EXPORTERS
from dlbench.run.control import ACTIONS
from dlbench.tui.keys import KEYS
from dlbench.tui.model.replay import Replay, ReplayPosition
from dlbench.tui.model.source import ListSource
from dlbench.tui.model.view import View

STEERING = [key for key in KEYS if key.changes_run]
MODALS = {
    "HelpScreen": "question_mark", "FilterPrompt": "slash", "ExportPrompt": "e",
    "RatePrompt": "l", "BreakpointPrompt": "k", "EndTrialPrompt": "X", "StopPrompt": "x",
}  # fmt: skip
ASKED = {
    "rate of all seeds": (["l", "=0.125", "enter"], {"action": "set_lr", "trials": [0, 1], "lr": 0.125}),
    "rate of one": (["l", "=1e-3", "down", "down", "enter"], {"action": "set_lr", "trials": [1], "lr": 0.001}),
    "breakpoint": (
        ["k", "=test_loss rises 3", "enter"],
        {"action": "breakpoint", "when": "test_loss rises 3", "on": True},
    ),
    "end_trial": (["X", "enter"], {"action": "end_trial", "trials": [1]}),
    "stop": (["x", "enter"], {"action": "stop"}),
    "pause": (["space"], {"action": "pause"}),
    "one step": (["full_stop"], {"action": "advance", "steps": 1}),
    "one epoch": (["greater_than_sign"], {"action": "advance", "steps": "epoch"}),
}


def live(base, happened=under_way, **options):
    """A bench on a run under way, and its source, to which a test may add events."""
    plan = training_run()
    source = ListSource(list(happened(plan)))
    folder = make_folder(base / "results", plan, under_way(plan))
    (base / "saved").mkdir()
    made = Bench(View(info_of(plan)), lambda: source, folder=folder, cwd=base / "saved", **options)
    made.memory = source
    return made


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """One app for tests that leave it as it was."""
    with live(tmp_path_factory.mktemp("flows")) as made, pytest.MonkeyPatch.context() as patch:
        patch.chdir(made.cwd)
        yield made


@pytest.fixture
def fresh(tmp_path):
    """An app of its own."""
    with live(tmp_path) as made:
        yield made


def play(bench, keys):
    """Press keys; `=text` types a text."""
    for key in keys:
        if key.startswith("="):
            bench.type(key[1:])
        else:
            bench.press(key)


@pytest.mark.parametrize(("keys", "control"), ASKED.values(), ids=ASKED)
def test_what_is_answered_is_asked_of_the_workers(shared, keys, control):
    """A key, or a key with its answer, writes one control into the run's folder, as the workers read it; Escape none."""
    shared.show("gradients")
    play(shared, keys)
    asked = shared.controls()
    shared.show("gradients")
    play(shared, [*keys[:-1], "escape"])

    assert asked == [{"session": 0} | control]
    assert shared.controls() == []
    assert shared.seen().screens == ()


def test_everything_that_can_be_asked_has_a_key(fresh):
    """Every action that workers know can be asked from the dashboard, `resume` by the key that paused."""
    fresh.memory.add([heartbeat(0, 500, paused=True), heartbeat(1, 200, paused=True)])
    fresh.settle()
    fresh.press("space")

    assert fresh.controls() == [{"session": 0, "action": "resume"}]
    assert {control["action"] for _, control in ASKED.values()} | {"resume"} == set(ACTIONS)


def test_answers_are_told(fresh):
    """What the workers say to a question is told in words, once, whether it was done or not."""
    told = []
    for key, error in (("space", None), ("full_stop", "the stack has ended")):
        fresh.press(key)
        (asked,) = map(orjson.loads, fresh.folder.control_file.read_bytes().splitlines()[-1:])
        answer = {"id": asked["id"], "action": asked["action"], "stack": 0, "step": 500, "error": error}
        fresh.memory.add([{"v": 1, "kind": "control"} | answer])
        fresh.settle()
        told.append(fresh.seen().toasts)
        fresh.settle()
        assert fresh.seen().toasts == told[-1]

    assert told[0] == ("paused at step 500",)
    assert "advance: the stack has ended" in told[1]


OF_VARIANTS = [part for part in EXPORTERS if part.name not in {"ensembles", "confusion"}]
"""The formats that tell of every variant of a run without ensembles and without answers."""


@pytest.mark.parametrize("part", OF_VARIANTS, ids=[part.name for part in OF_VARIANTS])
def test_tables_are_written(shared, part):
    """`e`, a name and the button of a format write the table, with what is known of every variant."""
    shared.show("compare")
    buttons = [one.name for one in EXPORTERS].index(part.name) + 1
    play(shared, ["e", "=table", *["down"] * buttons, "enter"])
    file = shared.cwd / f"table{part.traits['suffix']}"
    shared.until(lambda: any("written to" in told for told in shared.seen().toasts), shared.frame)

    assert shared.saved() == [file.name]
    assert all(name in file.read_text() for name in VARIANTS)


def test_a_filter_leaves_what_passes(shared):
    """`/` and a text leave those trials in the list, the first of them on the screen; `Show all` brings the others back."""
    shared.show("gradients")
    play(shared, ["slash", "=relu", "enter"])
    lists = shared.frame()
    chosen = []
    for _ in range(3):
        shared.press("n")
        chosen.append(shared.seen().focus["trial"])
    play(shared, ["slash", "down", "down", "enter"])

    assert "/relu" in lists
    assert "- sigmoid" not in lists
    assert chosen == [3, 2, 3]
    assert "- sigmoid" in shared.frame()


def test_a_replay_goes_where_it_is_told(tmp_path):
    """`g` and a step bring a replay there, backwards and forwards; a step beyond the end is refused in place."""
    plan = training_run()
    folder = make_folder(tmp_path, plan, under_way(plan))
    steps = []
    with Bench(
        View(info_of(plan)), lambda: Replay(folder, start=ReplayPosition(share=0.6), now=lambda: 0.0), folder=folder
    ) as bench:
        for step in ("100", "400", "0"):
            play(bench, ["g", f"={step}", "enter"])
            bench.until(lambda wanted=int(step): bench.view.state.stacks[0].step == wanted, bench.frame)
            steps.append(bench.view.state.stacks[0].step)
        play(bench, ["g", "=1001", "enter"])
        words = bench.words()

    assert steps == [100, 400, 0]
    assert "step 1,001 is beyond the end" in words


@pytest.mark.parametrize("key", MODALS.values(), ids=MODALS)
def test_nothing_is_asked_from_under_a_question(shared, key):
    """While a question or the help is open, keys that steer the run reach no worker and open no second question."""
    shared.show("gradients")
    shared.press(key)
    screens = shared.seen().screens
    for one in STEERING:
        shared.press(one.key)

    assert len(screens) == 1
    assert shared.seen().screens == screens
    assert shared.controls() == []


@pytest.mark.parametrize("key", [None, *MODALS.values()], ids=["none", *MODALS])
def test_ctrl_c_twice_leaves_from_anywhere(shared, key):
    """The first Ctrl-C says what the second does; it leaves whatever is open, and asks nothing of the run."""
    shared.show("gradients")
    if key is not None:
        shared.press(key)
    shared.press("ctrl+c")
    first = shared.seen()
    shared.press("ctrl+c")

    assert first.left == ()
    assert "the run goes on" in first.toasts[-1]
    assert shared.seen().left == (130,)
    assert shared.controls() == []


def test_nobody_is_asked_of_a_run_that_has_ended(tmp_path):
    """Every key that would change the run says that it has ended, and writes nothing."""
    with live(tmp_path, finished_run) as bench:
        bench.view.status = "done"
        for key in STEERING:
            bench.show("gradients")
            bench.press(key.key)
            assert "the run has ended" in bench.seen().toasts[0]
            assert bench.seen().screens == ()
            assert bench.controls() == []


@pytest.mark.parametrize("size", [(60, 16), (120, 40)], ids=["60x16", "120x40"])
@pytest.mark.parametrize("name", [name for name in MODALS if name != "HelpScreen"])
def test_everything_in_a_question_comes_into_sight(shared, name, size):
    """Tab goes to every field and button of a question, and brings it into sight, with its words, at any size."""
    shared.resize(*size)
    shared.show("gradients")
    shared.press(MODALS[name])
    screen, reached = shared.app.screen, []
    while screen.focused not in reached:
        reached.append(screen.focused)
        assert screen.focused.region in screen.query_one("#box").content_region
        assert str(getattr(screen.focused, "label", "")) in shared.frame()
        shared.press("tab")
    shared.resize(120, 40)

    assert set(reached) == {node for node in screen.query("Input, Button, OptionList") if node.display}


@pytest.mark.parametrize("pane", ["log", "runs"])
def test_leaving_while_files_are_read_is_no_crash(fresh, pane):
    """A file that has been read when the widgets for it have gone already, as on leaving, is put nowhere."""
    fresh.show(pane)
    shown = fresh.app.pane
    reads = shown._read(fresh.folder if pane == "log" else fresh.folder.path.parent.parent)
    fresh.call(lambda: shown.query("*").remove())
    fresh.call(lambda: reads)

    assert fresh.app.crash is None


OF_NUMBERS = ("gradients", "curves", "layers", "compare")
BARE = ("no events yet", "one event", "no probes", "diverged", "one layer", "failed")
STAYING = [key for key in KEYS if key.name not in {"pane", "next_pane", "screenshot", "suspend_process"}]
QUICK = [key for key in STAYING if not set(key.key.split(",")) & set(MODALS.values())]


@pytest.mark.parametrize("name", BARE)
def test_no_key_breaks_on_a_run_of_which_little_is_known(tmp_path, name):
    """Keys in a random order, on runs without events, probes, finite numbers, or more than one layer.

    Every key in two of the four panes of numbers, which take turns from run to run; some in the others.
    """
    state, order = STATES[name], random.Random(name)
    folder = make_folder(tmp_path, state.plan)
    source = ListSource(list(state.happened(state.plan)))
    with Bench(View(info_of(state.plan)), lambda: source, folder=folder, size=(80, 24)) as bench:
        thorough = OF_NUMBERS[BARE.index(name) % 2 :: 2]
        for pane in PANES:
            bench.call(bench.app.show_pane, pane)
            walk(bench, order.sample(QUICK, len(QUICK) if pane in thorough else 8))
            assert [cell_len(row) for row in bench.rows()] == [80] * 24
        walk(bench, STAYING)


def walk(bench, keys):
    """Press keys one after the other, whatever they do; what they open is closed."""
    for key in keys:
        bench.press(key.key.partition(",")[0])
        while len(bench.app.screen_stack) > 1:
            bench.call(bench.app.pop_screen)


def test_no_key_breaks_where_the_window_is_too_small(shared):
    """Below 60x16 there is one message; keys that are pressed nevertheless do no harm, and a larger window shows all again."""
    shared.show("gradients")
    shared.resize(59, 16)
    for width, height in ((59, 16), (60, 15), (30, 5), (1, 1)):
        shared.resize(width, height)
        message = f"dlbench needs 60x16 (now {width}x{height})"
        assert width < 59 or message in shared.words()
        walk(shared, QUICK if width > 1 else STAYING)
    shared.resize(120, 40)
    shared.show("gradients")

    assert "output" in shared.frame()
    assert "dlbench needs" not in shared.frame()
