"""Between two steps: commands go to the trainer, its replies become events, and what they changed is saved."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from dlbench.engine.commands import CHANGING, Command, Reply
from dlbench.engine.controls import Controls
from dlbench.engine.pausing import Pausing
from dlbench.engine.stack_metrics import Sink
from dlbench.engine.trainer import Trainer


class StepBoundary:
    """What a worker does for those who ask, whenever its trainer is between two steps.

    Nothing that is asked ends a run by an error. `pausing` is the one that the session's trainers share.
    """

    def __init__(self, controls: Controls, pausing: Pausing, write: Sink, save: Callable[[Trainer], None]) -> None:
        """`save` keeps what was changed in a training before anything else happens."""
        self.controls, self.pausing = controls, pausing
        self._write, self._save = write, save
        self._trainer: Trainer | None = None

    def obey(self, trainer: Trainer) -> None:
        """Have everything done that is new, and what was kept for the stack that now begins."""
        if trainer is not self._trainer:
            self._trainer = trainer
            self._tell(trainer, self.pausing.begin_stack())
        for command in self.controls.due(trainer.index):
            self._tell(trainer, self._replies(command, trainer))

    def proceed(self, trainer: Trainer) -> None:
        """Pause where a breakpoint has come true, go on where that was asked for."""
        self._tell(trainer, self.pausing.proceed(trainer.step, trainer.steps_per_epoch))

    def is_waiting(self, trainer: Trainer) -> bool:
        """Whether the worker is paused, with nothing to do but to wait."""
        return self.pausing.is_waiting(trainer.step) and not (trainer.is_idle or self.controls.stops(trainer.index))

    def close(self) -> None:
        """Answer what this session will not do any more."""
        for stack, command in self.controls.left():
            error = f"the session ended before stack {stack} started; ask again after resuming it"
            self._write("control", id=command.id, action=command.action, stack=stack, step=None, error=error)
        if self._trainer is not None:
            self._tell(self._trainer, self.pausing.end())

    def _replies(self, command: Command, trainer: Trainer) -> list[Reply]:
        if command.error is not None or command.action == "stop":  # the controls themselves know of stops
            return [Reply(command, error=command.error)]
        return trainer.apply(command)

    def _tell(self, trainer: Trainer, replies: Iterable[Reply]) -> None:
        for reply in replies:
            place = {"stack": trainer.index, "step": trainer.step}
            identity = {"id": reply.command.id, "action": reply.command.action}
            self._write("control", **identity, **place, error=reply.error, **reply.fields)
            if reply.error is None and reply.command.action in CHANGING:
                self._save(trainer)
