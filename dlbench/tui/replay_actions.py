"""Keys that turn the clock of a replay."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dlbench.tui.app_base import AppBase
    from dlbench.tui.model.replay import Replay
    from dlbench.tui.screens.prompts import SeekTarget


class ReplayActions:
    """The keys of the group Replay, and what pause and one step mean in a replay; asked only while there is one."""

    def __init__(self, app: AppBase) -> None:
        self._app = app

    @property
    def _replay(self) -> Replay:
        assert self._app.replay is not None
        return self._app.replay

    @property
    def is_paused(self) -> bool:
        """Whether its clock stands."""
        return self._replay.playback.paused

    def action_pause(self) -> None:
        """Stop the clock, or let it go on."""
        self._replay.pause()

    def action_advance(self) -> None:
        """To the next event."""
        self._replay.advance(self._stack)

    def action_event_before(self) -> None:
        """To the event before."""
        self._replay.back(self._stack)

    def action_speed(self, doublings: int) -> None:
        """Faster or slower."""
        self._replay.faster(2.0**doublings)

    def action_seek(self) -> None:
        """To a place that is asked for."""
        from dlbench.tui.screens.prompts import SeekPrompt

        def answer(target: SeekTarget | None) -> None:
            if target is not None:
                self._replay.seek(step=target.step, share=target.share or 0.0, stack=self._stack)

        self._app.push_screen(SeekPrompt(), answer)

    def action_seek_end(self) -> None:
        """To the end."""
        self._replay.seek(share=1.0)

    @property
    def _stack(self) -> int:
        """The stack of the chosen trial, whose events a replay hops between."""
        view = self._app.view
        trials = view.state.trials
        return trials[view.focus.trial].stack.index if trials else 0
