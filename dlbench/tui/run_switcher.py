"""Going over to another run, or laying its curves over these."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from dlbench.errors import DlbenchError
from dlbench.tui.model.view import Overlay

if TYPE_CHECKING:
    from dlbench.run.folder import RunFolder
    from dlbench.tui.app_base import AppBase
    from dlbench.tui.scene_actions import SceneActions


class RunSwitcher:
    """What becomes of the requests of the pane Runs."""

    def __init__(self, app: AppBase, scene: SceneActions) -> None:
        self._app, self._scene = app, scene

    async def show(self, folder: RunFolder) -> None:
        """Show another run, live, from its first picture on; a replay ends."""
        app = self._app
        try:
            feed = app.follow(app.view, folder)
        except DlbenchError as error:
            app.notify(str(error), severity="error", markup=False)
            return
        if app.feed is not None:
            app.feed.stop()
        app.folder, app.replay, app.feed = folder, None, feed
        app.screen.remove_class("-replay")
        feed.start()
        await self._scene.open()

    def overlay(self, folder: RunFolder) -> None:
        """Lay a run's curves over these, or take them away."""
        app, overlays = self._app, self._app.view.overlays
        kept = [overlay for overlay in overlays if overlay.name != folder.name]
        if len(kept) < len(overlays):
            self._overlay(kept, f"removed the curves of {folder.name}")
        elif app.folder is not None and folder.path.resolve() == app.folder.path.resolve():
            app.notify("this run is already on the screen", severity="warning")
        else:
            app.run_worker(partial(self._read, folder), thread=True, exit_on_error=False)

    def _read(self, folder: RunFolder) -> None:
        from dlbench.run.group_events import reader_of
        from dlbench.state.run_state import RunState

        app = self._app
        try:
            state = RunState(folder.read_plan(), histograms=0)
            reader = reader_of(folder)
            while events := reader.poll():
                state.apply(events)
        except DlbenchError as error:
            app.call_from_thread(app.notify, str(error), severity="error", markup=False)
            return
        overlays = [*app.view.overlays, Overlay(folder.name, state)]
        app.call_from_thread(self._overlay, overlays, f"overlaid the curves of {folder.name}")

    def _overlay(self, overlays: list[Overlay], said: str) -> None:
        view = self._app.view
        with view.lock:
            view.overlays[:] = overlays
            view.touch()
        self._app.notify(said, markup=False)
        self._app.redraw()
