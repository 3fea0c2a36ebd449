"""Keys that steer: a run by asking its workers, or a replay by turning its clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dlbench.errors import DlbenchError
from dlbench.metrics.trial_view import Status
from dlbench.tui.shutdown import Shutdown
from dlbench.tui.steering.requests import PendingRequests

if TYPE_CHECKING:
    from dlbench.tui.screens.prompts import SeekTarget
    from dlbench.tui.steering.prompts import BreakpointRequest, RateRequest


class Steering(Shutdown):
    """The actions of the groups Run and Replay."""

    questions: PendingRequests

    @property
    def goes_on(self) -> bool:
        """Whether a run is under way that leaving does not end."""
        return self.replay is None and self.folder is not None and self.view.status == "running"

    @property
    def is_paused(self) -> bool:
        """Whether what is looked at stands still because someone wanted it to."""
        if self.replay is not None:
            return self.replay.playback.paused
        return any(stack.status is Status.RUNNING and stack.paused for stack in self.view.state.stacks)

    @property
    def refusal(self) -> str | None:
        """Why nothing can be asked of the workers, if so."""
        if self.replay is not None:
            return "this is a replay: what has happened cannot be changed"
        if self.read_only:
            return "this dashboard only looks: it was opened with --read-only"
        if not self.goes_on:
            return "the run has ended: there is nobody to ask"
        return None

    def ask(self, action: str, **fields: Any) -> None:
        """Ask something of the workers; what they answer is told as soon as it is read."""
        if self.refusal is not None or self.folder is None:
            self.notify(self.refusal or "", severity="warning", markup=False)
            return
        try:
            self.questions.ask(self.folder, action, fields)
        except (DlbenchError, OSError) as error:
            self.notify(f"{action}: {error}", severity="error", markup=False)

    def tell_news(self) -> None:
        """Say what the workers have answered."""
        with self.view.lock:
            found = self.questions.news(self.view.state) if self.view.loading is None and self.replay is None else []
        if found and not any(news.is_trouble for news in found):
            # Of acknowledgements the newest is enough.
            self.clear_notifications()
        for news in found:
            self.notify(news.text, severity="warning" if news.is_trouble else "information", markup=False)

    def action_pause(self) -> None:
        """Stand still, or go on."""
        if self.replay is not None:
            self.replay.pause()
        else:
            self.ask("resume" if self.is_paused else "pause")

    def action_advance(self) -> None:
        """One step."""
        if self.replay is not None:
            self.replay.advance(self._stack)
        else:
            self.ask("advance", steps=1)

    def action_epoch(self) -> None:
        """One epoch."""
        self.ask("advance", steps="epoch")

    def action_rate(self) -> None:
        """Another learning rate."""
        from dlbench.tui.steering.prompts import RatePrompt

        def answer(rate: RateRequest | None) -> None:
            if rate is not None:
                self.ask("rate", trials=list(rate.trials), lr=rate.lr)

        if not self._refused():
            self.push_screen(RatePrompt(self.view.focus.trial), answer)

    def action_breakpoint(self) -> None:
        """A condition to pause on."""
        from dlbench.tui.steering.prompts import BreakpointPrompt

        def answer(watch: BreakpointRequest | None) -> None:
            if watch is not None:
                self.ask("breakpoint", when=watch.when, on=watch.on)

        if not self._refused():
            self.push_screen(BreakpointPrompt(), answer)

    def action_drop(self) -> None:
        """End the chosen trial."""
        from dlbench.tui.screens.prompts import ConfirmDrop

        trial = self.view.focus.trial

        def answer(sure: bool | None) -> None:  # noqa: FBT001  # what a prompt is dismissed with
            if sure:
                self.ask("drop", trials=[trial])

        if not self._refused():
            self.push_screen(ConfirmDrop(trial), answer)

    def action_stop(self) -> None:
        """End the run."""
        from dlbench.tui.screens.prompts import ConfirmStop

        def answer(sure: bool | None) -> None:  # noqa: FBT001  # what a prompt is dismissed with
            if sure:
                self.ask("stop")

        if not self._refused():
            self.push_screen(ConfirmStop(), answer)

    def action_event_before(self) -> None:
        """To the event before."""
        if self.replay is not None:
            self.replay.back(self._stack)

    def action_speed(self, doublings: int) -> None:
        """Faster or slower."""
        if self.replay is not None:
            self.replay.faster(2.0**doublings)

    def action_seek(self) -> None:
        """To a place that is asked for."""
        from dlbench.tui.screens.prompts import SeekPrompt

        def answer(target: SeekTarget | None) -> None:
            if target is not None and self.replay is not None:
                self.replay.seek(step=target.step, share=target.share or 0.0, stack=self._stack)

        if self.replay is not None:
            self.push_screen(SeekPrompt(), answer)

    def action_seek_end(self) -> None:
        """To the end."""
        if self.replay is not None:
            self.replay.seek(share=1.0)

    @property
    def _stack(self) -> int:
        """The stack of the chosen trial, whose events a replay hops between."""
        trials = self.view.state.trials
        return trials[self.view.focus.trial].stack.index if trials else 0

    def _refused(self) -> bool:
        if self.refusal is not None:
            self.notify(self.refusal, severity="warning", markup=False)
        return self.refusal is not None
