"""The scene of the lesson: a dashboard opens on it, keeps to it until someone moves, and comes back to it by a key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dlbench.analysis.scene import staged
from dlbench.measures.catalog import MEASURES
from dlbench.tui.model.follow import follow, look_at
from dlbench.tui.panes import TABS

if TYPE_CHECKING:
    from dlbench.analysis.scene import Staged
    from dlbench.plan.scene import Scene
    from dlbench.tui.app_base import AppBase
    from dlbench.tui.model.view import View

IN_TIME = frozenset({"advance", "epoch", "event_before", "seek", "seek_end"})
"""Actions that go on in the training, or to another time of a replay: whoever asks for one looks at where that is."""


class SceneActions:
    """Puts the focus on the scene that the run's lesson names; a run whose lesson names none is shown as any."""

    def __init__(self, app: AppBase) -> None:
        self._app = app

    @property
    def scene(self) -> Scene | None:
        """Of the run on the screen; `None` too where its first variant is not there."""
        view = self._app.view
        scene = view.info.questions.lesson.scene
        return scene if scene is not None and staged(scene, view.state) is not None else None

    async def open(self) -> None:
        """The first picture of a run: its scene, or where it has none the first pane."""
        scene = self.scene if self._app.options.opens_scene else None
        panes = [tab.name for tab in TABS]
        await self._app.show_pane(scene.pane if scene is not None and scene.pane in panes else panes[0])
        if scene is not None:
            view = self._app.view
            with view.lock:
                begin(view, scene)

    async def action_scene(self) -> None:
        """Back to the scene."""
        if self.scene is None:
            self._app.notify("the lesson of this run names no scene", severity="warning")
            return
        view = self._app.view
        await self._app.show_pane(self.scene.pane)
        with view.lock:
            begin(view, self.scene)
        self._app.redraw()

    def keep(self) -> None:
        """Keep the focus where it belongs as the run goes on; called with the view's lock held.

        That is the scene, whose step may have come only now, as long as nobody has moved; then whatever trial is followed.
        """
        view = self._app.view
        if view.focus.on_scene and view.scene is not None:
            found = staged(view.scene.scene, view.state, view.focus.trial)
            if found is not None and found != view.scene:
                put(view, found)
        elif view.loading is None and (trial := follow(view)) != view.focus.trial:
            look_at(view, trial)

    def before(self, action: str) -> None:
        """Let go of the scene's step where someone goes on in time."""
        focus = self._app.view.focus
        if focus.on_scene and action in IN_TIME:
            focus.step = None


def begin(view: View, scene: Scene) -> None:
    """Look at a scene from its beginning: the first seed, or the first in which its step is found."""
    found = staged(scene, view.state)
    if found is None:
        return
    view.focus.filter = ""
    if scene.measure in MEASURES:
        view.focus.measure = scene.measure
    if scene.pane == "curves":
        view.focus.spread = "trial"
    put(view, found)


def put(view: View, found: Staged) -> None:
    """Put the focus on a scene as it is played now."""
    focus = view.focus
    focus.trial, focus.beside, focus.follow = found.trial, found.beside, False
    focus.step, focus.pretrained = found.step, None
    if found.layer is not None:
        focus.layer = found.layer
    view.scene, focus.on_scene = found, True
