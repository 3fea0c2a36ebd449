"""The help can be typed into: it finds keys and commands, and Enter runs one."""

import pytest
from shell import make_view, played, rows, running_view, screen

from dlbench.measures.catalog import MEASURES
from dlbench.tui.app import Dashboard
from dlbench.tui.help_commands import commands, matching
from dlbench.tui.keys import KEYS
from dlbench.tui.themes import PALETTES


def typed(text):
    """A text as keys to press."""
    return ["space" if letter == " " else letter for letter in text]


def asking(text, then, *, view=None, size=(80, 24)):
    """Open the help, type, and look."""

    async def ask(app, pilot):
        await pilot.press("question_mark", *typed(text))
        await pilot.pause()
        await then(app, pilot)

    return played(ask, view=view, size=size)


def test_every_key_measure_and_theme_is_a_command():
    """What a key does can be found, and so can what has no key of its own; the help itself is there already."""
    titles = [command.title for command in commands(Dashboard(make_view()))]

    assert {key.help for key in KEYS if key.id != "help"} <= set(titles)
    assert {f"Measure: {measure.title}." for measure in MEASURES.values()} <= set(titles)
    assert {f"Theme: {palette.title}." for palette in PALETTES} <= set(titles)
    assert len(titles) == len(set(titles))


@pytest.mark.parametrize(
    ("text", "first"),
    [("M", "previous_measure"), ("m", "next_measure"), ("[", "trials"), ("learning rate", "set_lr"), ("quit", "quit")],
)
def test_the_likeliest_is_first(text, first):
    """The key that was typed comes first, in its very case; else what has words that begin so."""
    found = matching(commands(Dashboard(make_view())), text)

    assert found[0].title == next(key.help for key in KEYS if key.id == first)


def test_every_word_counts():
    """All that is found has every word that was typed, in whatever order; nothing has words of nowhere."""
    everything = commands(Dashboard(make_view()))

    assert [one.title for one in matching(everything, "zeros measure")] == ["Measure: exact zeros."]
    assert matching(everything, "zeros of nowhere") == []
    assert len(matching(everything, "the")) > 5


def test_enter_runs_what_is_marked():
    """Enter runs the first, or the one that the arrows go to; the help has closed before."""

    async def first(app, pilot):
        assert "Measure: saturated" in screen(app)
        await pilot.press("enter")
        await pilot.pause()
        assert app.view.focus.measure == "saturated_fraction"
        assert len(app.screen_stack) == 1

    async def second(app, pilot):
        wanted = matching(commands(app), "pane")[1]
        await pilot.press("down", "enter")
        await pilot.pause()
        assert wanted.faces == ("shift+Tab",)
        assert app.pane.NAME == "pictures"

    asking("saturated", first)
    asking("pane", second)


def test_what_cannot_be_done_is_told_and_not_run():
    """A key that does nothing in a run that has ended is shown as such, and Enter stays in the help."""

    async def look(app, pilot):
        assert "(not now)" in screen(app)
        await pilot.press("enter")
        await pilot.pause()
        assert len(app.screen_stack) == 2

    asking("stop the run", look)


def test_a_command_steers_the_run(tmp_path):
    """Found by its words, a key of the group Run opens its prompt."""

    async def look(app, pilot):
        await pilot.press("question_mark", *typed("checkpoint"))
        await pilot.press("enter")
        await pilot.pause()
        assert type(app.screen).__name__ == "StopPrompt"

    from dlbench.run.folder import RunFolder

    played(look, view=running_view(), folder=RunFolder(tmp_path))


def test_nothing_found_is_said_and_the_text_comes_back():
    """Words of nowhere are answered; without them the pane's own words are there again; `?` typed at once closes."""

    async def look(app, pilot):
        assert "Nothing here has these words." in screen(app)
        await pilot.press(*["backspace"] * 4)
        await pilot.pause()
        assert "Every row is a layer" in screen(app)
        await pilot.press("pagedown")
        await pilot.pause()
        assert "Every row is a layer" not in screen(app)
        await pilot.press("question_mark")
        await pilot.pause()
        assert len(app.screen_stack) == 1

    asking("zzqq", look)


def test_a_click_runs_too():
    """A click on a line is Enter on it."""

    async def look(app, pilot):
        row = next(row for row, text in enumerate(rows(app)) if "Curves: loss" in text)
        await pilot.click(offset=(30, row))
        await pilot.pause()
        assert app.pane.NAME == "curves"

    asking("curves: loss", look)
