"""What viewers ask of a recorded loop: pause, go on, some steps, stop, another learning rate; done between two steps."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence

from torch import Tensor
from torch.optim import Optimizer

from dlbench.engine.commands import Command, Reply
from dlbench.engine.controls import Controls
from dlbench.engine.pausing import Pausing
from dlbench.plan import Plan
from dlbench.recording.journal import SESSION, STACK, Journal

PAUSED_SECONDS = 0.05
"""How often controls are looked at while paused."""

HEARTBEAT_SECONDS = 1.0

WITHOUT_EPOCHS = 1
"""Steps of an epoch, which nobody knows of a recorded loop: what asks for epochs is answered before it gets there."""

REFUSED = {
    "end_trial": "a recording is one trial, which can be stopped as a whole",
    "breakpoint": "a recorded loop watches for no breakpoints",
}


class RecordingStopped(BaseException):
    """Raised in a recorded loop where someone asked it to stop; the recording's `with` block ends quietly by it.

    It is no `Exception`, so that a loop that passes over errors does not pass over it.
    """


class RecordingControls:
    """Reads the controls of a recording, does them and answers them."""

    def __init__(self, plan: Plan, journal: Journal, optimizers: Sequence[Optimizer]) -> None:
        self._controls = Controls(journal.folder, plan, SESSION, [STACK])
        self._pausing = Pausing()
        self._journal, self._optimizers = journal, optimizers
        self._handled_at = -1.0
        self.is_watched = False
        """Whether the step that comes is one that someone asked to see."""

    @property
    def is_on(self) -> bool:
        """Whether it is paused, or goes step by step."""
        return self._pausing.is_on

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

    def close(self, step: int) -> None:
        """Answer what will not be done any more."""
        self._tell(step, self._pausing.end())

    def _look(self, step: int) -> None:
        for command in self._controls.due(STACK):
            self._tell(step, self._replies(command))
        self._tell(step, self._pausing.proceed(step, WITHOUT_EPOCHS))
        self.is_watched = self._pausing.probes_every_step
        if self._controls.stops(STACK):
            raise RecordingStopped

    def _replies(self, command: Command) -> Iterable[Reply]:
        error = command.error or REFUSED.get(command.action)
        if command.action == "advance" and command.fields.get("steps") == "epoch":
            error = "nobody knows how many steps an epoch of a recorded loop has; ask for a number of steps"
        if command.action == "set_lr" and not self._optimizers:
            error = "the loop moves its weights by hand, so there is no learning rate to set"
        if error is not None or command.action == "stop":
            return [Reply(command, error=error)]
        if command.action == "set_lr":
            return [self._set_rate(command)]
        return self._pausing.apply(command)

    def _set_rate(self, command: Command) -> Reply:
        """Of all optimizers and groups; what a scheduler multiplies from then on, and what it begins from, both change."""
        rate = float(command.fields["lr"])
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
