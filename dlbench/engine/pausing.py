"""Pausing: whether a training waits between two steps, how far it may go from there, and what makes it wait."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from dlbench.engine.commands import Command, Reply
from dlbench.plan.breakpoints import Breakpoint, parse


class Pausing:
    """Knows when to wait; the trainer asks it before every chunk of steps, and each stack of a session hands it to the next.

    Paused by a command or by a breakpoint, it goes on when told to, for good or for some steps: advances that are asked for
    together follow each other, and what is asked in between gives up those left. `conditions` are the breakpoints and whether
    they pause: those of the recipe only where the session is `attended`, since nobody would let it go on elsewhere.
    """

    def __init__(self, breakpoints: Iterable[str] = (), *, attended: bool = False) -> None:
        self.conditions: dict[Breakpoint, bool] = {parse(text): attended for text in breakpoints}
        self.is_on = False
        self.until: int | None = None
        """The step before which a chunk ends and the trainer asks again: where an advance is over."""
        self.probes_every_step = False
        """Whether every step until then is probed: a single one that someone asked to see."""
        self.is_hit = False
        """Whether a breakpoint that pauses has come true in this very step."""
        self._advances: deque[Command] = deque()

    def begin_stack(self) -> list[Reply]:
        """A stack begins, paused if the one before it was; advances are not carried over."""
        self.until, self.probes_every_step = None, False
        return self._give_up()

    def apply(self, command: Command) -> list[Reply]:
        """Do a `pause`, `resume`, `advance` or `breakpoint`: the replies in their order. An advance is told when it begins."""
        if command.action == "advance" and self.is_on:
            self._advances.append(command)
            return []
        if command.action == "advance":
            return [Reply(command, error="it is not paused; pause it before advancing by steps")]
        if command.action == "breakpoint":
            return [self._change_conditions(command)]
        return [*self._switch(is_on=command.action == "pause"), Reply(command)]

    def proceed(self, step: int, steps_per_epoch: int) -> list[Reply]:
        """Before a step: pause where a breakpoint has come true; where an advance is over, begin the next that was asked for."""
        replies = self._switch(is_on=True) if self.is_hit else []
        self.is_hit = False
        if self._advances and self._is_still(step):
            command = self._advances.popleft()
            steps = command.fields["steps"]
            self.until = (step // steps_per_epoch + 1) * steps_per_epoch if steps == "epoch" else step + steps
            self.probes_every_step = steps == 1
            replies.append(Reply(command, {"steps": steps}))
        return replies

    def is_waiting(self, step: int) -> bool:
        """Whether it is paused before this step, with nothing left to do."""
        return self._is_still(step) and not self._advances

    def end(self) -> list[Reply]:
        """The session ends: what it will not do any more."""
        return self._give_up()

    def _switch(self, *, is_on: bool) -> list[Reply]:
        self.is_on, self.until, self.probes_every_step = is_on, None, False
        return self._give_up()

    def _is_still(self, step: int) -> bool:
        """Whether it is paused and the last advance, if there was one, is over."""
        return self.is_on and (self.until is None or step >= self.until)

    def _give_up(self) -> list[Reply]:
        given_up = [Reply(command, error="another command came before it could start") for command in self._advances]
        self._advances.clear()
        return given_up

    def _change_conditions(self, command: Command) -> Reply:
        condition, on = command.fields["when"], command.fields["on"]
        if on:
            self.conditions[condition] = True
        elif self.conditions.pop(condition, None) is None:
            watched = ", ".join(map(str, self.conditions)) or "nothing"
            return Reply(command, error=f"'{condition}' is not watched for; watched for is {watched}")
        return Reply(command, {"when": str(condition), "on": on})
