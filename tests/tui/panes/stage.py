"""A dashboard with one pane and no feed: what a test puts into the view is what is drawn."""

from textual.screen import Screen
from tui.quiet import strips

from dlbench.tui.app import Dashboard
from dlbench.tui.charts.glyphs import UNICODE
from dlbench.tui.options import DashboardOptions


class Stage(Dashboard):
    """One pane alone on the screen."""

    CSS_PATH = None

    def __init__(self, pane, view, *, glyphs=UNICODE, language="en"):
        super().__init__(view, options=DashboardOptions(language=language))
        self.appearance.glyphs, self._only = glyphs, pane()

    def get_default_screen(self):
        return Screen()

    def compose(self):
        yield self._only

    def on_mount(self, event):
        """No timer and no feed: the test says when."""
        event.prevent_default()

    @property
    def pane(self):
        return self._only

    def redraw(self):
        with self.view.lock, self.batch_update():
            self._only.show(self.view)

    def rows(self):
        """The screen as text, one string a row."""
        return [strip.text for strip in strips(self)]

    def frame(self):
        """The screen as one text."""
        return "\n".join(row.rstrip() for row in self.rows())


async def act(pilot, *actions):
    """Let the pane do what keys ask of it, as `name` or (name, argument), and wait until all is drawn."""
    for action in actions:
        name, *arguments = (action,) if isinstance(action, str) else action
        await pilot.app.run_action(("", name, tuple(arguments)))
        await pilot.pause()


async def shown(pilot):
    """Draw what the view holds, and wait for it."""
    pilot.app.redraw()
    await pilot.pause()
    return pilot.app.frame()
