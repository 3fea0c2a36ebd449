"""What viewers ask of a recorded loop: pause, go on, some steps, stop, another learning rate; done between two steps."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from torch.optim import Optimizer

from dlbench.engine.breakpoints import BreakpointWatch, WatchedLayer
from dlbench.engine.commands import Command, Reply
from dlbench.engine.controls import Controls
from dlbench.engine.pausing import Pausing
from dlbench.measures.catalog import MEASURES
from dlbench.plan import Plan
from dlbench.recording.journal import SESSION, STACK, Journal

PAUSED_SECONDS = 0.05
"""How often controls are looked at while paused."""

HEARTBEAT_SECONDS = 1.0

REFUSED = {"end_trial": "a recording is one trial, which can be stopped as a whole"}


class RecordingStopped(BaseException):
    """Raised in a recorded loop where someone asked it to stop; the recording's `with` block ends quietly by it.

    It is no `Exception`, so that a loop that passes over errors does not pass over it.
    """


class RecordingControls:
    """Reads the controls of a recording, does them and answers them."""

    def __init__(self, plan: Plan, journal: Journal, optimizers: Sequence[Optimizer], *, attended: bool) -> None:
        """`attended`: whether the plan's breakpoints pause the loop, since someone is there who lets it go on."""
        self._controls = Controls(journal.folder, plan, SESSION, [STACK])
        self._pausing = Pausing(plan.breakpoints, attended=attended)
        self._journal, self._optimizers = journal, optimizers
        self._variants = [trial.variant for trial in plan.trials]
        self._of_logs = self._watch_of([])
        self._of_probes: BreakpointWatch | None = None
        self._epoch: float | None = None
        self._epoch_began: int | None = None
        self._steps_per_epoch: int | None = None
        self._handled_at = -1.0
        self.on_rate: Callable[[float], None] | None = None
        """What sets the learning rate besides the optimizers', where a library has one of its own."""
        self.is_watched = False
        """Whether the step that comes is one that someone asked to see."""

    @property
    def is_on(self) -> bool:
        """Whether it is paused, is about to be, or goes step by step."""
        return self._pausing.is_on or self._pausing.is_hit

    @property
    def has_breakpoints(self) -> bool:
        """Whether anything is watched for."""
        return bool(self._pausing.conditions)

    def obey(self, step: int, idle: Callable[[], None]) -> None:
        """Do what is asked before a step, and wait while paused; `idle` is called about once a second meanwhile.

        Raises RecordingStopped where someone asked for it.
        """
        self._look(step)
        if not self._pausing.is_waiting(step):
            return
        idle()
        heard = time.monotonic()
        while self._pausing.is_waiting(step):
            time.sleep(PAUSED_SECONDS)
            if time.monotonic() - heard >= HEARTBEAT_SECONDS:
                heard = time.monotonic()
                idle()
            self._look(step)

    def probed(self, step: int, layers: Sequence[WatchedLayer], fields: Mapping[str, NDArray[Any]]) -> None:
        """Hold the measures `[1][layers]` of a probed step against the breakpoints."""
        if self.has_breakpoints:
            nothing = np.full((1, len(layers)), np.nan)
            measures = {name: np.asarray(fields.get(name, nothing), np.float64) for name in MEASURES}
            self._of_probes = self._of_probes or self._watch_of(layers)
            self._of_probes.probed(step, measures, self._pausing)

    def logged(self, step: int, values: Mapping[str, Any]) -> None:
        """Hold logged numbers against the breakpoints; each record that is kept is an evaluation."""
        if self.has_breakpoints:
            metrics = {name: np.array([value], np.float32) for name, value in values.items()}
            self._of_logs.evaluated(step, metrics, self._pausing)

    def told_epoch(self, epoch: float, step: int) -> None:
        """The loop says which epoch it is in; two ends of epochs tell how long one is."""
        if epoch == self._epoch:
            return
        if self._epoch_began is not None and step > self._epoch_began:
            self._steps_per_epoch = step - self._epoch_began
        self._epoch, self._epoch_began = epoch, step

    def _watch_of(self, layers: Sequence[WatchedLayer]) -> BreakpointWatch:
        return BreakpointWatch(STACK, math.inf, self._variants, layers, self._journal.write)

    def close(self, step: int) -> None:
        """Answer what will not be done any more."""
        self._tell(step, self._pausing.end())

    def _look(self, step: int) -> None:
        for command in self._controls.due(STACK):
            self._tell(step, self._replies(command))
        self._tell(step, self._pausing.proceed(step, self._steps_per_epoch or 1))
        self.is_watched = self._pausing.probes_every_step
        if self._controls.stops(STACK):
            raise RecordingStopped

    def _replies(self, command: Command) -> Iterable[Reply]:
        error = command.error or REFUSED.get(command.action)
        if command.action == "advance" and command.fields.get("steps") == "epoch" and self._steps_per_epoch is None:
            error = "the loop has not told of two epochs yet, by run.log(epoch=...); ask for a number of steps"
        if command.action == "set_lr" and not self._optimizers and self.on_rate is None:
            error = "the loop moves its weights by hand, so there is no learning rate to set"
        if error is not None or command.action == "stop":
            return [Reply(command, error=error)]
        if command.action == "set_lr":
            return [self._set_rate(command)]
        if command.action == "breakpoint":
            for watch in filter(None, (self._of_logs, self._of_probes)):
                watch.forget(command.fields["when"])
        return self._pausing.apply(command)

    def _set_rate(self, command: Command) -> Reply:
        """Of all optimizers and groups; what a scheduler multiplies from then on, and what it begins from, both change."""
        rate = float(command.fields["lr"])
        if self.on_rate is not None:
            try:
                self.on_rate(rate)
            except Exception as error:  # noqa: BLE001  # the library's, which has its own conditions
                return Reply(command, error=f"the learning rate cannot be set: {error}")
        for optimizer in self._optimizers:
            for group in optimizer.param_groups:
                if isinstance(group["lr"], Tensor):
                    group["lr"].fill_(rate)
                else:
                    group["lr"] = rate
        return Reply(command, {"trials": command.fields["trials"], "lr": rate})

    def _tell(self, step: int, replies: Iterable[Reply]) -> None:
        for reply in replies:
            told = {"id": reply.command.id, "action": reply.command.action, "stack": STACK, "step": step}
            self._journal.write("control", **told, error=reply.error, **reply.fields)
