"""The dashboard as a whole: what is on the screen at each size, what is drawn and when, how it is left."""

import asyncio
import re
from pathlib import Path

import pytest
from rich.cells import cell_len
from shell import NUMBERS, SIZES, make_view, played, rows, running_view, screen, told
from terminals import finished_run
from tui.quiet import strips

from dlbench.errors import ExitCode
from dlbench.run.folder import RunFolder
from dlbench.tui.app import Dashboard
from dlbench.tui.model.feed import Feed
from dlbench.tui.model.replay import SLOWEST, Replay
from dlbench.tui.model.run_info import run_info
from dlbench.tui.model.source import FolderSource
from dlbench.tui.model.view import View
from dlbench.tui.panes import TABS
from dlbench.tui.panes.runs import RunChosen, RunOverlaid
from dlbench.tui.screens.prompts import ExportTo
from dlbench.tui.themes import ANSI, DARK, PALETTES

NOWHERE = RunFolder(Path("nowhere"))


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
def test_every_size_has_all_lines(size):
    """Status, tabs, words and keys each have one line at every size, and the pane the rest; no row is wider."""

    async def look(app, pilot):
        lines = rows(app)
        assert len(lines) == size[1]
        assert {cell_len(line) for line in lines} == {size[0]}
        assert "DONE" in lines[0]
        assert lines[0].lstrip().startswith("xor")
        assert all(tab.title in lines[1] or tab.short in lines[1] for tab in TABS)
        assert "dense" in lines[-2]
        assert "Quit" in lines[-1]

    played(look, size=size)


@pytest.mark.parametrize("size", [(59, 40), (120, 15), (52, 14), (20, 5), (1, 1)], ids=str)
def test_too_small(size):
    """Below 60x16 there is one message and nothing else; `q` still leaves."""

    async def look(app, pilot):
        words = " ".join(screen(app).split())
        message = f"dlbench needs 60x16 (now {size[0]}x{size[1]}): make the window larger, or press q"
        assert words == message or size[0] < 52
        assert "Quit" not in words
        await pilot.press("q")

    assert played(look, size=size).return_code == 0


def test_tabs_by_key_and_mouse():
    """A digit, Tab, and a click on a tab open panes; each is made when it is first opened."""

    async def look(app, pilot):
        assert app.pane.NAME == "gradients"
        assert len(app.main.query("#panes > *")) == 1
        await pilot.press("2")
        assert app.pane.NAME == "curves"
        await pilot.press("tab")
        assert app.pane.NAME == "layers"
        await pilot.press("shift+tab", "shift+tab", "shift+tab")
        assert app.pane.NAME == "pictures"
        await pilot.click("#tabs", offset=(rows(app)[1].index("Lesson"), 0))
        await pilot.pause()
        assert app.pane.NAME == "lesson"
        await pilot.press("1")
        assert len(app.main.query("#panes > *")) == 5

    played(look)


def test_hidden_panes_cost_nothing():
    """Only the pane on the screen is asked to show what is new."""

    async def look(app, pilot):
        await pilot.press("2", "1")
        await pilot.pause()
        asked = []
        for pane in app.main.query("#panes > *"):
            pane.show = lambda view, name=pane.NAME: asked.append(name)
        app.view.touch()
        app.redraw()
        assert asked == ["gradients"]

    played(look)


def test_nothing_new_draws_nothing():
    """While nothing changes nothing is drawn; one change is drawn once."""

    async def look(app, pilot):
        drawn = []
        app.pane.show = drawn.append
        await pilot.pause(0.2)
        assert drawn == []
        app.view.touch()
        await pilot.pause(0.2)
        assert drawn == [app.view]

    played(look)


def test_sidebar():
    """`[` hides the trials where they stand beside the pane, and lays them over it where there is no room."""

    async def wide(app, pilot):
        assert "Trials 4/4" in screen(app)
        await pilot.press("left_square_bracket")
        await pilot.pause()
        assert "Trials 4/4" not in screen(app)

    async def narrow(app, pilot):
        assert "Trials 4/4" not in screen(app)
        await pilot.press("left_square_bracket")
        await pilot.pause()
        assert "Trials 4/4" in screen(app)
        row = next(y for y, line in enumerate(rows(app)) if re.match(r" .\s+1 ", line))
        await pilot.click(offset=(8, row))
        await pilot.pause()
        assert app.view.focus.trial == 1
        assert "Trials 4/4" not in screen(app)
        await pilot.press("left_square_bracket", "escape")
        await pilot.pause()
        assert "Trials 4/4" not in screen(app)

    played(wide)
    played(narrow, size=(80, 24))


def test_themes_change_in_turn():
    """`T` goes through all themes and back, and every one of them draws the same numbers."""

    async def look(app, pilot):
        for palette in (*PALETTES[1:], PALETTES[0]):
            await pilot.press("T")
            await pilot.pause()
            assert app.appearance.palette is palette
            assert app.theme == palette.name
            assert "dense" in screen(app)
            assert app.style(0, -1) == palette.style(0, -1)

    played(look)


def test_no_color_stays():
    """Without colours `T` changes nothing and says why; values are told by shades."""

    async def look(app, pilot):
        await pilot.press("T")
        assert app.appearance.palette is ANSI
        assert not app.glyphs.in_colour
        assert "NO_COLOR" in told(app)[0]
        colours = [segment.style for strip in strips(app) for segment in strip if segment.style]
        assert colours
        assert all(style.color is None or style.color.is_default for style in colours)
        assert all(style.bgcolor is None or style.bgcolor.is_default for style in colours)

    played(look, palette=ANSI, no_color=True)


@pytest.mark.parametrize("size", [SIZES["60x16"], SIZES["200x60"]], ids=["60x16", "200x60"])
def test_ascii_everywhere(size):
    """With --ascii no pane, no help and no prompt has a letter beyond ASCII, in the smallest window and in a large one."""

    async def look(app, pilot):
        for key in ("1", "2", "3", "4", "5", "6", "7", "8", "question_mark", "escape", "slash", "escape", "e"):
            await pilot.press(key)
            await pilot.pause()
            assert screen(app).isascii(), key

    played(look, size=size, ascii=True)


@pytest.mark.parametrize(
    ("view", "folder", "options", "why"),
    [
        (running_view, NOWHERE, {"read_only": True}, "--read-only"),
        (make_view, NOWHERE, {}, "the run has ended"),
        (running_view, None, {}, "the run has ended"),
    ],
    ids=["read-only", "ended", "no folder"],
)
def test_controls_are_refused(view, folder, options, why):
    """Where nothing can be asked every key that would says why, opens nothing, and writes nothing."""

    async def press(app, pilot):
        for key in ("space", "full_stop", "greater_than_sign", "l", "k", "X", "x"):
            app.clear_notifications()
            await pilot.press(key)
            await pilot.pause()
            assert len(app.screen_stack) == 1
            assert len(told(app)) == 1
            assert why in told(app)[0]

    played(press, view=view(), folder=folder, **options)


def test_interrupt_twice():
    """The first Ctrl-C only says what a second does, in a prompt too; the second leaves with 130."""

    async def press(app, pilot):
        await pilot.press("slash")
        await pilot.press("ctrl+c")
        assert app.return_code is None
        assert told(app) == ["Ctrl-C again leaves"]
        await pilot.press("ctrl+c")

    assert played(press).return_code == ExitCode.INTERRUPTED


def test_interrupt_forgets():
    """Two presses far apart are two first ones."""

    async def press(app, pilot):
        await pilot.press("ctrl+c")
        app.shutdown._armed -= 6
        await pilot.press("ctrl+c")
        await pilot.pause()
        assert app.return_code is None
        assert len(told(app)) == 2

    played(press)


def test_quit_is_zero():
    """`q` leaves with 0."""

    async def press(app, pilot):
        await pilot.press("q")

    assert played(press).return_code == 0


def test_closing_by_itself():
    """In a row of runs the dashboard closes when its run has ended, and not before."""

    async def wait(app, pilot):
        await pilot.pause(0.2)
        assert app.return_code is None
        app.view.status = "done"
        await pilot.pause(0.2)

    assert played(wait, view=running_view(), closes=True).return_code == 0


def test_a_crash_is_kept():
    """An error in a key ends the dashboard with 1, and is kept for whoever reports it."""

    async def scenario():
        app = Dashboard(make_view())
        app.action_help = lambda: 1 / 0
        with pytest.raises(ZeroDivisionError):
            async with app.run_test() as pilot:
                await pilot.press("question_mark")
        return app

    app = asyncio.run(scenario())
    assert app.return_code == 1
    assert isinstance(app.crash, ZeroDivisionError)


def test_trials_in_turn():
    """`n` and `p` go through the list and around its ends, past what the filter hides, and hold what they choose."""

    async def press(app, pilot):
        focus = app.view.focus
        found = []
        for key in ("n", "n", "n", "n", "p"):
            await pilot.press(key)
            found.append(focus.trial)
        assert found == [1, 2, 3, 0, 3]
        assert not focus.follow
        await pilot.press("F")
        await pilot.press("n", "p")
        assert not focus.follow
        focus.filter = "fast"
        focus.trial = 0
        await pilot.press("n", "n", "n")
        assert focus.trial == 2
        focus.filter = "no such trial"
        await pilot.press("n")
        assert focus.trial == 2
        await pilot.press("F")
        assert focus.follow

    played(press)


def test_export(tmp_path):
    """What `e` writes is what `dlbench export` writes, and the toast says where."""

    async def press(app, pilot):
        from dlbench.export import EXPORTERS

        await pilot.press("e")
        await pilot.pause()
        app.screen.dismiss(ExportTo("csv", tmp_path / "table.csv"))
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert (tmp_path / "table.csv").read_text() == EXPORTERS["csv"].make(app.saver.report())
        assert told(app) == [f"written to {tmp_path / 'table.csv'}"]

    played(press)


def test_export_that_cannot_be_written(tmp_path):
    """A file that cannot be written is one toast, and the dashboard stays."""

    async def press(app, pilot):
        await pilot.press("e")
        await pilot.pause()
        app.screen.dismiss(ExportTo("csv", tmp_path / "no" / "table.csv"))
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert "cannot be written" in told(app)[0]
        assert app.crash is None

    played(press)


def test_screenshot(tmp_path, monkeypatch):
    """`s` saves what is on the screen as SVG."""
    monkeypatch.chdir(tmp_path)

    async def press(app, pilot):
        await pilot.press("s")
        await pilot.pause()
        (file,) = tmp_path.glob("*.svg")
        assert told(app) == [f"written to {file}"]
        assert "Gradients" in file.read_text()

    played(press)


def test_copy():
    """`Y` puts the numbers under the cursor into the clipboard."""

    async def press(app, pilot):
        await pilot.press("Y")
        assert app.clipboard.startswith("output")
        assert "step 99" in app.clipboard
        assert app.clipboard.split(" · ")[:2] == [piece.strip() for piece in rows(app)[-2].split(" · ")[:2]]

    view = make_view()
    view.focus.layer = 2
    played(press, view=view)


def live(folder, **options):
    """View and feed of a run on disk."""
    view = View(run_info(folder))
    return {"view": view, "feed": Feed(view, FolderSource(folder), folder), "folder": folder, **options}


async def until(pilot, condition):
    """Wait until something holds."""
    for _ in range(400):
        if condition():
            return
        await pilot.pause(0.025)
    raise AssertionError("it never came")


def test_reading_a_run(tmp_path):
    """Opened on a folder it reads to the end by itself and stops reading when it is closed."""
    folder = finished_run(tmp_path / "results")
    options = live(folder)

    async def look(app, pilot):
        await until(pilot, lambda: "DONE" in rows(app)[0])
        assert "step 100/100" in rows(app)[0]

    app = played(look, **options)
    assert not app.feed._thread.is_alive()


def test_a_pane_whose_widgets_are_not_there_yet_is_not_drawn():
    """Between a pane's own place on the screen and that of its widgets a frame may fall due, as where another run is opened."""

    async def draw(app, pilot):
        pane = app.pane
        await pane.remove_children()
        pane._is_mounted = False
        app.draw()
        assert app.pane is None

    played(draw)


def test_another_run(tmp_path):
    """A run chosen in the pane Runs takes the place of this one, with a cursor of its own; a damaged one is only told."""
    first, second = finished_run(tmp_path / "results"), finished_run(tmp_path / "results")
    broken = RunFolder(tmp_path / "results" / "small" / "nothing")

    async def choose(app, pilot):
        await until(pilot, lambda: "DONE" in rows(app)[0])
        await pilot.press("n")
        app.post_message(RunChosen(broken))
        await until(pilot, lambda: told(app))
        assert "is not a run" in told(app)[0]
        assert app.folder is first
        before = app.feed
        app.post_message(RunChosen(second))
        await until(pilot, lambda: app.folder is second and "DONE" in rows(app)[0])
        assert not before._thread.is_alive()
        assert app.view.focus.trial == 0
        assert app.view.state.stacks[0].metrics.series("test_loss")[-1, 0] == pytest.approx(NUMBERS["test_loss"])

    played(choose, **live(first))


def test_overlays(tmp_path):
    """A run can be laid over this one once and taken away again; this one itself cannot."""
    first, second = finished_run(tmp_path / "results"), finished_run(tmp_path / "results")

    async def lay(app, pilot):
        await until(pilot, lambda: "DONE" in rows(app)[0])
        app.post_message(RunOverlaid(second))
        await until(pilot, lambda: app.view.overlays)
        (overlay,) = app.view.overlays
        assert overlay.name == second.name
        assert overlay.state.stacks[0].metrics.series("test_loss")[-1, 0] == pytest.approx(NUMBERS["test_loss"])
        app.post_message(RunOverlaid(second))
        await until(pilot, lambda: not app.view.overlays)
        app.post_message(RunOverlaid(first))
        await until(pilot, lambda: "this run is already on the screen" in told(app))
        assert app.view.overlays == []

    played(lay, **live(first))


def test_replay_keys(tmp_path):
    """In a replay the same keys turn its clock, its bar is there, and what would change a run says that it is one."""
    folder = finished_run(tmp_path / "results")
    view = View(run_info(folder))
    # Its clock stands, so that it does not come to its end by itself on a slow machine.
    replay = Replay(folder, speed=SLOWEST, now=lambda: 0.0)

    async def press(app, pilot):
        await until(pilot, lambda: view.playback is not None and view.loading is None and "g go to" in rows(app)[-3])
        await pilot.press("right_curly_bracket")
        await until(pilot, lambda: view.playback.speed == 2 * SLOWEST)
        await pilot.press("space")
        await until(pilot, lambda: view.playback.paused and "Resume" in rows(app)[-1])
        await pilot.press("G")
        await until(pilot, lambda: view.playback.position == view.playback.length > 0)
        await pilot.press("comma", "comma", "comma")
        await until(pilot, lambda: view.playback.position < view.playback.length)
        await pilot.press("l")
        assert "replay" in told(app)[0]
        await pilot.press("g")
        await pilot.press(*"100 %".replace(" ", ""), "enter")
        await until(pilot, lambda: view.playback.position == view.playback.length)
        await pilot.click("#replay", offset=(20, 0))
        await until(pilot, lambda: view.playback.position < view.playback.length)
        assert not folder.control_file.exists()

    played(press, view=view, feed=Feed(view, replay, folder), folder=folder, replay=replay)


def test_default_palette_is_dark():
    """Nothing said, it is dark."""
    assert Dashboard(make_view()).appearance.palette is DARK
