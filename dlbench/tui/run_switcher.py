"""Going over to another run, or laying its curves over these."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from dlbench.errors import DlbenchError
from dlbench.tui.model.focus import Focus
from dlbench.tui.model.run_info import run_info
from dlbench.tui.model.view import Overlay, View
from dlbench.tui.snapshot_saver import SnapshotSaver

if TYPE_CHECKING:
    from dlbench.run.folder import RunFolder
    from dlbench.tui.model.feed import Feed
    from dlbench.tui.panes.runs import RunChosen, RunOverlaid


class RunSwitcher(SnapshotSaver):
    """What becomes of the wishes of the pane Runs."""

    feed: Feed | None = None

    async def show_pane(self, name: str) -> None:
        """Open a pane."""
        raise NotImplementedError

    async def on_run_chosen(self, message: RunChosen) -> None:
        """Show another run, live, from its first picture on; a replay ends."""
        from dlbench.tui.model.feed import Feed
        from dlbench.tui.model.source import FolderSource

        folder = message.folder
        try:
            info = run_info(folder)
        except DlbenchError as error:
            self.notify(str(error), severity="error", markup=False)
            return
        if self.feed is not None:
            self.feed.stop()
        fresh, view = View(info), self.view
        with view.lock:
            view.begin(info, fresh.state)
            view.loading, view.status, view.problem, view.playback = 0.0, fresh.status, None, None
            view.overlays.clear()
            view.focus = Focus(version=view.focus.version + 1, measure=view.focus.measure)
        self.folder, self.replay, self.feed = folder, None, Feed(view, FolderSource(folder), folder)
        self.screen.remove_class("-replay")
        self.feed.start()
        await self.show_pane("gradients")

    def on_run_overlaid(self, message: RunOverlaid) -> None:
        """Lay a run's curves over these, or take them away."""
        name = message.folder.name
        kept = [overlay for overlay in self.view.overlays if overlay.name != name]
        if len(kept) < len(self.view.overlays):
            self._overlay(kept, f"{name} is taken away")
        elif self.folder is not None and message.folder.path.resolve() == self.folder.path.resolve():
            self.notify("this run is shown already", severity="warning")
        else:
            self.run_worker(partial(self._read, message.folder), thread=True, exit_on_error=False)

    def _read(self, folder: RunFolder) -> None:
        from dlbench.run.events import EventReader
        from dlbench.state.run_state import RunState

        try:
            state = RunState(folder.read_plan(), histograms=0)
            reader = EventReader(folder)
            while events := reader.poll():
                state.apply(events)
        except DlbenchError as error:
            self.call_from_thread(self.notify, str(error), severity="error", markup=False)
            return
        overlays = [*self.view.overlays, Overlay(folder.name, state)]
        self.call_from_thread(self._overlay, overlays, f"the curves of {folder.name} lie over these")

    def _overlay(self, overlays: list[Overlay], said: str) -> None:
        with self.view.lock:
            self.view.overlays[:] = overlays
            self.view.touch()
        self.notify(said, markup=False)
        self.redraw()
