"""Why tabs and footer are widgets of our own: what Textual's would lose, held against the version that is installed."""

import asyncio

import pytest
from shell import make_view, played, rows
from textual.app import App
from textual.binding import Binding
from textual.widgets import Footer, Tab
from textual.widgets import Tabs as TextualTabs

from dlbench.tui.key_table import KeyTable
from dlbench.tui.panes import TABS
from dlbench.tui.widgets.tabs import Tabs

SHOWN = KeyTable().footer("gradients")


class Plain(App):
    """Textual's own tabs and footer, with the panes and the keys of the dashboard."""

    ENABLE_COMMAND_PALETTE = False
    BINDINGS = [  # noqa: RUF012  # as Textual declares it
        Binding(key.key.split(",")[0], f"press({number})", key.label, key_display=key.faces[0])
        for number, key in enumerate(SHOWN)
    ]

    def compose(self):
        yield TextualTabs(*(Tab(f"{number} {tab.title}", id=tab.name) for number, tab in enumerate(TABS, 1)))
        yield Footer(compact=True)

    def action_press(self, number):
        """A key."""


def textual_rows(width):
    """The screen with Textual's widgets, and how many rows its tabs take."""

    async def run():
        app = Plain()
        async with app.run_test(size=(width, 24)) as pilot:
            await pilot.pause()
            return rows(app), app.query_one(TextualTabs).size.height

    return asyncio.run(run())


def own_rows(width):
    """The same of the dashboard."""
    found = []

    async def look(app, pilot):
        await pilot.pause()
        found.append((rows(app), app.query_one(Tabs).size.height))

    played(look, view=make_view(), size=(width, 24))
    return found[0]


@pytest.mark.parametrize("width", [80, 60])
def test_a_narrow_footer_keeps_the_keys_that_nobody_can_do_without(width):
    """Textual's footer is cut at its end, where help and quit stand; ours leaves out what is needed least."""
    textual, _ = textual_rows(width)
    own, _ = own_rows(width)

    assert "q Quit" not in textual[-1]
    assert "? Help" in own[-1]
    assert "q Quit" in own[-1]


def test_narrow_tabs_are_all_there():
    """Textual's tabs scroll out of sight at 60 columns and take two rows; ours become shorter, in one."""
    textual, textual_height = textual_rows(60)
    own, own_height = own_rows(60)

    assert (textual_height, own_height) == (2, 1)
    assert any(tab.short not in textual[0] for tab in TABS)
    assert all(f"{number} {tab.short}" in own[1] for number, tab in enumerate(TABS, 1))


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("text", ["", "relu", "a text that is longer than any tab has room for"])
def test_every_tab_stands_beside_a_filter(width, text):
    """No tab is covered or falls off the screen, with a filter or without; where there is room the filter is told."""
    view = make_view()
    view.focus.filter = text
    shown = []

    async def look(app, pilot):
        await pilot.press("8")
        await pilot.pause()
        shown.append(rows(app)[1])

    played(look, view=view, size=(width, 24))

    assert all(tab.short in shown[0] and str(number) in shown[0] for number, tab in enumerate(TABS, 1))
    assert len(shown[0]) == width
    assert ("filter: " in shown[0]) == ((bool(text) and width >= 100) or (text == "relu" and width >= 80))
