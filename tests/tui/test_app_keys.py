"""Every key in every pane, narrow and wide: it does what it promises there, and nothing where it promises nothing."""

from ast import literal_eval
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from app_runs import CURSOR, PANES, VARIANTS, Bench, finished_run, info_of, make_folder, training_run, under_way
from rich.cells import cell_len
from textual.widgets import DataTable

from dlbench.measures.catalog import MEASURES
from dlbench.plan.scene import Scene
from dlbench.tui.app import NARROW
from dlbench.tui.keys import KEYS
from dlbench.tui.model.focus import Focus
from dlbench.tui.model.replay import Replay, ReplayPosition
from dlbench.tui.model.source import ListSource
from dlbench.tui.model.view import View
from dlbench.tui.options import DashboardOptions
from dlbench.tui.panes import TABS
from dlbench.tui.themes import PALETTES

CHARTS = ("gradients", "curves", "layers", "pictures")
PRESSED = [(one, one.key.split(",")[0]) for one in KEYS]
"""Every key of the table."""
ALIASES = [(one, face) for one in KEYS for face in one.key.split(",")[1:]]
"""Their other names."""
STEERING = [(one, face) for one, face in PRESSED if one.group in {"Run", "Replay"}]
"""Those that do something else in a replay, or nothing where one may only look."""
SIZES = {"80x24": (80, 24), "200x60": (200, 60)}
"""With one chart in a pane, and with all of them."""
LIVE = {name: ("live", size) for name, size in SIZES.items()}
EVERYWHERE = len(PANES)
"""In so many panes most keys do the same."""
OTHERS = {"replay": ("replay", (120, 40)), "read-only": ("read-only", (80, 24))}
AGAIN = "Ctrl-C again leaves"
SCENE = Scene(["relu", "tanh"], "layers", "update_ratio", 100)
NEXT_THEME = {one.name: PALETTES[(place + 1) % len(PALETTES)].name for place, one in enumerate(PALETTES)}


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """A folder of results: a run under way, and another one that has ended."""
    base, plan = tmp_path_factory.mktemp("keys") / "results", training_run()
    make_folder(base, plan, finished_run(plan), name="other", day=1)
    return make_folder(base, plan, under_way(plan))


@pytest.fixture(scope="module")
def bench(request, results, tmp_path_factory):
    """An app that lives through all keys: live, a replay, or one that may only look."""
    mode, size = request.param
    plan, cwd = training_run(), tmp_path_factory.mktemp("saved")

    def source():
        return (
            Replay(results, start=ReplayPosition(share=0.5), now=lambda: 0.0)
            if mode == "replay"
            else ListSource(under_way(plan))
        )

    options = DashboardOptions(read_only=mode == "read-only")
    made = Bench(View(info_of(plan, SCENE)), source, folder=results, options=options, cwd=cwd, size=size)
    made.mode = mode
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(cwd)
        with made:
            yield made


@dataclass(frozen=True)
class Promise:
    """What holds once a key was pressed, told of (key, what was before, what is after, bench), and what of `Seen` it changes.

    `panes` are those in which it does so; `before` does what has to be done first, and returns what `holds` needs to know.
    """

    holds: Callable
    changes: tuple
    panes: tuple = PANES
    before: Callable = lambda bench: None


def argument(key):
    """What stands between the brackets of an action."""
    return literal_eval(key.action.partition("(")[2].rstrip(")"))


def opens(screen):
    """A key that opens a screen."""
    return Promise(lambda key, was, now, bench: now.screens == (screen,), ("screens",))


def asks(action, **fields):
    """A key that asks the workers for something."""
    wanted = {"session": 0, "action": action} | fields
    return Promise(lambda key, was, now, bench: now.controls == (str(wanted),), ("controls",))


def looks(name, value, panes=PANES):
    """A key that gives an attribute of the focus another value, told by its argument and the value before."""

    def holds(key, was, now, bench):
        return now.focus[name] == value(argument(key) if "(" in key.action else None, was.focus[name])

    return Promise(holds, (name,), panes)


def next_pane(key, was, now, bench):
    """The pane so many further."""
    return now.pane == PANES[(PANES.index(was.pane) + argument(key)) % len(PANES)]


def moved(stops, count):
    """Where a cursor comes to that stands on one of the stops; `None` beyond the last one."""
    if count > 0:
        return next((step for step in stops[stops.index(CURSOR) + count :]), None)
    return stops[max(stops.index(CURSOR) + count, 0)]


def stops(bench):
    """The steps on which the cursor can stand."""
    return bench.app.pane.cursor.stops()


def step(target):
    """A key that moves the cursor in time."""

    def holds(key, was, now, bench):
        return now.focus["step"] == target(key, stops(bench))

    return Promise(holds, ("step",), CHARTS)


def copied(key, was, now, bench):
    """The numbers under the cursor; of the table, its rows."""
    wanted = VARIANTS if now.pane == "compare" else (f"step {CURSOR}", "3 dense", "gradient norm")
    return all(word in now.clipboard for word in wanted)


def written(key, was, now, bench):
    """A picture of the screen, which is of the pane that is on it."""
    tab = next(tab for tab in TABS if tab.name == now.pane)
    return len(now.files) == 1 and tab.short in (bench.cwd / now.files[0]).read_text()


def on_another_row(bench):
    """Put the bar on the second variant, or on a run that is not the one shown."""
    if bench.app.pane.NAME == "compare":
        bench.call(lambda: bench.app.pane.query_one(DataTable).move_cursor(row=1))
    if bench.app.pane.NAME == "runs":
        table = bench.app.pane._table
        row = next(row for row, key in enumerate(table.rows) if "other" in key.value)
        bench.call(lambda: table.move_cursor(row=table.get_row_index(list(table.rows)[row])))


def other_steps(key, was, now, bench):
    """The axis of steps in the pane on the screen, and none else."""
    turned = {name for name in ("log_steps", "log_curve_steps") if now.focus[name] != was.focus[name]}
    return turned == {"log_steps" if now.pane == "gradients" else "log_curve_steps"}


def other_measure(key, was, now, bench):
    """The next or the one before, of the layers' measures, or of pre-training's where that is looked at."""
    if now.pane == "pictures":
        return (was.focus["pretraining"], now.focus["pretraining"]) == ("reconstruction_error", "pseudo_likelihood")
    return now.focus["measure"] == (NEXT if argument(key) > 0 else BEFORE)[was.focus["measure"]]


def chosen(key, was, now, bench):
    """In the table of variants the first trial of the row; in that of runs another run."""
    if was.pane == "compare":
        return not now.focus["follow"] and now.focus["trial"] == 2 * VARIANTS.index(
            bench.app.pane.query_one(DataTable).chosen().variant
        )
    return "other" in now.folder.name and now.pane == "gradients" and bench.app.replay is None


def on_scene(key, was, now, bench):
    """What the lesson names: the first seed of one variant in a pane, the same seed of another beside it, a measure and a step."""
    wanted = {"trial": 2, "beside": 4, "measure": SCENE.measure, "step": SCENE.step, "follow": False, "on_scene": True}
    return now.pane == SCENE.pane and wanted.items() <= now.focus.items()


def over(bench):
    """Lay the list of trials over the picture, where it is narrow."""
    if bench.size[0] < NARROW:
        bench.press("left_square_bracket")
        assert bench.seen().sidebar


FOCUS = tuple(name for name in vars(Focus()) if name != "version")
NEXT = {name: list(MEASURES)[(place + 1) % len(MEASURES)] for place, name in enumerate(MEASURES)}
BEFORE = {later: name for name, later in NEXT.items()}
TRIAL = Promise(lambda key, was, now, bench: now.focus["trial"] == 1 + argument(key), ("trial", "follow"))
PANE = ("pane", "order", "console")
PROMISES = {
    "pane": Promise(lambda key, was, now, bench: now.pane == argument(key), PANE),
    "next_pane": Promise(next_pane, PANE),
    "help": opens("HelpScreen"),
    "diagnosis": opens("DiagnosisScreen"),
    "mend": opens("MendPrompt"),
    "sidebar": Promise(lambda key, was, now, bench: now.sidebar != was.sidebar, ("sidebar",)),
    "filter": opens("FilterPrompt"),
    "scene": Promise(on_scene, ("pane", "order", "console", *FOCUS)),
    "trial": TRIAL,
    "follow": Promise(lambda key, was, now, bench: now.focus["follow"] and now.toasts, ("follow", "toasts")),
    "export": opens("ExportPrompt"),
    "screenshot": Promise(written, ("files", "toasts")),
    "copy": Promise(copied, ("clipboard", "toasts")),
    "theme": Promise(lambda key, was, now, bench: now.theme == NEXT_THEME[was.theme], ("theme", "toasts")),
    "close": Promise(lambda key, was, now, bench: now.sidebar == (bench.size[0] >= NARROW), ("sidebar",), before=over),
    "quit": Promise(lambda key, was, now, bench: now.left == (0,), ("left",)),
    "interrupt": Promise(lambda key, was, now, bench: now.toasts and AGAIN in now.toasts[0], ("toasts",)),
    "suspend_process": Promise(lambda key, was, now, bench: now.suspended == 1, ("suspended",)),
    "step": step(lambda key, there: moved(there, argument(key))),
    "first_step": step(lambda key, there: there[0]),
    "newest_step": step(lambda key, there: None),
    "layer": looks("layer", lambda count, was: was + count, CHARTS),
    "measure": Promise(other_measure, ("measure", "pretraining"), CHARTS),
    "range": looks("fixed_range", lambda _, was: not was, ("gradients", "pictures")),
    "beside": looks("beside", lambda _, was: 3, ("gradients",)),
    # The net of this run has no steps of time to choose.
    "rows": Promise(
        lambda key, was, now, bench: now.toasts and "no recurrent layer" in now.toasts[0], ("toasts",), CHARTS
    ),
    "log": looks("log", lambda _, was: not was),
    "log_steps": Promise(other_steps, ("log_steps", "log_curve_steps"), ("gradients", "curves", "pictures")),
    "curves": looks("curves", lambda _, was: "score"),
    "spread": looks("spread", lambda _, was: "band"),
    "pause": asks("pause"),
    "advance": asks("advance", steps=1),
    "epoch": asks("advance", steps="epoch"),
    "set_lr": opens("RatePrompt"),
    "breakpoint": opens("BreakpointPrompt"),
    "end_trial": opens("EndTrialPrompt"),
    "stop": opens("StopPrompt"),
    "sort": Promise(lambda key, was, now, bench: now.order != was.order, ("order",), ("compare", "runs")),
    "choose": Promise(chosen, ("folder", *PANE, *FOCUS), ("compare", "runs"), on_another_row),
    "overlay": Promise(
        lambda key, was, now, bench: now.overlays != was.overlays, ("overlays", "toasts"), ("runs",), on_another_row
    ),
    "worker": Promise(lambda key, was, now, bench: now.console != was.console, ("console",), ("log",)),
}
"""By action, in a run that is under way."""


def hops(holds):
    """A key that moves a replay."""
    return Promise(lambda key, was, now, bench: holds(was.playback, now.playback), ("playback",))


IN_A_REPLAY = {
    "pause": hops(lambda was, now: now == replace(was, paused=True)),
    "advance": hops(lambda was, now: now.position > was.position and now.paused),
    "event_before": hops(lambda was, now: now.position < was.position and now.paused),
    "speed": Promise(
        lambda key, was, now, bench: now.playback.speed == was.playback.speed * 2.0 ** argument(key), ("playback",)
    ),
    "seek": opens("SeekPrompt"),
    "seek_end": hops(lambda was, now: now.position == now.length and now.paused),
}


def refuses(word):
    """A key that says why it does nothing."""
    return Promise(lambda key, was, now, bench: now.toasts and word in now.toasts[0], ("toasts",))


def promise(key, pane, mode):
    """What a key promises in a pane; `None` is nothing."""
    if mode == "replay" and key.name in IN_A_REPLAY:
        return IN_A_REPLAY[key.name]
    if key.group == "Replay":
        return None
    if key.changes_run and mode != "live":
        return refuses("replay" if mode == "replay" else "read-only")
    found = PROMISES[key.name]
    return found if pane in found.panes else None


def changes(was, now):
    """The names of what is another: of `Seen`, and of the focus."""
    plain = {name for name, value in vars(was).items() if name != "focus" and vars(now)[name] != value}
    return plain | {name for name, value in was.focus.items() if now.focus[name] != value}


def benches(choice):
    """The same app for all panes and keys."""
    return pytest.mark.parametrize("bench", choice.values(), ids=list(choice), indirect=True, scope="module")


@benches(LIVE)
@pytest.mark.parametrize("pane", PANES)
def test_every_key_keeps_its_promise_in_every_pane(bench, pane):
    """A key has the effect that it promises in this pane, and no other; where it promises none, nothing changes.

    In the large window a key that does the same in every pane is pressed in one of them, each in its turn.
    """
    keys = PRESSED if bench.size == SIZES["80x24"] else by_turns(pane, PRESSED)
    assert broken_promises(bench, pane, keys) == {}


def by_turns(pane, keys):
    """The keys that do something else in some panes, and of those that do the same in every pane this pane's share."""
    elsewhere = {name for name, one in PROMISES.items() if len(one.panes) < EVERYWHERE}
    turn = PANES.index(pane)
    return [one for place, one in enumerate(keys) if place % EVERYWHERE == turn or one[0].name in elsewhere]


@benches({"80x24": LIVE["80x24"]})
@pytest.mark.parametrize("pane", PANES)
def test_other_names_of_a_key_do_the_same(bench, pane):
    """A key of several names does by each of them what it promises, where it does the same in every pane in one of them."""
    assert broken_promises(bench, pane, by_turns(pane, ALIASES)) == {}


@benches(OTHERS)
@pytest.mark.parametrize("pane", PANES)
def test_keys_that_steer_a_replay_or_nothing(bench, pane):
    """In a replay they turn its clock or say why they do nothing; with --read-only nothing is asked of the workers."""
    assert broken_promises(bench, pane, STEERING) == {}


def broken_promises(bench, pane, keys):
    """What went wrong with which key; a test of its own for each of thousands would take longer than the keys do."""
    found = {}
    for key, face in keys:
        try:
            press(bench, pane, key, face)
        except AssertionError as error:
            found[face] = str(error)
    return found


def press(bench, pane, key, face):
    """Press a key in a pane, and hold what comes of it against its promise."""
    promised = promise(key, pane, bench.mode)
    bench.show(pane)
    if promised is not None:
        promised.before(bench)
    was = bench.seen()
    bench.press(face)
    if promised is not None:
        bench.until(lambda: promised.holds(key, was, bench.seen(), bench), lambda: f"{was}\n{bench.seen()}")
    changed = changes(was, bench.seen())
    unwanted = changed - set(promised.changes if promised else ())
    assert not unwanted, f"it changed {unwanted}"
    if changed:
        widths = [cell_len(row) for row in bench.rows()]
        assert widths == [bench.size[0]] * bench.size[1], f"rows are {widths} wide"


def test_every_key_promises_something():
    """The promises are those of the keys that there are, each of them in some pane."""
    promised = {**PROMISES, **IN_A_REPLAY}

    assert {key.name for key in KEYS} == set(promised)
    assert all(one.panes for one in promised.values())
