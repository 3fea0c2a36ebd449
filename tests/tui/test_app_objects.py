"""The objects that a dashboard is composed of, each by itself: no app, no terminal, a stand-in that remembers."""

import asyncio

import pytest
from shell import running_view
from stand_in import StandIn
from terminals import new_run
from textual.filter import DimFilter, Monochrome, NoColor

from dlbench.errors import ExitCode
from dlbench.export import exported
from dlbench.tui.active_keys import ActiveKeys
from dlbench.tui.appearance import Appearance
from dlbench.tui.charts.glyphs import ASCII, SHADES, UNICODE
from dlbench.tui.filters import AsciiFilter, PrintableFilter
from dlbench.tui.focus_actions import FocusActions, neighbour
from dlbench.tui.keys import KEYS
from dlbench.tui.model.view import Playback
from dlbench.tui.options import DashboardOptions
from dlbench.tui.replay_actions import ReplayActions
from dlbench.tui.run_switcher import RunSwitcher
from dlbench.tui.scene_actions import SceneActions
from dlbench.tui.screens.prompts import ExportPrompt, ExportTo, FilterPrompt, SeekPrompt, SeekTarget
from dlbench.tui.shutdown import ARMED_SECONDS, Shutdown
from dlbench.tui.snapshot_saver import SnapshotSaver
from dlbench.tui.steering.steering import Steering
from dlbench.tui.themes import ANSI, DARK, PALETTES


class Turned:
    """A replay that remembers how its clock was turned."""

    def __init__(self):
        self.calls, self.playback = [], Playback(1.0, 2.0, 1.0, paused=True)

    def __getattr__(self, name):
        return lambda *arguments, **named: self.calls.append((name, arguments, named))


def test_keys_turn_the_clock_of_a_replay():
    """Each key of the group is one turn of the clock, between the events of the chosen trial's stack."""
    app = StandIn(replay=Turned())
    app.view.focus.trial = 2
    stack = app.view.state.trials[2].stack.index
    actions = ReplayActions(app)
    actions.action_pause()
    actions.action_advance()
    actions.action_event_before()
    actions.action_speed(-1)
    actions.action_seek_end()

    assert stack == 1
    assert actions.is_paused
    assert app.replay.calls == [
        ("pause", (), {}), ("advance", (1,), {}), ("back", (1,), {}), ("faster", (0.5,), {}), ("seek", (), {"share": 1.0}),
    ]  # fmt: skip


def test_a_replay_seeks_where_it_is_told():
    """The prompt's answer is the place; without one the clock stays."""
    app = StandIn(replay=Turned())
    ReplayActions(app).action_seek()
    ((screen, respond),) = app.pushed
    respond(None)
    respond(SeekTarget(step=500))

    assert isinstance(screen, SeekPrompt)
    assert app.replay.calls == [("seek", (), {"step": 500, "share": 0.0, "stack": 0})]


def test_trials_are_chosen_around_the_ends_of_the_list():
    """One further than the last is the first; a chosen trial is held."""
    app = StandIn()
    actions = FocusActions(app)
    app.view.focus.follow = True
    actions.action_trial(-1)

    assert (app.view.focus.trial, app.view.focus.follow, app.redrawn) == (3, False, 1)
    actions.action_trial(1)
    assert app.view.focus.trial == 0


def test_no_trial_is_chosen_where_none_is_listed():
    """A filter that lets nothing through leaves the focus where it is."""
    app = StandIn()
    app.view.focus.filter = "no such variant"
    FocusActions(app).action_trial(1)

    assert neighbour(app.view, 1) is None
    assert (app.view.focus.trial, app.redrawn) == (0, 0)


def test_what_is_looked_at_changes_and_is_drawn():
    """Each key of the focus changes one thing of it, there and back, and draws."""
    app = StandIn()
    actions, focus = FocusActions(app), app.view.focus
    before = (focus.log, focus.curves, focus.spread, focus.follow)
    for times in range(1, 7):
        for name in ("log", "curves", "spread", "follow"):
            getattr(actions, f"action_{name}")()
        now = (focus.log, focus.curves, focus.spread, focus.follow)
        assert times > 1 or all(was != now[place] for place, was in enumerate(before))

    assert now == before
    assert app.redrawn == 24
    actions.action_filter()
    assert isinstance(app.pushed[0][0], FilterPrompt)


def test_the_table_is_written_where_the_prompt_says(tmp_path):
    """An export is the table that the exporter makes of the report as of now."""
    app = StandIn()
    saver = SnapshotSaver(app)
    saver.action_export()
    ((screen, respond),) = app.pushed
    respond(None)
    respond(ExportTo("csv", tmp_path / "table.csv"))

    assert isinstance(screen, ExportPrompt)
    assert (tmp_path / "table.csv").read_text() == exported("csv", saver.report(), "en")
    assert app.told == [("information", f"written to {tmp_path / 'table.csv'}")]


def test_what_cannot_be_written_is_told(tmp_path):
    """A folder that is not there is an error in words, and no crash."""
    app = StandIn()
    SnapshotSaver(app).action_export()
    app.pushed[0][1](ExportTo("csv", tmp_path / "nowhere" / "table.csv"))

    ((severity, text),) = app.told
    assert severity == "error"
    assert "cannot be written" in text


def test_a_screenshot_is_named_after_the_run(tmp_path, monkeypatch):
    """Its file has the run's name, in signs that any file system takes; of several in one second none takes another's place."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("time.strftime", lambda _: "171500")
    for _ in range(3):
        SnapshotSaver(StandIn()).action_screenshot()

    names = [f"small-20260101-120000-171500{end}.svg" for end in ("", "-2", "-3")]
    assert {file.name for file in tmp_path.iterdir()} == set(names)
    file = tmp_path / names[0]
    assert file.read_text() == "<svg>dlbench small/20260101-120000</svg>"


def test_another_run_begins_from_its_first_picture(tmp_path):
    """The view is blank and loads, a replay ends, and what was laid over is gone; the measure stays."""
    app = StandIn(replay=Turned(), folder=new_run(tmp_path / "first"))
    app.view.focus.measure, app.view.focus.trial = "weight_norm", 3
    other = new_run(tmp_path / "other")
    asyncio.run(RunSwitcher(app, SceneActions(app)).show(other))
    app.feed.stop()

    assert (app.folder, app.replay, app.panes) == (other, None, ["gradients"])
    assert (app.view.focus.measure, app.view.focus.trial) == ("weight_norm", 0)
    assert app.view.info.name == other.name


def test_a_folder_that_is_no_run_leaves_all_as_it_is(tmp_path):
    """What cannot be opened is told, and the run on the screen stays."""
    app = StandIn(folder=new_run(tmp_path / "first"))
    before, other = app.view.info, new_run(tmp_path / "other")
    other.plan_file.unlink()
    asyncio.run(RunSwitcher(app, SceneActions(app)).show(other))

    assert app.view.info is before
    assert [severity for severity, _ in app.told] == ["error"]


def test_curves_are_laid_over_and_taken_away(tmp_path):
    """The same key lays a run's curves over these and takes them away; not those of the run itself."""
    app = StandIn(folder=new_run(tmp_path / "first"))
    switcher, other = RunSwitcher(app, SceneActions(app)), new_run(tmp_path / "other")
    switcher.overlay(other)
    assert [overlay.name for overlay in app.view.overlays] == [other.name]
    switcher.overlay(other)
    assert app.view.overlays == []
    switcher.overlay(app.folder)

    assert app.view.overlays == []
    assert app.told[-1] == ("warning", "this run is already on the screen")


def test_interrupt_takes_two_presses_in_a_few_seconds():
    """The first press says what the second does; too late a second one is a first."""
    now = [0.0]
    app = StandIn()
    shutdown = Shutdown(app, now=lambda: now[0])
    shutdown.action_interrupt()
    now[0] += ARMED_SECONDS + 0.1
    shutdown.action_interrupt()
    assert (app.left, len(app.told)) == ([], 2)
    now[0] += ARMED_SECONDS - 0.1
    shutdown.action_interrupt()

    assert app.left == [ExitCode.INTERRUPTED]


def test_interrupt_copies_what_is_selected():
    """A selection is copied instead, and does not count as a press."""
    app = StandIn()
    app.selected = "0.25"
    shutdown = Shutdown(app)
    shutdown.action_interrupt()
    shutdown.action_interrupt()

    assert (app.copied, app.left) == (["0.25"], [])


def test_leaving_says_that_a_run_goes_on(tmp_path):
    """Only of a run under way it is said that it goes on; quitting is no failure."""
    live, over = StandIn(running_view(), folder=new_run(tmp_path)), StandIn()
    for app in (live, over):
        Shutdown(app).action_interrupt()
        Shutdown(app).action_quit()

    assert ["the run goes on" in text for app in (live, over) for _, text in app.told] == [True, False]
    assert live.left == over.left == [ExitCode.DONE]


@pytest.mark.parametrize(
    ("change", "groups"),
    [({}, {"Run"}), ({"read_only": True}, set()), ({"replay": Turned()}, {"Replay"}), ({"folder": None}, set())],
)
def test_keys_are_active_where_they_do_something(tmp_path, change, groups):
    """Steering is for live runs, the clock for replays, which take pause and one step too; all else is always there."""
    app = StandIn(**{"view": running_view(), "folder": new_run(tmp_path)} | change)
    keys = ActiveKeys(app, Steering(app), ReplayActions(app))
    active = {key.name for key in KEYS if keys.can(key)}
    named = {group: {key.name for key in KEYS if key.group == group} for group in ("Run", "Replay")}

    for group, names in named.items():
        taken = {"pause", "advance"} if group == "Run" and app.replay else set()
        assert names & active == (names if group in groups else taken)
    assert {"quit", "help", "trial"} <= active
    assert "rows" not in active


def test_pause_is_called_what_it_will_do():
    """Where what is looked at stands still, the key lets it go on."""
    pause = next(key for key in KEYS if key.name == "pause")
    live, replay = StandIn(running_view()), StandIn(replay=Turned())

    assert ActiveKeys(live, Steering(live), ReplayActions(live)).label(pause) == "Pause"
    assert ActiveKeys(replay, Steering(replay), ReplayActions(replay)).label(pause) == "Resume"


def test_themes_go_round_with_their_characters():
    """After the last palette comes the first; each brings the characters that it can draw with, and styles of its own."""
    look = Appearance(DashboardOptions())
    seen = []
    for _ in PALETTES:
        seen.append((look.palette, look.glyphs, look.style(0, -1) == look.palette.style(0, -1)))
        look.take(look.following)

    assert look.palette is DARK
    assert [palette for palette, _, _ in seen] == list(PALETTES)
    assert all(same for *_, same in seen)
    assert {glyphs is UNICODE if palette.in_colour else glyphs is SHADES for palette, glyphs, _ in seen} == {True}


def test_lines_go_through_our_filters():
    """Textual's greys give way to no colour at all, text that a terminal would obey and letters that it lacks to ours."""
    textuals = [Monochrome(), DimFilter()]
    plain = Appearance(DashboardOptions()).filters(textuals)
    bare = Appearance(DashboardOptions(palette=ANSI, no_color=True, ascii=True))

    assert [type(one) for one in plain] == [DimFilter, PrintableFilter]
    assert [type(one) for one in bare.filters(textuals)] == [DimFilter, NoColor, PrintableFilter, AsciiFilter]
    assert bare.glyphs is ASCII
