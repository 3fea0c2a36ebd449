"""Controls: what viewers ask of a worker, done between two steps and answered, and whether it is paused meanwhile."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from dlbench.engine.stack_metrics import Sink
from dlbench.engine.trainer import Trainer
from dlbench.errors import UsageError
from dlbench.plan import Plan
from dlbench.plan.breakpoints import Breakpoint, parse
from dlbench.run import workers
from dlbench.run.control import ACTIONS as ACTION_FIELDS
from dlbench.run.control import Control, ControlReader, mistake
from dlbench.run.folder import RunFolder
from dlbench.run.processes import is_there


class Controls:
    """What was asked of one worker, and what came of it.

    A control that concerns a stack is done when that stack is trained, and answered then; one that cannot be done is
    answered with the reason. Nothing that is asked ends a run by an error. `conditions` are the breakpoints that are watched,
    and whether they pause: those of the recipe only where the worker is attended.
    """

    def __init__(
        self,
        folder: RunFolder,
        plan: Plan,
        session: int,
        stacks: Sequence[int],
        write: Sink,
        save: Callable[[Trainer], None],
        *,
        attended: bool,
    ) -> None:
        """`stacks` are the worker's own; `save` keeps what was changed in a training before anything else happens."""
        self._folder, self._plan, self._session, self._stacks = folder, plan, session, list(stacks)
        self._reader = ControlReader(folder.control_file, session)
        self._write, self._save = write, save
        self.conditions: dict[Breakpoint, bool] = {parse(text): attended for text in plan.breakpoints}
        self.stopping = False
        self._place = {
            trial: (index, row) for index, one in enumerate(plan.stacks) for row, trial in enumerate(one.trials)
        }
        self._unwanted: set[int] = set()
        self._over: set[int] = set()
        self._kept: dict[int, list[Control]] = {}
        self._trainer: Trainer | None = None
        self._is_held = False
        self._advances: deque[Control] = deque()

    # --- what a worker asks ---------------------------------------------------------------------------------------

    def obey(self, trainer: Trainer) -> None:
        """Do what is new, and what was kept for the stack that now begins; `trainer` is between two steps."""
        if trainer is not self._trainer:
            self._trainer = trainer
            self._give_up_advances(trainer)
            for part in self._kept.pop(trainer.index, []):
                self._do(part, trainer)
        for control in self._reader.poll():
            if error := mistake(control):
                self._answer(control, trainer, error=error)
            else:
                self._hand_out(control, trainer)

    def proceed(self, trainer: Trainer) -> None:
        """Pause where a breakpoint has come true; where an advance is over, begin the next that was asked for."""
        if trainer.watch.is_hit:
            trainer.watch.is_hit = False
            self._hold(trainer, is_held=True)
        if self._advances and self._is_still(trainer):
            control = self._advances.popleft()
            steps, epoch = control["steps"], trainer.steps_per_epoch
            trainer.hold_at = (trainer.step // epoch + 1) * epoch if steps == "epoch" else trainer.step + steps
            trainer.probe_all = steps == 1
            self._answer(control, trainer, steps=steps)

    def is_waiting(self, trainer: Trainer) -> bool:
        """Whether the worker is paused, with nothing to do but to wait."""
        return self._is_still(trainer) and not (self._advances or trainer.is_idle or self.stops(trainer))

    def stops(self, trainer: Trainer) -> bool:
        """Whether this stack, or everything, is to stop."""
        return self.stopping or trainer.index in self._unwanted

    def ended(self, stack: int) -> None:
        """Take note that a stack has ended; what was asked of it too late is answered at the next."""
        self._over.add(stack)

    def close(self) -> None:
        """Answer what this session will not do any more."""
        for stack, parts in self._kept.items():
            for part in parts:
                error = f"the session ended before stack {stack} began; ask again when it goes on"
                self._write("control", id=part["id"], action=part["action"], stack=stack, step=None, error=error)
        if self._trainer is not None:
            self._give_up_advances(self._trainer)

    # --- which stacks ---------------------------------------------------------------------------------------------

    def _hand_out(self, control: Control, trainer: Trainer) -> None:
        """Do what concerns the present stack, keep what concerns a later one, say why nothing comes of the rest."""
        try:
            parts = self._parts(control, trainer)
        except UsageError as error:
            self._answer(control, trainer, error=str(error))
            return
        for stack, part in parts.items():
            if stack == trainer.index:
                self._do(part, trainer)
            elif stack in self._stacks and stack not in self._over:
                self._kept.setdefault(stack, []).append(part)
            elif stack not in self._of_others():
                self._answer(control, trainer, error=f"stack {stack} has ended; nothing can be asked of it any more")

    def _parts(self, control: Control, trainer: Trainer) -> dict[int, Control]:
        """The control for each stack that it concerns, `trials` as their rows there."""
        if "trials" in ACTION_FIELDS[control["action"]]:
            return self._by_stack(control)
        stack = control.get("stack") if control["action"] == "stop" else None
        if stack is not None and stack >= len(self._plan.stacks):
            raise UsageError(f"there is no stack {stack}; the plan has 0 to {len(self._plan.stacks) - 1}")
        return {trainer.index if stack is None else stack: control}

    def _by_stack(self, control: Control) -> dict[int, Control]:
        if unknown := [trial for trial in control["trials"] if trial not in self._place]:
            raise UsageError(f"there is no trial {unknown[0]}; the plan has 0 to {len(self._plan.trials) - 1}")
        parts: dict[int, Control] = {}
        for stack, row in sorted({self._place[trial] for trial in control["trials"]}):
            parts.setdefault(stack, control | {"trials": []})["trials"].append(row)
        return parts

    def _of_others(self) -> set[int]:
        """The stacks for which another worker of this session answers; one that is gone answers for none."""
        others = [one for one in workers.read(self._folder) if one.session == self._session]
        return {stack for one in others if is_there(one.token, one.token.started) for stack in one.stacks} - set(
            self._stacks
        )

    # --- what is asked --------------------------------------------------------------------------------------------

    def _do(self, control: Control, trainer: Trainer) -> None:
        try:
            _ACTIONS[control["action"]](self, control, trainer)
        except UsageError as refusal:
            self._answer(control, trainer, error=str(refusal))

    def _answer(self, control: Control, trainer: Trainer, *, error: str | None = None, **fields: Any) -> None:
        place = {"stack": trainer.index, "step": trainer.step}
        self._write("control", id=control["id"], action=control["action"], **place, error=error, **fields)

    def _stop(self, control: Control, trainer: Trainer) -> None:
        if control.get("stack") is None:
            self.stopping = True
        else:
            self._unwanted.add(trainer.index)
        self._answer(control, trainer)

    def _pause(self, control: Control, trainer: Trainer) -> None:
        self._hold(trainer, is_held=True)
        self._answer(control, trainer)

    def _resume(self, control: Control, trainer: Trainer) -> None:
        self._hold(trainer, is_held=False)
        self._answer(control, trainer)

    def _advance(self, control: Control, trainer: Trainer) -> None:
        if not self._is_held:
            raise UsageError("it is not paused; pause it before going on by steps")
        self._advances.append(control)

    def _drop(self, control: Control, trainer: Trainer) -> None:
        trainer.drop(control["trials"])
        self._answer(control, trainer, trials=control["trials"])
        self._save(trainer)

    def _rate(self, control: Control, trainer: Trainer) -> None:
        rows, lr = control["trials"], float(control["lr"])
        if gone := [row for row in rows if trainer.dropped[row] or trainer.stopped[row]]:
            trial = self._plan.stacks[trainer.index].trials[gone[0]]
            how = "was dropped" if trainer.dropped[gone[0]] else "has stopped early"
            raise UsageError(f"trial {trial} {how}; it learns no more")
        trainer.change_rates((row, lr) for row in rows)
        self._answer(control, trainer, trials=rows, lr=lr)
        self._save(trainer)

    def _breakpoint(self, control: Control, trainer: Trainer) -> None:
        condition = parse(control["when"], list(dict.fromkeys(trial.variant for trial in self._plan.trials)))
        if control["on"]:
            self.conditions[condition] = True
            trainer.watch.forget(condition)
        elif self.conditions.pop(condition, None) is None:
            watched = ", ".join(map(str, self.conditions)) or "nothing"
            raise UsageError(f"'{condition}' is not watched for; watched for is {watched}")
        self._answer(control, trainer, when=str(condition), on=control["on"])

    # --- pausing --------------------------------------------------------------------------------------------------

    def _hold(self, trainer: Trainer, *, is_held: bool) -> None:
        self._is_held, trainer.hold_at, trainer.probe_all = is_held, None, False
        self._give_up_advances(trainer)

    def _is_still(self, trainer: Trainer) -> bool:
        """Whether it is paused and the last advance, if there was one, is over."""
        return self._is_held and (trainer.hold_at is None or trainer.step >= trainer.hold_at)

    def _give_up_advances(self, trainer: Trainer) -> None:
        while self._advances:
            self._answer(self._advances.popleft(), trainer, error="something else came before it could begin")


_ACTIONS: dict[str, Callable[[Controls, Control, Trainer], None]] = {
    action: vars(Controls)[f"_{action}"] for action in ACTION_FIELDS
}
"""What each action does to the present stack."""
