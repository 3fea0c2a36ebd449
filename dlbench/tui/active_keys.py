"""Which keys do something now, and what the footer and the command palette call them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dlbench.tui.model.rows import has_times

if TYPE_CHECKING:
    from dlbench.tui.app_base import AppBase
    from dlbench.tui.keys import Key
    from dlbench.tui.replay_actions import ReplayActions
    from dlbench.tui.steering.steering import Steering


class ActiveKeys:
    """The table of keys as the run on the screen allows it: live, in a replay, or where nothing may be asked."""

    def __init__(self, app: AppBase, steering: Steering, replay_actions: ReplayActions) -> None:
        self._app, self._steering, self._replay_actions = app, steering, replay_actions

    def can(self, key: Key) -> bool:
        """Whether a key does something now."""
        view, is_replay = self._app.view, self._app.replay is not None
        if key.group == "Replay":
            return is_replay
        if key.name == "scene":
            return view.info.questions.lesson.scene is not None and not view.focus.on_scene
        if key.name == "rows":
            return has_times(view, view.focus.trial)
        if key.changes_run and not (is_replay and key.name in {"pause", "advance"}):
            return self._steering.refusal is None
        return True

    def label(self, key: Key) -> str:
        """The word of a key in the footer."""
        if key.name != "pause":
            return key.label
        pausing = self._steering if self._app.replay is None else self._replay_actions
        return "Resume" if pausing.is_paused else key.label
