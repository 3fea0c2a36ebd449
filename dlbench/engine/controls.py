"""Controls: what viewers ask of a worker, read and handed out as commands to the stacks that they concern."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from dlbench.engine.commands import Command
from dlbench.errors import UsageError
from dlbench.plan import Plan
from dlbench.plan.breakpoints import parse
from dlbench.run import workers
from dlbench.run.control import ACTIONS, Control, ControlReader, mistake
from dlbench.run.folder import RunFolder
from dlbench.run.processes import is_there
from dlbench.run.workers import LOCAL


class Controls:
    """What was asked of one worker. It reads and keeps; what comes of a command is its trainer's matter.

    A control that concerns a stack becomes a command when that stack is trained; one that cannot be done is a command with the
    reason, to be answered. Stopping alone is known here: which stacks nobody wants any more.
    """

    def __init__(self, folder: RunFolder, plan: Plan, session: int, stacks: Sequence[int]) -> None:
        """`stacks` are the worker's own."""
        self._folder, self._plan, self._session, self._stacks = folder, plan, session, list(stacks)
        self._reader = ControlReader(folder.control_file, session)
        self.stopping = False
        """Whether everything is to stop."""
        self._place = {
            trial: (index, row) for index, one in enumerate(plan.stacks) for row, trial in enumerate(one.trials)
        }
        self._unwanted: set[int] = set()
        self._over: set[int] = set()
        self._kept: dict[int, list[Command]] = {}

    def due(self, stack: int) -> list[Command]:
        """What was kept for the stack that is trained now, and what is new and concerns it, or nobody."""
        commands = self._kept.pop(stack, [])
        for control in self._reader.poll():
            commands += self._handed_out(control, stack)
        for command in commands:
            if command.action == "stop" and command.error is None:
                self._note_stop(command, stack)
        return commands

    def stops(self, stack: int) -> bool:
        """Whether this stack, or everything, is to stop."""
        return self.stopping or stack in self._unwanted

    def ended(self, stack: int) -> None:
        """Take note that a stack has ended; what was asked of it too late is answered at the next."""
        self._over.add(stack)

    def left(self) -> Iterator[tuple[int, Command]]:
        """What was kept for stacks that did not begin, with the stack."""
        for stack, commands in self._kept.items():
            for command in commands:
                yield stack, command

    def _note_stop(self, command: Command, stack: int) -> None:
        if command.fields.get("stack") is None:
            self.stopping = True
        else:
            self._unwanted.add(stack)

    # --- which stacks ---------------------------------------------------------------------------------------------

    def _handed_out(self, control: Control, stack: int) -> Iterator[Command]:
        """What concerns the present stack, and why nothing comes of what concerns none; what is for a later one is kept."""
        try:
            parts = self._parts(control, stack)
        except UsageError as error:
            yield self._command(control, error=str(error))
            return
        for concerned, fields in parts.items():
            if concerned == stack:
                yield self._command(control, fields)
            elif concerned in self._stacks and concerned not in self._over:
                self._kept.setdefault(concerned, []).append(self._command(control, fields))
            elif concerned not in self._of_others():
                yield self._command(control, error=f"stack {concerned} has ended and takes no more commands")

    @staticmethod
    def _command(control: Control, fields: dict[str, Any] | None = None, error: str | None = None) -> Command:
        return Command(control["id"], control["action"], fields or {}, error)

    def _parts(self, control: Control, stack: int) -> dict[int, dict[str, Any]]:
        """The control's fields for each stack that it concerns, `trials` as their rows there, `when` as a condition."""
        if error := mistake(control):
            raise UsageError(error)
        fields = {name: control.get(name) for name in ACTIONS[control["action"]]}
        if "trials" in fields:
            return self._by_stack(fields)
        if "when" in fields:
            variants = dict.fromkeys(trial.variant for trial in self._plan.trials)
            fields["when"] = parse(control["when"], list(variants))
        concerned = fields.get("stack") if control["action"] == "stop" else None
        if concerned is not None and concerned >= len(self._plan.stacks):
            raise UsageError(f"there is no stack {concerned}; the plan has 0 to {len(self._plan.stacks) - 1}")
        return {stack if concerned is None else concerned: fields}

    def _by_stack(self, fields: dict[str, Any]) -> dict[int, dict[str, Any]]:
        if unknown := [trial for trial in fields["trials"] if trial not in self._place]:
            raise UsageError(f"there is no trial {unknown[0]}; the plan has 0 to {len(self._plan.trials) - 1}")
        parts: dict[int, dict[str, Any]] = {}
        for stack, row in sorted({self._place[trial] for trial in fields["trials"]}):
            parts.setdefault(stack, fields | {"trials": []})["trials"].append(row)
        return parts

    def _of_others(self) -> set[int]:
        """The stacks for which another worker answers, of this session or launched with it, that is not known to be gone."""
        every = workers.read(self._folder)
        mine = {one.token.started for one in every if one.session == self._session and one.token.launcher != LOCAL}
        others = [one for one in every if one.session == self._session or one.token.started in mine]
        # Those that this worker cannot look for are believed to be there: their launcher sees to it that somebody has their stacks.
        there = [one for one in others if one.token.launcher != LOCAL or is_there(one.token, one.token.started)]
        return {stack for one in there for stack in one.stacks} - set(self._stacks)
