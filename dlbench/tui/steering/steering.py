"""Steering a run: whether its workers may be asked, the keys that ask them, the prompts before, the answers after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dlbench.errors import DlbenchError
from dlbench.metrics.trial_view import Status
from dlbench.run.group import RecordingGroup
from dlbench.tui.model.trials import ended
from dlbench.tui.steering.requests import PendingRequests

if TYPE_CHECKING:
    from dlbench.tui.app_base import AppBase
    from dlbench.tui.steering.prompts import BreakpointRequest, RateRequest


class Steering:
    """All that can be asked of the run on the screen; the keys of the group Run, but for those that a replay takes itself."""

    def __init__(self, app: AppBase) -> None:
        self._app = app
        self.requests = PendingRequests()

    @property
    def refusal(self) -> str | None:
        """Why nothing can be asked of the workers, if so."""
        if self._app.replay is not None:
            return "this is a replay: what has happened cannot be changed"
        if self._app.no_control is not None:
            return self._app.no_control
        if not self._app.is_live:
            return "the run has ended: no worker is there to ask"
        return None

    @property
    def is_paused(self) -> bool:
        """Whether a stack stands still because someone wanted it to."""
        view = self._app.view
        stacks = [view.state.trials[view.focus.trial].stack] if self._group else view.state.stacks
        return any(stack.status is Status.RUNNING and stack.paused for stack in stacks)

    @property
    def _group(self) -> RecordingGroup | None:
        return folder if isinstance(folder := self._app.view.info.folder, RecordingGroup) else None

    def ask(self, action: str, **fields: Any) -> None:
        """Ask something of the workers; what they answer is told as soon as it is read.

        Of a group of recordings, which are processes of their own, only those of the trials in question are asked, else the
        one that is looked at.
        """
        if self._is_refused() or self._app.folder is None:
            return
        try:
            if (group := self._group) is None:
                self.requests.ask(self._app.folder, action, fields)
                return
            own = {"trials": [0]} if "trials" in fields else {}
            for trial in fields.get("trials", [self._app.view.focus.trial]):
                if over := ended(self._app.view.state.trials[trial]):
                    self._app.notify(f"{over} Choose a trial that is at work.", severity="warning", markup=False)
                    continue
                self.requests.ask(group.members[trial].folder, action, fields | own)
        except (DlbenchError, OSError) as error:
            self._app.notify(f"{action}: {error}", severity="error", markup=False)

    def tell_answers(self) -> None:
        """Say what the workers have answered."""
        app = self._app
        if app.replay is not None:
            return
        with app.view.lock:
            found = self.requests.news(app.view.state) if app.view.loading is None else []
        if found and not any(one.is_trouble for one in found):
            # Of acknowledgements the newest is enough.
            app.clear_notifications()
        for one in found:
            app.notify(one.text, severity="warning" if one.is_trouble else "information", markup=False)

    def action_pause(self) -> None:
        """Stand still, or go on."""
        self.ask("resume" if self.is_paused else "pause")

    def action_advance(self) -> None:
        """One step."""
        self.ask("advance", steps=1)

    def action_epoch(self) -> None:
        """One epoch."""
        self.ask("advance", steps="epoch")

    def action_set_lr(self) -> None:
        """Another learning rate."""
        from dlbench.tui.steering.prompts import RatePrompt

        def answer(rate: RateRequest | None) -> None:
            if rate is not None:
                self.ask("set_lr", trials=list(rate.trials), lr=rate.lr)

        if not self._is_refused():
            self._app.push_screen(RatePrompt(self._app.view.focus.trial), answer)

    def action_breakpoint(self) -> None:
        """A condition to pause on."""
        from dlbench.tui.steering.prompts import BreakpointPrompt

        def answer(wanted: BreakpointRequest | None) -> None:
            if wanted is not None:
                self.ask("breakpoint", when=wanted.when, on=wanted.on)

        if not self._is_refused():
            self._app.push_screen(BreakpointPrompt(), answer)

    def action_end_trial(self) -> None:
        """End the chosen trial."""
        from dlbench.tui.steering.prompts import EndTrialPrompt

        trial = self._app.view.focus.trial

        def answer(sure: bool | None) -> None:  # noqa: FBT001  # what a prompt is dismissed with
            if sure:
                self.ask("end_trial", trials=[trial])

        if not self._is_refused():
            self._app.push_screen(EndTrialPrompt(trial), answer)

    def action_stop(self) -> None:
        """End the run."""
        from dlbench.tui.steering.prompts import StopPrompt

        def answer(sure: bool | None) -> None:  # noqa: FBT001  # what a prompt is dismissed with
            if sure:
                self.ask("stop")

        if not self._is_refused():
            self._app.push_screen(StopPrompt(), answer)

    def _is_refused(self) -> bool:
        """Whether nothing can be asked, in which case that is said."""
        refusal = self.refusal
        if refusal is not None:
            self._app.notify(refusal, severity="warning", markup=False)
        return refusal is not None
