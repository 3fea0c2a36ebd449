"""A line now and then, for pipes, log files and terminals that cannot move their cursor: no escape codes."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TextIO

from dlbench.display.base import Display
from dlbench.display.words import STARTING, doing, has_ended, label, lost, pace, wrong
from dlbench.words.printable import printable

if TYPE_CHECKING:
    from dlbench.state.pretraining import Stand
    from dlbench.state.run_state import RunState
    from dlbench.state.stack_state import StackState

EVERY_SECONDS = 3.0


class Lines(Display):
    """Writes a line for every stack that moved, a few seconds apart, and one when a stack ends."""

    def __init__(self, stream: TextIO, *, every: float = EVERY_SECONDS) -> None:
        self._stream = stream
        self._every = every
        self._next = time.monotonic() + every
        self._told: dict[int, tuple[int, Stand | None, str, bool]] = {}
        self._notes = 0
        self._is_start_told = False

    def update(self, state: RunState, events: Sequence[dict[str, Any]]) -> None:
        """Write what is due."""
        for _, text in state.notes[self._notes :]:
            self._write(f"note: {text}")
        self._notes = len(state.notes)
        now = time.monotonic()
        is_due = now >= self._next
        if is_due and not self._told:
            self._tell_start(state)
        for stack in state.stacks:
            if is_due or has_ended(stack):
                self._tell(state, stack)
        if is_due:
            self._next = now + self._every

    def _tell_start(self, state: RunState) -> None:
        if not self._is_start_told and all(stack.status == "waiting" for stack in state.stacks):
            self._is_start_told = True
            self._write(STARTING)

    def _tell(self, state: RunState, stack: StackState) -> None:
        told = (stack.step, stack.pretrains, stack.status, stack.paused)
        if stack.status == "waiting" or self._told.get(stack.index) == told:
            return
        self._told[stack.index] = told
        place = f"[{stack.index + 1}/{len(state.stacks)}] {label(state.plan, stack.plan)}"
        self._write(", ".join(filter(None, [f"{place}: {doing(stack)}", pace(stack), lost(stack)])))
        if has_ended(stack):
            for sentence in wrong(state, stack):
                self._write(f"finding: {sentence}")

    def _write(self, line: str) -> None:
        self._stream.write(f"{printable(line)}\n")
        self._stream.flush()
