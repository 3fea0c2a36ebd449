"""A training whose viewers are part of the test: what they ask, and before which step."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from cases import Events, trainer_of

from dlbench.engine import checkpoint as checkpoints
from dlbench.engine.controls import Controls
from dlbench.engine.pausing import Pausing
from dlbench.engine.step_boundary import StepBoundary
from dlbench.engine.trainer import Trainer
from dlbench.plan import Plan
from dlbench.run.control import ask
from dlbench.run.folder import RunFolder, create

Asked = tuple[str, dict[str, Any]]


def asked(action: str, **fields: Any) -> Asked:
    """One control."""
    return action, fields


class Attended:
    """A worker's controls around the trainers of its stacks, without the process.

    `before` has what is asked before a step; `waiting` what is asked one after the other whenever the training waits, and
    when nothing is left, to resume.
    """

    def __init__(self, base: Path, plan: Plan, *, attended: bool = True, stacks: Iterable[int] = (0,)) -> None:
        self.plan = plan
        self.folder: RunFolder = create(base, "case", datetime.now().astimezone())
        self.folder.events_file(0, 0).touch()
        self.events = Events()
        self.controls = Controls(self.folder, plan, 0, list(stacks))
        pausing = Pausing(plan.breakpoints, attended=attended)
        self.boundary = StepBoundary(self.controls, pausing, self.events, self._save)
        self.waited: list[int] = []
        self.on_wait: Callable[[Trainer], None] = lambda _: None

    def train(
        self, before: dict[int, list[Asked]] | None = None, waiting: Iterable[Asked] = (), *, stack: int = 0
    ) -> tuple[Trainer, bool]:
        """Train a stack from its checkpoint, if there is one, and say whether it came to its end."""
        trainer = self._trainer(stack)
        script, answers = dict(before or {}), iter(waiting)

        def pause(now: Trainer) -> bool:
            for action, fields in script.pop(now.step, ()):
                ask(self.folder, action, **fields)
            self._look(now)
            while self.boundary.is_waiting(now):
                self.waited.append(now.step)
                self.on_wait(now)
                action, fields = next(answers, ("resume", {}))
                ask(self.folder, action, **fields)
                self._look(now)
            now._pace.chunk = 1 if script else now._pace.chunk
            return self.controls.stops(now.index)

        finished = trainer.train(pause)
        self.controls.ended(stack)
        return trainer, finished

    def _trainer(self, stack: int) -> Trainer:
        trainer, _ = trainer_of(self.plan, stack, write=self.events)
        trainer.pausing = self.boundary.pausing
        trainer.restore(self.folder.checkpoint_file(stack))
        return trainer

    def _look(self, trainer: Trainer) -> None:
        self.boundary.obey(trainer)
        self.boundary.proceed(trainer)

    def _save(self, trainer: Trainer) -> None:
        checkpoints.save(trainer.checkpoint(), self.folder.checkpoint_file(trainer.index))

    @property
    def errors(self) -> list[str | None]:
        """The errors of all answers, in their order."""
        return [event["error"] for event in self.events.of("control")]
