"""The one table of keys: bindings, footer, help and documentation are made from it."""

import re
from pathlib import Path

import pytest
from shell import SIZES, make_view, played, rows, running_view, screen, told

from dlbench.run.folder import RunFolder
from dlbench.tui.app import Dashboard
from dlbench.tui.key_table import KeyTable, dispensable
from dlbench.tui.keys import KEYS
from dlbench.tui.panes import TABS
from dlbench.tui.widgets.keys_line import MOST

NAMES = [tab.name for tab in TABS]
NOWHERE = RunFolder(Path("nowhere"))


def test_every_key_has_an_action():
    """Behind every key stands an action of the dashboard, of what it holds, or of a pane or its cursor."""
    app, panes = Dashboard(make_view()), [tab.make() for tab in TABS]
    held = [
        app,
        app.replay_actions,
        app.steering,
        app.focus_actions,
        app.theme_actions,
        app.scene,
        app.diagnosis,
        app.saver,
    ]
    owners = [*held, app.shutdown, *panes, *(pane.cursor for pane in panes)]

    assert [key.key for key in KEYS if not any(hasattr(owner, f"action_{key.name}") for owner in owners)] == []


def test_no_key_twice():
    """No key has two meanings, no action two names."""
    keys = [one for key in KEYS for one in key.key.split(",")]

    assert len(keys) == len(set(keys))
    assert len({key.id for key in KEYS}) == len(KEYS)
    assert all(re.fullmatch(r"[a-z_]+", key.id) for key in KEYS)


def test_every_key_is_bound():
    """Every key of the table is a binding of the dashboard."""
    bound = Dashboard(make_view())._bindings.key_to_bindings

    assert {(name, key.action) for key in KEYS for name in key.names} == {
        (name, binding.action) for name, bindings in bound.items() for binding in bindings
    }


def test_the_groups_hold_every_key_once():
    """A group stands once in the help, and all keys are in one."""
    groups = KeyTable().grouped()

    assert len({group for group, _ in groups}) == len(groups)
    assert [key for _, keys in groups for key in keys] == list(KEYS)


def test_markdown_names_every_key():
    """The documentation's table has one row a key, with all its faces and its sentence."""
    lines = KeyTable().as_markdown().splitlines()

    for key in KEYS:
        faces = ", ".join(f"`{face}`" for face in key.faces)
        assert f"| {faces} | {key.help} | `{key.id}` |" in lines


def test_tabs_name_their_panes():
    """What stands on a tab is what its pane calls itself."""
    assert [(tab.name, tab.title) for tab in TABS] == [(made.NAME, made.TITLE) for made in (tab.make() for tab in TABS)]


@pytest.mark.parametrize("name", NAMES)
def test_common_keys_are_left_out_last(name):
    """A footer ends with the keys that are everywhere; where there is no room the others go first."""
    keys = KeyTable().footer(name)

    assert [key.name for key in keys[-3:]] == ["sidebar", "help", "quit"]
    assert [key.name for key in list(dispensable(keys))[-3:]] == ["sidebar", "help", "quit"]
    assert sorted(key.id for key in dispensable(keys)) == sorted(key.id for key in keys)
    assert {name for key in KEYS for name in key.shown} <= {"*", *NAMES}


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
def test_footer_fits(size):
    """In every pane the footer has at most eight keys, none cut, among them help and quit."""

    async def look(app, pilot):
        for digit, name in enumerate(NAMES, 1):
            await pilot.press(str(digit))
            await pilot.pause()
            shown = {f"{key.faces[0]} {app.active_keys.label(key)}" for key in KeyTable().footer(name)}
            found = set(re.split("  +", rows(app)[-1].strip()))
            assert found <= shown
            assert {"? Help", "q Quit"} <= found
            assert len(found) <= MOST

    played(look, view=running_view(), folder=NOWHERE, size=size)


def test_footer_hides_what_cannot_be_done():
    """Keys that change a run are shown only while there is one that may be changed."""

    async def shown(app, pilot):
        assert {"space Pause", "x Stop"} <= set(re.split("  +", rows(app)[-1].strip()))

    async def hidden(app, pilot):
        assert not {"space Pause", "x Stop"} & set(re.split("  +", rows(app)[-1].strip()))

    played(shown, view=running_view(), folder=NOWHERE)
    played(hidden, view=running_view(), folder=NOWHERE, read_only=True)
    played(hidden, view=make_view(), folder=NOWHERE)


def test_a_click_in_the_footer_is_its_key():
    """What a key does, a click on it in the footer does."""

    async def click(app, pilot):
        await pilot.click("#keys", offset=(rows(app)[-1].index("? Help"), 0))
        await pilot.pause()
        assert "Esc goes back" in screen(app)

    played(click)


def said(app):
    """The words of the help, without its frame."""
    return re.sub(r"\s+", " ", "".join(row[4:-4] for row in rows(app)))


def test_help_tells_every_key():
    """`?` shows every key of the table with its sentence, below what the pane says."""

    async def ask(app, pilot):
        await pilot.press("question_mark")
        await pilot.pause()
        for key in KEYS:
            assert key.help in said(app)
            assert all(face in said(app) for face in key.faces)

    played(ask, size=(100, 240))


def test_help_is_of_the_pane():
    """`?` begins with what the pane on the screen says of itself; Escape goes back to it."""

    async def ask(app, pilot):
        for name in NAMES:
            await app.show_pane(name)
            first = re.sub(r"[*`#]", "", app.pane.HELP.strip()).split()[:4]
            await pilot.press("question_mark")
            await pilot.pause()
            assert " ".join(first) in said(app)
            await pilot.press("escape")
            await pilot.pause()
            assert name == app.pane.NAME
            assert "Esc goes back" not in screen(app)

    played(ask, size=(100, 30))


def test_a_pane_answers_first():
    """A key goes to the pane on the screen where that has an action of its own, else to the dashboard."""

    async def press(app, pilot):
        asked = []
        app.pane.action_copy = lambda: asked.append("pane")
        await pilot.press("Y")
        assert asked == ["pane"]
        del app.pane.action_copy
        await pilot.press("Y")
        await pilot.pause()
        assert asked == ["pane"]
        assert any(text.startswith("copied:") for text in told(app))

    played(press)
