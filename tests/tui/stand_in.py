"""An app that draws nothing and remembers what it is asked to do: the dashboard as its objects see it."""

from contextlib import suppress

from shell import make_view

from dlbench.tui.app_base import AppBase
from dlbench.tui.model.feed import follow
from dlbench.tui.options import DashboardOptions
from dlbench.tui.screens.prompt import Prompt


class StandIn:
    """What the objects of a dashboard rely on, without a terminal, a loop or Textual."""

    is_headless = True
    is_web = False
    follow = staticmethod(follow)
    language = "en"
    options = DashboardOptions()

    def __init__(self, view=None, *, folder=None, replay=None, read_only=False):
        self.view, self.folder, self.replay, self.read_only = view or make_view(), folder, replay, read_only
        self.feed, self.screen = None, self
        self.told, self.pushed, self.left, self.panes, self.copied = [], [], [], [], []
        self.redrawn = self.cleared = 0
        self.selected = None
        self._classes = {"-replay"} if replay else set()

    @property
    def no_control(self):
        """Why nothing may be changed."""
        return AppBase.no_control.fget(self)

    @property
    def is_live(self):
        """Whether a run is under way."""
        return self.replay is None and self.folder is not None and self.view.status == "running"

    def notify(self, text, *, severity="information", **_):
        """Remember a toast."""
        self.told.append((severity, text))

    def clear_notifications(self):
        """Count it."""
        self.cleared += 1

    def push_screen(self, screen, answer=None):
        """Remember a prompt, and who waits for its answer."""
        assert isinstance(screen, Prompt)
        self.pushed.append((screen, answer))

    def redraw(self):
        """Count it."""
        self.redrawn += 1

    def exit(self, *, return_code):
        """Remember how it was left."""
        self.left.append(return_code)

    def copy_to_clipboard(self, text):
        """Remember it."""
        self.copied.append(text)

    def get_selected_text(self):
        """What the mouse has selected."""
        return self.selected

    def clear_selection(self):
        """Nothing is selected any more."""
        self.selected = None

    def remove_class(self, name):
        """Of the screen."""
        with suppress(KeyError):
            self._classes.remove(name)

    async def show_pane(self, name):
        """Remember it."""
        self.panes.append(name)

    def run_worker(self, work, **_):
        """Do it at once."""
        work()

    def call_from_thread(self, work, *arguments, **named):
        """Do it at once."""
        return work(*arguments, **named)

    def export_screenshot(self, *, title):
        """The screen."""
        return f"<svg>{title}</svg>"
